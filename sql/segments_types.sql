--
-- A version in a segment is the version that was written, to the last bit of
-- every type
--
CREATE TYPE sty_mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE sty_pair AS (a integer, b text);
CREATE TYPE sty_deep AS (p sty_pair, ps sty_pair[], n numeric);
CREATE TYPE sty_range AS RANGE (subtype = float8);
CREATE DOMAIN sty_positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN sty_pairs AS sty_pair[];
CREATE TABLE sty_checked (relation text PRIMARY KEY, moved bigint);

-- Compresses a history; are its rows what they were?  By text, and by the bits
CREATE FUNCTION sty_check(relation text, OUT versions bigint, OUT missing bigint, OUT added bigint, OUT images bigint) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TEMP TABLE sty_was AS SELECT * FROM %I_history', relation);
	EXECUTE format('SELECT (temporal.compress_history(%L, now())).versions', relation) INTO versions;
	EXECUTE format('SELECT count(*) FROM (SELECT md5(sty_w::text) FROM sty_was sty_w EXCEPT ALL SELECT md5(sty_h::text) FROM %I_history sty_h) x', relation) INTO missing;
	EXECUTE format('SELECT count(*) FROM (SELECT md5(sty_h::text) FROM %I_history sty_h EXCEPT ALL SELECT md5(sty_w::text) FROM sty_was sty_w) x', relation) INTO added;
	EXECUTE format('SELECT count(*) FROM sty_was sty_w WHERE NOT EXISTS (SELECT FROM %I_history sty_h WHERE md5(sty_h::text) = md5(sty_w::text) AND sty_h *= sty_w)', relation) INTO images;
	DROP TABLE sty_was;
END $$;

-- Everything that is built in
CREATE TABLE sty (
	id integer PRIMARY KEY,
	b boolean, i2 smallint, i8 bigint, f4 real, f8 double precision, n numeric, n2 numeric(20, 5), mo money,
	t text, vc varchar(10), c char(5), nm name, ch "char", by bytea, bt bit(3), vb bit varying,
	d date, tm time, tz timetz, ts timestamp, tt timestamptz, iv interval,
	u uuid, j json, jb jsonb, jp jsonpath, x8 xid8, x xid, ci cid, o oid, rc regclass, rp regprocedure, ls pg_lsn, sn pg_snapshot, tid_ tid,
	ip inet, cr cidr, m macaddr, m8 macaddr8, pt point, ln line, sg lseg, bx box, pa path, po polygon, ck circle,
	tsv tsvector, tsq tsquery, ov oidvector, iv2 int2vector, xm xml,
	ia integer[], ta text[][], na numeric[], da date[], mood sty_mood, moods sty_mood[], pair sty_pair, pairs sty_pairs, deep sty_deep, pos sty_positive,
	r int4range, nr numrange, tr tstzrange, fr sty_range, mr int4multirange, fm sty_multirange, col text COLLATE "C", rfc refcursor
) WITH SYSTEM VERSIONING;
INSERT INTO sty VALUES (1,
	true, -1, 9223372036854775807, 'NaN', '-0', 'NaN', 1.50000, '-12.34',
	'ü' || repeat('x', 10), 'abc', 'ab', 'nm', 'q', '\x00ff', B'101', B'1',
	'0044-03-15 BC', '24:00', '12:00+02', 'infinity', '-infinity', '1 mon -2 days 3.4 sec',
	'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a" : 1, "a":2}', '{"b": [1, null]}', '$.a[*] ? (@ > 1)', '18446744073709551615', '4294967295', '7', 4294967295, 'pg_class', 'now()', 'FFFFFFFF/FFFFFFFF', '10:20:10,14,15', '(4294967294,65535)',
	'::1/64', '10/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '(-0,NaN)', '{1,-1,0}', '[(1,1),(2,2)]', '((1,1),(0,0))', '[(0,0),(1,1)]', '((0,0),(1,1),(1,0))', '<(1,1),Infinity>',
	'a:1 b:2A', 'a & !b', '1 2 3', '-1 2', '<a>1</a>',
	'[0:2]={1,NULL,3}', '{{a,b},{c,NULL}}', '{NaN,1e-300,Infinity}', '{}', 'happy', '{sad,NULL}', '(1,"x,y")', ARRAY[ROW(1, 'a'), NULL]::sty_pair[], ROW(ROW(NULL, ''), ARRAY[ROW(2, NULL)]::sty_pair[], 0.0000), 5,
	'[1,5)', '(,1.50]', 'empty', '[-0,NaN)', '{[1,2),[5,7)}', '{}', 'C', 'cur');
