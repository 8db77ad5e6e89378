--
-- Archives: what is written comes back, whatever the type, the settings, and
-- what has become of the table
--
SET ROLE NONE;
SELECT setting || '/regress_temporal_archive' AS directory FROM pg_settings WHERE name = 'data_directory' \gset
\set make 'cat; mkdir ' :directory
\set remove 'cat; rm -r ' :directory
COPY (SELECT) TO PROGRAM :'make';
SET temporal.archive_directories = :'directory';
GRANT pg_read_server_files, pg_write_server_files TO regress_temporal_user;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_temporal_user', current_database()) AS granting \gset
:granting;
SET ROLE regress_temporal_user;

CREATE SCHEMA "Odd Schema";
CREATE TYPE "Odd Schema".mood AS ENUM ('sad', 'so-so', 'it''s "fine"');
CREATE DOMAIN "Odd Schema".positive AS integer CHECK (VALUE > 0);
CREATE TYPE "Odd Schema".pair AS (a integer, "b c" text, d timestamptz);
CREATE TYPE "Odd Schema".span AS RANGE (subtype = float8);
CREATE TABLE "Odd Schema"."Odd ""Table""" (
	id integer PRIMARY KEY,
	"Sel ect" text, v varchar(20), c char(5), ch "char", nm name,
	i2 smallint, i8 bigint, n numeric, n2 numeric(12,3), f4 real, f8 float8, bo boolean, mo money,
	ba bytea, da date, ti time, tz timetz, ts timestamp(3), tt timestamptz, iv interval,
	u uuid, js json, jb jsonb, ip inet, ci cidr, ma macaddr, bi bit(4), vb bit varying,
	po point, bx box, pg polygon, tv tsvector, tq tsquery, ir int4range, dm datemultirange,
	mood "Odd Schema".mood, pos "Odd Schema".positive, pair "Odd Schema".pair, span "Odd Schema".span,
	ia integer[], ta text[], ma2 "Odd Schema".mood[], pa "Odd Schema".pair[],
	rc regclass, rp regprocedure, rt regtype, ls pg_lsn, x8 xid8
) WITH SYSTEM VERSIONING;
\set t '"Odd Schema"."Odd ""Table"""'
\set h '"Odd Schema"."Odd ""Table""_history"'

INSERT INTO :t VALUES (1, 'text', 'varchar', 'c', 'x', 'name', 2, 8, 1.50, 2.125, 1.1, 0.1::float8 + 0.2, true, 1234.56,
	'\x00ff5c27', '2020-02-29', '12:34:56.789', '12:34:56.789+05:30', '2020-01-01 12:34:56.789', '2020-07-01 12:34:56.789012+02', '1 year 2 mons -3 days 04:05:06.789',
	'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a":  1}', '{"b": [1, null]}', '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', B'1010', B'10101',
	'(0.1,1e300)', '((0,0),(1,1))', '((0,0),(1,1),(0.3,7))', 'a fat cat:3', 'fat & (rat | !cat)', '[1,5)', '{[2020-01-01,2020-02-01),[2021-01-01,)}',
	'it''s "fine"', 7, ROW(1, 'a "b", (c)', '2020-01-01 00:00:00+00'), '(0.1,]',
	'{1,NULL,3}', '{{"a b","NULL"},{NULL,"\"q\\"}}', '{sad,NULL}', ARRAY[ROW(1, NULL, now())::"Odd Schema".pair, NULL],
	:'t', 'lower(text)', '"Odd Schema".mood[]', '16/B374D848', '123456789012');
-- the other ends of what types can be
INSERT INTO :t (id, "Sel ect", n, f4, f8, da, ts, tt, iv, ba, ti, ia, ir, js, mo)
VALUES (2, '', 'NaN', '-Infinity', 'NaN', 'infinity', '-infinity', 'infinity', '0', '', '24:00', '{}', 'empty', 'null', -0.01),
	   (3, E'tab\t, nl\n, cr\r, \\ "''', '-Infinity', 1.17549435e-38, 1.7976931348623157e308, '4713-01-01 BC', '294276-12-31 23:59:59.999', '4713-01-02 00:00:00+00 BC',
		'-178000000 years', '\x', '00:00', '[0:1]={1,2}', '(,)', '"\u00e9"', 92233720368547758.07);