INSERT INTO sty (id) VALUES (2);		-- all NULL
INSERT INTO sty (id, f4, f8, n, mo, t, by, vb, iv, tsv, j, jb, ia, ta, pairs, r, mr, tt, ts, d, tz)
VALUES (3, '-Infinity', 'Infinity', '-Infinity', 0, '', '', B'', '0', '', '""', '{}', '{}', '{}', '{}', 'empty', '{}', '-infinity', '-infinity', 'infinity', '00:00-15:59'),
	(4, '1e-45', '5e-324', 'Infinity', '92233720368547758.07', E'\u0001', '\x00', B'0', '-178000000 years', NULL, 'null', 'null', '[-5:-4]={1,2}', '[2:3][-1:0]={{a,b},{c,d}}', ARRAY[NULL]::sty_pair[], '(,)', '{(,)}', '294276-12-31 23:59:59.999999+00', '4713-01-01 BC', '-infinity', '24:00+15:59');
-- NaNs with other bits, numerics of many scales and lengths, intervals that are equal and differ
INSERT INTO sty (id, f8, n, n2, iv, tz, t, b, i2, i8)
SELECT g, CASE g % 4 WHEN 0 THEN -'NaN'::float8 WHEN 1 THEN '-0' WHEN 2 THEN '0' ELSE sqrt(g) END,
	CASE g % 3 WHEN 0 THEN 10::numeric ^ (g % 100) WHEN 1 THEN 1.000::numeric * g ELSE round(1 / g::numeric, g % 50) END, g / 7.0,
	CASE g % 3 WHEN 0 THEN '1 mon'::interval WHEN 1 THEN '30 days' ELSE '720:00' END, CASE g % 2 WHEN 0 THEN '12:00+02'::timetz ELSE '11:00+01' END,
	CASE g % 5 WHEN 0 THEN NULL ELSE repeat(chr(64 + g % 50), g % 130) END, g % 3 = 0, -g, (-1) ^ g * 2 ^ (g % 63)
FROM generate_series(10, 1400) g;
UPDATE sty SET b = NOT b, pos = 7;
UPDATE sty SET i8 = NULL, n = n WHERE id % 2 = 0;
DELETE FROM sty WHERE id % 7 > 0;
SELECT * FROM sty_check('sty');
-- the same column by column, so that each is read alone
DO $$
DECLARE
	col name;
	whole text;
	alone text;
BEGIN
	CREATE TEMP TABLE sty_now ON COMMIT PRESERVE ROWS AS SELECT * FROM sty_history;
	FOR col IN SELECT attname FROM pg_attribute WHERE attrelid = 'sty_history'::regclass AND attnum > 0 LOOP
		EXECUTE format('SELECT md5(string_agg(x, '','' ORDER BY x COLLATE "C")) FROM (SELECT %I::text AS x FROM sty_now) s', col) INTO whole;
		EXECUTE format('SELECT md5(string_agg(x, '','' ORDER BY x COLLATE "C")) FROM (SELECT %I::text AS x FROM sty_history) s', col) INTO alone;
		IF whole IS DISTINCT FROM alone THEN
			RAISE WARNING 'column % differs', col;
		END IF;
	END LOOP;
END $$;
-- to the heap, and again
SELECT versions FROM temporal.decompress_history('sty');
SELECT count(*) AS different FROM sty_now sty_n WHERE NOT EXISTS (SELECT FROM sty_history sty_h WHERE md5(sty_h::text) = md5(sty_n::text) AND sty_h *= sty_n);
SELECT * FROM sty_check('sty');

-- Stored large: PostgreSQL's own compression of both kinds, out of line, all storages; large in one version and not in the next
CREATE TABLE sty_large (id integer PRIMARY KEY, pglz text COMPRESSION pglz, lz4 text, ext text, main text, arr integer[], jb jsonb, pair sty_pair) WITH SYSTEM VERSIONING;
DO $$
BEGIN
	ALTER TABLE sty_large ALTER lz4 SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
	NULL;
END $$;
ALTER TABLE sty_large ALTER ext SET STORAGE EXTERNAL, ALTER main SET STORAGE MAIN;
INSERT INTO sty_large SELECT g, repeat('plain' || g, 1000 * g), repeat('lz4' || g, 1000 * g), (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 100 * g) i),
	repeat('main', 500 * g), ARRAY(SELECT generate_series(1, 1000 * g)), jsonb_build_object('k', repeat(md5(g::text), 300)), ROW(g, repeat(md5(g::text), 200))::sty_pair
FROM generate_series(1, 20) g;
UPDATE sty_large SET pglz = 'short' WHERE id % 2 = 0;
UPDATE sty_large SET pair.a = 0, ext = ext || 'x';
UPDATE sty_large SET id = id + 100;
DELETE FROM sty_large;
SELECT * FROM sty_check('sty_large');
SELECT sum(length(pglz) + length(lz4) + length(ext) + length(main) + cardinality(arr) + length((pair).b) + length(jb ->> 'k')) FROM sty_large_history;
SELECT versions FROM temporal.decompress_history('sty_large');
SELECT sum(length(pglz) + length(lz4) + length(ext) + length(main) + cardinality(arr) + length((pair).b) + length(jb ->> 'k')) FROM sty_large_history;
-- one value larger than a segment is meant to be
CREATE TABLE sty_huge (id integer PRIMARY KEY, t text) WITH SYSTEM VERSIONING;
INSERT INTO sty_huge VALUES (1, 's'), (2, repeat('0123456789', 1000000)), (3, 's');
UPDATE sty_huge SET id = id + 10;
UPDATE sty_huge SET t = t || '!';
SELECT * FROM sty_check('sty_huge');
SELECT count(*), sum(length(t)) FROM sty_huge_history;

-- Keys: of each type that can be one
CREATE COLLATION sty_nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SET client_min_messages = warning;
DO $$
DECLARE
	key record;
	checked record;
	question text;
	was bigint;
	is_now bigint;