INSERT INTO :t (id) VALUES (4);
INSERT INTO :t (id, "Sel ect", n2) SELECT i, repeat(md5(i::text), i % 100), i / 7.0 FROM generate_series(5, 5000) i;
UPDATE :t SET "Sel ect" = "Sel ect" || '!' WHERE id % 2 = 1;
DELETE FROM :t WHERE id % 3 > 0;

-- Nothing of the session is in the file, or in how it is read
SET DateStyle = German, MDY;
SET IntervalStyle = sql_standard;
SET TimeZone = 'America/New_York';
SET extra_float_digits = 0;
SET bytea_output = escape;
SET search_path = "Odd Schema";
SELECT file, versions FROM temporal.archive_history(:'t', now() + interval '1 day', :'directory') \gset
SET array_nulls = off;
RESET DateStyle;
SET IntervalStyle = iso_8601;
RESET TimeZone;
SET extra_float_digits = 1;
RESET bytea_output;
RESET search_path;
SELECT count(*) AS history, count(*) = :versions AS archived FROM :h;
SELECT count(*) AS lost FROM (SELECT h::text FROM :h h EXCEPT ALL SELECT a::text FROM temporal.read_archive(:'file', NULL::"Odd Schema"."Odd ""Table""_history") a) x;
SELECT count(*) AS found FROM (SELECT a::text FROM temporal.read_archive(:'file', NULL::"Odd Schema"."Odd ""Table""_history") a EXCEPT ALL SELECT h::text FROM :h h) x;
SHOW array_nulls;
RESET array_nulls;
SHOW IntervalStyle;
RESET IntervalStyle;
RESET extra_float_digits;

-- What it says about itself is a column definition list, too
SELECT database = current_database() AS here, schema_name, table_name, start_column, end_column, versions,
	checksum_ok, damage, recorded, replace(columns, ' json,', ' pg_catalog.json,') AS columns	-- PostgreSQL 17 prints json so
FROM temporal.archive_info(:'file');
SELECT columns FROM temporal.archive_info(:'file') \gset
SELECT count(*), count(mood), max(f8) FROM temporal.read_archive(:'file') AS (:columns);
SET ROLE NONE;
SELECT a.first_start = i.first_start AND a.first_end = i.first_end AND a.last_end = i.last_end AND a.bytes = (pg_stat_file(a.file)).size AS same,
	a.first_start = (SELECT min(sys_start) FROM :h) AND a.first_end = (SELECT min(sys_end) FROM :h)
	AND a.last_end = (SELECT max(sys_end) FROM :h) AS right,
	a.table_name, a.versions = i.versions AS versions, removed
FROM temporal.archives a, temporal.archive_info(a.file) i (d, s, t, c, sc, ec, m, sy, versions, first_start, first_end, last_end)
WHERE a.file = :'file';
SET ROLE regress_temporal_user;

-- The name is one for people
SELECT regexp_replace(replace(:'file', :'directory', ''), '[0-9]+T[0-9]+Z-[0-9]+T[0-9]+Z\.[0-9]+-[0-9a-f]{16}', '<range>.<transaction>-<random>') AS file;

-- By name: some of the columns, in any order, as texts, as other numbers
SELECT * FROM temporal.read_archive(:'file') AS (never date, mood text, id bigint, f8 numeric, nm varchar(4))
WHERE id IN (1, 4) ORDER BY id;
SELECT pos, pair FROM temporal.read_archive(:'file') AS (id smallint, pos integer, pair "Odd Schema".pair) WHERE id = 1;
-- A modifier is applied
SELECT n2 FROM temporal.read_archive(:'file') AS (id integer, n2 numeric(5,1)) WHERE id = 1;

-- As rows of the table, also after it has changed
SELECT id, "Sel ect", c, i2, mood, sys_end > sys_start AS period FROM temporal.read_archive(:'file', NULL::"Odd Schema"."Odd ""Table""") WHERE id = 1;
ALTER TABLE :t DROP SYSTEM VERSIONING;
ALTER TABLE :t ADD COLUMN later text NOT NULL DEFAULT 'new';
ALTER TABLE :t DROP COLUMN c;
ALTER TABLE :t ALTER COLUMN i2 TYPE bigint;
ALTER TABLE :t RENAME COLUMN v TO renamed;
ALTER TYPE "Odd Schema".mood ADD VALUE 'new' BEFORE 'sad';
SELECT id, "Sel ect", renamed, i2, mood, later, pair FROM temporal.read_archive(:'file', NULL::"Odd Schema"."Odd ""Table""") WHERE id = 1;
SELECT count(*) FROM temporal.read_archive(:'file', NULL::"Odd Schema"."Odd ""Table""");
-- without the table
DROP TABLE :t, :h;
SELECT checksum_ok, recorded FROM temporal.archive_info(:'file');
-- what is the name of something that is gone is still a text
SELECT id, "Sel ect", rc FROM temporal.read_archive(:'file') AS (id integer, "Sel ect" text, rc text) WHERE id = 1;

-- Compressed versions are archived as the others
CREATE TABLE arz (id integer PRIMARY KEY, v text, w numeric) WITH SYSTEM VERSIONING;
INSERT INTO arz SELECT i, 'v', i FROM generate_series(1, 3000) i;
UPDATE arz SET w = w + 1;
SELECT max(sys_end) AS t1 FROM arz_history \gset
SELECT versions FROM temporal.compress_history('arz', now());
UPDATE arz SET v = v || w;
SELECT file, versions FROM temporal.archive_history('arz', now(), :'directory') \gset
SELECT :versions AS versions;
SELECT count(*) AS lost FROM (SELECT h::text FROM arz_history h EXCEPT ALL SELECT a::text FROM temporal.read_archive(:'file', NULL::arz) a) x;
-- those that ended by a time
SELECT file, versions FROM temporal.archive_history('arz', :'t1', :'directory') \gset
SELECT :versions AS versions, (SELECT count(*) FROM temporal.read_archive(:'file') AS (v text) WHERE v = 'v') AS read;
-- none is no file
SELECT * FROM temporal.archive_history('arz', '2000-01-01', :'directory');

-- Large values, more than a block in one version
CREATE TABLE arl (id integer PRIMARY KEY, v text, b bytea) WITH SYSTEM VERSIONING;
INSERT INTO arl SELECT i, repeat(md5(i::text), 100000), decode(repeat(md5(i::text), 60000), 'hex') FROM generate_series(1, 4) i;
DELETE FROM arl;
SELECT file, versions FROM temporal.archive_history('arl', now(), :'directory') \gset
SELECT :versions AS versions, count(*) AS found FROM temporal.read_archive(:'file', NULL::arl) a JOIN arl_history h USING (id) WHERE a.v = h.v AND a.b = h.b;

-- Partitioned; a table without a key
CREATE TABLE arp (id integer, v text) WITH SYSTEM VERSIONING PARTITION BY RANGE (id);
CREATE TABLE arp_1 PARTITION OF arp FOR VALUES FROM (0) TO (10);
CREATE TABLE arp_2 PARTITION OF arp FOR VALUES FROM (10) TO (20);
INSERT INTO arp SELECT i, 'v' FROM generate_series(0, 19) i;
UPDATE arp SET v = 'w';
SELECT file, versions FROM temporal.archive_history('arp_1', now(), :'directory') \gset
SELECT :versions AS versions, count(*), min(id), max(id) FROM temporal.read_archive(:'file', NULL::arp);

-- A file lives and dies with its transaction
SET ROLE NONE;
SELECT count(*) AS files FROM pg_ls_dir(:'directory') \gset
BEGIN;
SELECT versions FROM temporal.archive_history('arp', now(), :'directory');
SAVEPOINT s;
SELECT versions FROM temporal.archive_history('arp', now(), :'directory');
ROLLBACK TO s;
SAVEPOINT s;
SELECT versions FROM temporal.archive_history('arz', now(), :'directory');
RELEASE s;
SELECT count(*) - :files AS files FROM pg_ls_dir(:'directory');
ROLLBACK;
SELECT count(*) - :files AS files FROM pg_ls_dir(:'directory');
SELECT count(*) AS rows, count(*) FILTER (WHERE pg_stat_file(file, true) IS NULL) AS missing FROM temporal.archives WHERE table_name = 'arp';
SET ROLE regress_temporal_user;

DROP TABLE arl, arp, arz CASCADE;
SET client_min_messages = warning;
DROP SCHEMA "Odd Schema" CASCADE;
RESET client_min_messages;
SET ROLE NONE;
REVOKE pg_read_server_files, pg_write_server_files FROM regress_temporal_user;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_temporal_user', current_database()) AS revoking \gset
:revoking;
COPY (SELECT) TO PROGRAM :'remove';
RESET ROLE;