BEGIN
	FOR key IN SELECT * FROM (VALUES ('smallint', 'g'), ('bigint', 'g * 10000000000'), ('numeric', 'CASE g WHEN 7 THEN ''NaN'' ELSE g / 3.0 END'),
			('float8', 'CASE g WHEN 1 THEN ''-0'' WHEN 2 THEN ''NaN'' ELSE sqrt(g) END'), ('float4', 'sqrt(g)'), ('text', 'md5(g::text)'), ('text COLLATE "C"', 'md5(g::text)'),
			('text COLLATE sty_nocase', 'md5(g::text)'), ('varchar(40)', 'md5(g::text)'), ('char(40)', 'md5(g::text)'), ('name', 'md5(g::text)'),
			('"char"', 'chr(g)::"char"'), ('bytea', 'int4send(g)'), ('boolean', 'g = 1'), ('date', '''2000-01-01''::date + g'), ('timestamp', '''2000-01-01''::timestamp + g * ''1 h''::interval'),
			('timestamptz', '''2000-01-01''::timestamptz + g * ''1 h''::interval'), ('time', '''00:00''::time + g * ''1 min''::interval'), ('interval', 'g * ''1 h''::interval'), ('uuid', 'md5(g::text)::uuid'),
			('inet', '''10.0.0.0''::inet + g'), ('macaddr', '(''00:00:00:00:00:'' || lpad(to_hex(g), 2, ''0''))::macaddr'), ('oid', 'g::oid'), ('pg_lsn', '''0/0''::pg_lsn + g'), ('money', 'g::money'),
			('bit(8)', 'g::bit(8)'), ('integer[]', 'ARRAY[g % 5, g]'), ('text[]', 'ARRAY[md5(g::text), NULL]'), ('int4range', 'int4range(-(g % 7), g)'), ('sty_pair', 'ROW(g % 7, g::text)::sty_pair'),
			('sty_mood', '(enum_range(NULL::sty_mood))[g]'), ('sty_positive', 'g'), ('jsonb', 'to_jsonb(g)'), ('xid8', 'g::text::xid8'), ('tsvector', 'to_tsvector(''simple'', md5(g::text))'),
			('int4multirange', 'int4multirange(int4range(g, g + 2))')) k (type, value) LOOP
		EXECUTE format('CREATE TABLE sty_key (k %s PRIMARY KEY, v integer) WITH SYSTEM VERSIONING', key.type);
		EXECUTE format('INSERT INTO sty_key SELECT %s, g FROM generate_series(1, %s) g', key.value, CASE key.type WHEN 'boolean' THEN 2 WHEN 'sty_mood' THEN 3 ELSE 127 END);
		COMMIT;
		CREATE TABLE sty_key_was AS SELECT * FROM sty_key;
		DELETE FROM sty_key;
		COMMIT;
		INSERT INTO sty_key SELECT k, v FROM sty_key_was;
		COMMIT;
		FOR i IN 1..10 LOOP
			UPDATE sty_key SET v = v + 1;
			COMMIT;
		END LOOP;
		DROP TABLE sty_key_was;
		CREATE TABLE sty_some AS SELECT k FROM sty_key ORDER BY md5(k::text) LIMIT 3;
		CREATE TEMP TABLE sty_ask AS SELECT * FROM (VALUES ('k = (SELECT k FROM sty_some ORDER BY k LIMIT 1)'), ('k >= (SELECT max(k::text) FROM sty_some)::%s'), ('k < (SELECT min(k::text) FROM sty_some)::%s'),
			('k = ANY (ARRAY(SELECT k FROM sty_some))'), ('k IN (SELECT k FROM sty_some)'), ('k <= (SELECT min(k::text) FROM sty_some)::%1$s AND k >= (SELECT min(k::text) FROM sty_some)::%1$s')) q (condition),
			LATERAL (SELECT 0::bigint AS was) w WHERE condition NOT LIKE '%ANY%' OR key.type NOT LIKE '%[]';
		FOR question IN SELECT condition FROM sty_ask LOOP
			EXECUTE format('SELECT count(*) FROM sty_key_history WHERE ' || question, key.type) INTO was;
			UPDATE sty_ask SET was = was.n FROM (SELECT was AS n) was WHERE condition = question;
		END LOOP;
		SELECT * INTO checked FROM sty_check('sty_key');
		INSERT INTO sty_checked VALUES (key.type, checked.versions);
		IF (checked.missing, checked.added, checked.images) <> (0, 0, 0) THEN
			RAISE WARNING 'key of type %: %', key.type, checked;
		END IF;
		FOR question, was IN SELECT a.condition, a.was FROM sty_ask a LOOP
			EXECUTE format('SELECT count(*) FROM sty_key_history WHERE ' || question, key.type) INTO is_now;
			IF is_now <> was OR was = 0 AND question LIKE 'k = (%' THEN
				RAISE WARNING 'key of type %, %: % instead of %', key.type, question, is_now, was;
			END IF;
		END LOOP;
		DROP TABLE sty_ask, sty_some;
		DROP TABLE sty_key CASCADE;
		COMMIT;
	END LOOP;
END $$;
RESET client_min_messages;
SELECT count(*) AS types, count(*) FILTER (WHERE moved > 1000) AS many FROM sty_checked;

-- Tables: without columns, a key, some columns, bits
CREATE TABLE sty_zero () WITH SYSTEM VERSIONING;
INSERT INTO sty_zero DEFAULT VALUES;
INSERT INTO sty_zero DEFAULT VALUES;
DELETE FROM sty_zero;
SELECT * FROM sty_check('sty_zero');
SELECT count(*) FROM sty_zero FOR SYSTEM_TIME ALL;
CREATE TABLE sty_bag (v integer, w text) WITH SYSTEM VERSIONING;
INSERT INTO sty_bag SELECT g % 3, 'w' FROM generate_series(1, 5000) g;
DELETE FROM sty_bag;
SELECT * FROM sty_check('sty_bag');
SELECT v, w, count(*) FROM sty_bag_history GROUP BY 1, 2 ORDER BY 1;
CREATE TABLE sty_drop (a integer, b text, id integer PRIMARY KEY, c integer, d text);
INSERT INTO sty_drop VALUES (1, 'b', 1, 3, 'd');
ALTER TABLE sty_drop DROP COLUMN a;
ALTER TABLE sty_drop DROP COLUMN c;
ALTER TABLE sty_drop ADD COLUMN e integer DEFAULT 5;
ALTER TABLE sty_drop ADD SYSTEM VERSIONING;
UPDATE sty_drop SET d = 'd2';
DELETE FROM sty_drop;
SELECT * FROM sty_check('sty_drop');
SELECT b, id, d, e FROM sty_drop FOR SYSTEM_TIME ALL ORDER BY sys_start;
CREATE TABLE sty_composite (a text, b sty_pair, c integer, v integer, PRIMARY KEY (c, a, b)) WITH SYSTEM VERSIONING;
INSERT INTO sty_composite SELECT 'a' || g % 7, ROW(g, NULL)::sty_pair, g % 3, 0 FROM generate_series(1, 2000) g;
UPDATE sty_composite SET v = 1;
UPDATE sty_composite SET v = 2, c = -c;
SELECT * FROM sty_check('sty_composite');
SELECT count(*) FROM sty_composite FOR SYSTEM_TIME ALL WHERE c = -2 AND a = 'a3';
-- a row with many columns
DO $$
BEGIN
	EXECUTE (SELECT format('CREATE TABLE sty_wide (id integer PRIMARY KEY, %s) WITH SYSTEM VERSIONING', string_agg(format('c%s integer', g), ', ')) FROM generate_series(1, 1500) g);
END $$;
INSERT INTO sty_wide (id, c1, c1500) SELECT g, g, 1500 FROM generate_series(1, 30) g;
UPDATE sty_wide SET c1500 = 1501;
SELECT * FROM sty_check('sty_wide');
SELECT sum(c1), sum(c750), sum(c1500) FROM sty_wide FOR SYSTEM_TIME ALL;

-- The key has become the key later: of some versions it is null
CREATE TABLE sty_late (id integer PRIMARY KEY, code text) WITH SYSTEM VERSIONING;
INSERT INTO sty_late SELECT g, CASE WHEN g % 5 > 0 THEN 'k' || g END FROM generate_series(1, 3000) g;
UPDATE sty_late SET code = 'n' || id;
ALTER TABLE sty_late DROP CONSTRAINT sty_late_pkey;
ALTER TABLE sty_late ADD PRIMARY KEY (code);
SELECT * FROM sty_check('sty_late');
SELECT count(*), count(code), count(*) FILTER (WHERE code IS NULL) FROM sty_late_history;
SELECT count(*) FROM sty_late_history WHERE code = 'k7';
SELECT count(*) FROM sty_late_history WHERE code IS NULL AND id = 5;
SELECT count(*) FROM sty_late_history WHERE code > 'k9' AND code <= 'k92';
DELETE FROM sty_late;
SELECT * FROM sty_check('sty_late');
-- ... and another one
ALTER TABLE sty_late DROP CONSTRAINT sty_late_pkey;
ALTER TABLE sty_late ADD PRIMARY KEY (id);
INSERT INTO sty_late VALUES (1, 'x');
DELETE FROM sty_late;
SELECT versions FROM temporal.compress_history('sty_late', now());
SELECT count(*) FROM sty_late FOR SYSTEM_TIME ALL WHERE id = 1;
SELECT versions FROM temporal.decompress_history('sty_late');
SELECT * FROM sty_check('sty_late');

-- The key is a time of the period, and is compared with one of another type
CREATE TABLE sty_time (id integer, v integer) WITH SYSTEM VERSIONING;
ALTER TABLE sty_time ADD PRIMARY KEY (sys_start, id);
INSERT INTO sty_time SELECT g, 0 FROM generate_series(1, 2000) g;
UPDATE sty_time SET v = 1;
UPDATE sty_time SET v = 2;
SELECT * FROM sty_check('sty_time');
SELECT count(*) FROM sty_time_history WHERE sys_start < date '2100-01-01';
SELECT count(*) FROM sty_time_history WHERE sys_start > date '2001-01-01' AND sys_end > date '2001-01-01';
SELECT count(*) FROM sty_time_history WHERE sys_start <= localtimestamp AND sys_start > timestamp '2001-01-01';
SELECT count(*) FROM sty_time_history WHERE sys_start = (SELECT min(sys_start) FROM sty_time_history);

SET client_min_messages = warning;
DROP TABLE sty_time CASCADE;
DROP TABLE sty_now;
DROP TABLE sty, sty_large, sty_huge, sty_zero, sty_bag, sty_drop, sty_composite, sty_wide, sty_late CASCADE;
DROP TABLE sty_checked;
