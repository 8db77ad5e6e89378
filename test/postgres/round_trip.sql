--
-- round_trip.sql
--	  What is in a segment is what was written, to the last bit
--
-- Runs in the database that PostgreSQL's own regression tests leave behind,
-- as a superuser; test/check-postgres runs it, test/run counts its lines.
--
-- TABLES	Every table with rows, the catalogs among them, is copied into a
--			system-versioned table with columns of the same types, which makes
--			old versions of all its rows, some with columns changed to NULL.
-- TYPES	Every row of pg_type that the server takes for the type of a column
--			is one in a system-versioned table, with several values and NULL.
--			The server is asked: what it refuses in an ordinary table is what
--			is left out, by name.
--
-- Each history is kept as it was in the heap, compressed, compared row by row
-- with the images of before (record_image_eq, *=), compared column by column,
-- at one moment and by key, decompressed, and compared again; small ones once
-- more at another level of compression.
--
\set ON_ERROR_STOP 1
\set QUIET 1
\pset tuples_only on
\pset format unaligned
SET client_min_messages = warning;
SET synchronous_commit = off;

CREATE EXTENSION temporal;
CREATE SCHEMA round_trip;
SET search_path = round_trip;

CREATE TABLE tried_table (
	relation regclass PRIMARY KEY,
	columns integer NOT NULL,
	rows bigint NOT NULL,
	versions bigint NOT NULL,
	refused text[] NOT NULL		-- columns of types that no column can have
);
CREATE TABLE tried_type (
	type oid PRIMARY KEY,
	name text NOT NULL,
	refused text,				-- by the server, in its words
	versions bigint,			-- in segments; with a value
	vals bigint
);
CREATE TABLE difference (what text NOT NULL, how text NOT NULL, n bigint);

-- Values of a type, as expressions
CREATE TABLE sample (type oid, n integer, expression text NOT NULL, PRIMARY KEY (type, n));
CREATE TABLE literal (name text PRIMARY KEY, texts text[] NOT NULL);
INSERT INTO literal VALUES
	('bool', '{t,f}'), ('int2', '{0,-32768,32767}'), ('int4', '{0,-1,2147483647,-2147483648}'),
	('int8', '{0,-1,9223372036854775807,-9223372036854775808}'), ('float4', '{0,-0,NaN,Infinity,1e-45}'),
	('float8', '{0.1,-0,NaN,-Infinity,5e-324}'), ('numeric', '{0,1.50,1.5000,NaN,-Infinity,1e-300,-123456789012345678901234567890.12}'),
	('money', '{0,-12.34,92233720368547758.07}'), ('text', ARRAY['', 'a', 'ü', repeat('long ', 2000)]), ('varchar', '{abc,""}'), ('bpchar', '{"ab  ",c}'),
	('name', '{nm,""}'), ('char', '{q,""}'), ('bytea', ARRAY['\x', '\x00ff', '\x' || repeat('00a1', 3000)]), ('bit', '{101,1,0}'), ('varbit', '{"",1,0101010101}'),
	('date', '{0044-03-15 BC,infinity,-infinity,2000-01-01}'), ('time', '{24:00,00:00:00.000001}'), ('timetz', '{12:00+02,11:00+01,24:00-15:59}'),
	('timestamp', '{2000-01-01,infinity,4713-01-01 BC}'), ('timestamptz', '{2000-01-01 00:00+00,-infinity,294276-12-31 23:59:59.999999+00}'),
	('interval', '{1 mon,30 days,720:00,1 mon -2 days 3.4 sec}'), ('uuid', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,00000000-0000-0000-0000-000000000000}'),
	('json', ARRAY['{"a" : 1, "a":2}', 'null', '""']), ('jsonb', ARRAY['{"b": [1, null]}', '{}', 'null', '1.500', (SELECT json_agg(g)::text FROM generate_series(1, 2000) g)]),
	('jsonpath', '{$.a[*] ? (@ > 1),$}'), ('xid8', '{18446744073709551615,3}'), ('xid', '{4294967295,3}'), ('cid', '{7,0}'), ('oid', '{4294967295,0}'), ('tid', ARRAY['(4294967294,65535)', '(0,1)']),
	('regclass', '{pg_class,4294967295}'), ('regproc', '{now,-}'), ('regprocedure', '{now(),0}'), ('regoper', '{0,96}'), ('regoperator', ARRAY['+(integer,integer)', '0']),
	('regtype', '{integer,0}'), ('regrole', '{0,10}'), ('regnamespace', '{pg_catalog,0}'), ('regconfig', '{simple,0}'), ('regdictionary', '{simple,0}'), ('regcollation', '{"\"C\"",0}'),
	('pg_lsn', '{FFFFFFFF/FFFFFFFF,0/0}'), ('pg_snapshot', ARRAY['10:20:10,14,15', '1:1:']), ('txid_snapshot', ARRAY['10:20:10,14,15', '1:1:']),
	('inet', '{::1/64,10.0.0.1,1.2.3.4/5}'), ('cidr', '{10/8,::/0}'), ('macaddr', '{08:00:2b:01:02:03}'), ('macaddr8', '{08:00:2b:01:02:03:04:05}'),
	('point', ARRAY['(-0,NaN)', '(1,2)']), ('line', ARRAY['{1,-1,0}']), ('lseg', ARRAY['[(1,1),(2,2)]', '[(-0,0),(0,0)]']), ('box', ARRAY['((1,1),(0,0))', '((1,1),(-0,0))']),
	('path', ARRAY['[(0,0),(1,1)]', '((0,0),(1,1),(2,0))']), ('polygon', ARRAY['((0,0),(1,1),(1,0))', '((0,0))']), ('circle', ARRAY['<(1,1),Infinity>', '<(0,0),0>']),
	('tsvector', '{a:1 b:2A,""}'), ('tsquery', '{a & !b,""}'), ('oidvector', '{1 2 3,""}'), ('int2vector', '{-1 2,""}'), ('xml', '{<a>1</a>,""}'),
	('refcursor', '{cur,""}'), ('aclitem', '{=r/postgres,postgres=a*r/postgres}');
-- Where nothing else is known
CREATE TABLE guess (n serial, text text);
INSERT INTO guess (text) SELECT unnest(ARRAY['0', '1', 'a', '', 't', '(1,2)', '(1,2,3)', '{}', '{1,2}', '12:00', '2000-01-01', 'a@b.c', '11.5', '50', 'abc', '-1', '12345', '{a}', '(,)']);

-- Must a column of the type not be NULL?
CREATE FUNCTION is_not_null(t oid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT NULL::%s', format_type(t, -1));
	RETURN false;
EXCEPTION WHEN not_null_violation OR check_violation THEN
	RETURN true;
END $$;

-- Keeps an expression as one of the type's values if it is one: a look-up as a
-- literal where that has the same image
CREATE FUNCTION sample_add(t oid, expression text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	type text := format_type(t, -1);
	of_type text := format('(%s)::%s', expression, type);
	size integer;
	text text;
	same boolean;
BEGIN
	BEGIN
		EXECUTE format('SELECT pg_column_size(%s)', of_type) INTO size;
	EXCEPTION WHEN others THEN
		RETURN false;
	END;
	IF size IS NULL THEN
		RETURN false;
	END IF;
	IF expression LIKE 'SELECT %' THEN
		BEGIN
			EXECUTE format('SELECT (%s)::text', of_type) INTO text;
			IF length(text) < 300 THEN
				EXECUTE format('SELECT ROW(%s)::record *= ROW(%L::%s)::record', of_type, text, type) INTO same;
				IF same THEN
					of_type := format('%L::%s', text, type);
				END IF;
			END IF;
		EXCEPTION WHEN others THEN
			NULL;
		END;
	END IF;
	INSERT INTO sample SELECT t, count(*), of_type FROM sample WHERE sample.type = t;
	RETURN true;
END $$;

-- Values of a type that is built of others, and so of their values
CREATE FUNCTION sample_compose(t oid, kind text, name text, element oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	part text[];
	one text;
	other text;
BEGIN
	PERFORM sample_make(element);
	part := ARRAY(SELECT expression FROM sample WHERE type = element ORDER BY n LIMIT 4);
	IF kind = 'domain' THEN
		part := ARRAY(SELECT expression FROM sample WHERE type = element ORDER BY n);
		FOREACH one IN ARRAY part LOOP
			PERFORM sample_add(t, one);
		END LOOP;
	ELSIF kind = 'array' THEN
		PERFORM sample_add(t, format('ARRAY[%s]', array_to_string(part, ',')));
		PERFORM sample_add(t, format('ARRAY[NULL, %s, NULL]', part[1]));
		PERFORM sample_add(t, format('ARRAY[ARRAY[%s], ARRAY[%s]]', part[1], part[array_upper(part, 1)]));
		PERFORM sample_add(t, '''{}''');
		PERFORM sample_add(t, '''[-5:-4]={NULL,NULL}''');
	ELSIF kind = 'range' THEN
		FOREACH one IN ARRAY part LOOP
			FOREACH other IN ARRAY part LOOP
				IF one <> other AND (SELECT count(*) < 3 FROM sample WHERE type = t) THEN
					PERFORM sample_add(t, format('%s(%s, %s)', name, one, other));
				END IF;
			END LOOP;
			PERFORM sample_add(t, format('%s(%s, NULL, ''(]'')', name, one));
		END LOOP;
		PERFORM sample_add(t, '''empty''');
		PERFORM sample_add(t, '''(,)''');
	ELSE
		PERFORM sample_add(t, format('%s(%s)', name, array_to_string(part, ',')));
		PERFORM sample_add(t, format('%s(%s)', name, part[1]));
		PERFORM sample_add(t, '''{}''');
	END IF;
END $$;

-- Values of a row: of all its columns the first, then the next; none
CREATE FUNCTION sample_row(t oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	columns oid[] := ARRAY(SELECT atttypid FROM pg_attribute a JOIN pg_type p ON a.attrelid = p.typrelid
		WHERE p.oid = t AND attnum > 0 AND NOT attisdropped ORDER BY attnum);
	type oid;
	fields text;
BEGIN
	FOREACH type IN ARRAY columns LOOP
		PERFORM sample_make(type);
	END LOOP;
	FOR i IN 0..2 LOOP
		SELECT string_agg(coalesce((SELECT expression FROM sample s WHERE s.type = u.type
				ORDER BY s.n = i DESC, s.n LIMIT 1), 'NULL'), ', ' ORDER BY u.place) INTO fields
		FROM unnest(columns) WITH ORDINALITY u (type, place);
		PERFORM sample_add(t, format('ROW(%s)', fields));
	END LOOP;
	SELECT string_agg(CASE WHEN is_not_null(u.type) THEN (SELECT expression FROM sample s WHERE s.type = u.type AND n = 0) ELSE 'NULL' END, ', ' ORDER BY u.place) INTO fields
	FROM unnest(columns) WITH ORDINALITY u (type, place);
	PERFORM sample_add(t, format('ROW(%s)', fields));
END $$;

-- Values of a type that is built of nothing: those that are known, those that
-- tables have, guesses, and at last the bits of another type
CREATE FUNCTION sample_base(t oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	type pg_type;
	text text;
	source record;
	carrier record;
BEGIN
	SELECT * INTO type FROM pg_type WHERE oid = t;
	IF type.typnamespace = 'pg_catalog'::regnamespace THEN
		FOR text IN SELECT unnest(texts) FROM literal WHERE name = type.typname LOOP
			PERFORM sample_add(t, format('%L', text));
		END LOOP;
	END IF;
	FOR source IN SELECT a.attname, x.relation FROM pg_attribute a JOIN tried_table x ON a.attrelid = x.relation
		WHERE a.atttypid = t AND a.attnum > 0 AND NOT a.attisdropped ORDER BY x.relation::oid LIMIT 3 LOOP
		PERFORM sample_add(t, format('SELECT x.%I FROM %s x WHERE x.%1$I IS NOT NULL LIMIT 1', source.attname, source.relation));
	END LOOP;
	FOR text IN SELECT g.text FROM guess g ORDER BY n LOOP
		EXIT WHEN (SELECT count(*) > 1 FROM sample s WHERE s.type = t);
		PERFORM sample_add(t, format('%L', text));
	END LOOP;
	IF NOT EXISTS (SELECT FROM sample s WHERE s.type = t) THEN
		SELECT p.oid, format_type(p.oid, -1) AS name INTO carrier FROM pg_type p JOIN literal l ON p.typname = l.name
		WHERE p.typnamespace = 'pg_catalog'::regnamespace AND p.typelem = 0
			AND (p.typlen, p.typbyval, p.typalign) = (type.typlen, type.typbyval, type.typalign)
		ORDER BY p.typname = 'bytea' DESC, p.oid LIMIT 1;
		IF FOUND THEN
			PERFORM sample_make(carrier.oid);
			EXECUTE format('CREATE CAST (%s AS %s) WITHOUT FUNCTION', carrier.name, format_type(t, -1));
			PERFORM sample_add(t, expression) FROM sample s WHERE s.type = carrier.oid;
		END IF;
	END IF;
END $$;

CREATE TABLE sampled (type oid PRIMARY KEY);
CREATE FUNCTION sample_make(t oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	type pg_type;
	element oid;
	name text;
BEGIN
	INSERT INTO sampled VALUES (t) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	SELECT * INTO type FROM pg_type WHERE oid = t;
	name := format('%s.%I', type.typnamespace::regnamespace, type.typname);
	SELECT oid INTO element FROM pg_type WHERE typarray = t;
	IF FOUND THEN
		PERFORM sample_compose(t, 'array', name, element);
	ELSIF type.typtype = 'd' THEN
		PERFORM sample_compose(t, 'domain', name, type.typbasetype);
		IF NOT EXISTS (SELECT FROM sample s WHERE s.type = t) THEN
			PERFORM sample_base(t);
		END IF;
	ELSIF type.typtype = 'r' THEN
		PERFORM sample_compose(t, 'range', name, (SELECT rngsubtype FROM pg_range WHERE rngtypid = t));
	ELSIF type.typtype = 'm' THEN
		PERFORM sample_compose(t, 'multirange', name, (SELECT rngtypid FROM pg_range WHERE rngmultitypid = t));
	ELSIF type.typtype = 'e' THEN
		PERFORM sample_add(t, format('%L', enumlabel)) FROM pg_enum WHERE enumtypid = t ORDER BY enumsortorder LIMIT 5;
	ELSIF type.typtype = 'c' THEN
		PERFORM sample_row(t);
	ELSE
		PERFORM sample_base(t);
	END IF;
END $$;

-- Does a question find differences?
CREATE FUNCTION compare(what text, how text, question text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE question INTO n;
	IF n <> 0 THEN
		INSERT INTO difference VALUES (what, how, n);
	END IF;
EXCEPTION WHEN others THEN
	INSERT INTO difference VALUES (what, how || ': ' || sqlerrm);
END $$;

-- round_trip.copy, all of whose rows have been deleted: there and back again
CREATE PROCEDURE check_copy(what text, by_column boolean, OUT versions bigint) LANGUAGE plpgsql AS $$
DECLARE
	whole text := 'SELECT count(*) FROM (SELECT * FROM was %1$s) w FULL JOIN (SELECT * FROM copy_history %1$s) h ON w.id = h.id AND w.sys_start = h.sys_start WHERE (w *= h) IS NOT TRUE';
	col name;
BEGIN
	CREATE TABLE was AS SELECT * FROM copy_history;
	GET DIAGNOSTICS versions = ROW_COUNT;
	COMMIT;
	PERFORM compare(what, 'versions not moved', format('SELECT %s - versions FROM temporal.compress_history(''copy'', now())', versions));
	COMMIT;
	PERFORM compare(what, 'compressed', format(whole, ''));
	PERFORM compare(what, 'compressed, at a moment', format(whole,
		(SELECT format('WHERE sys_start <= %L AND sys_end > %1$L', percentile_disc(0.5) WITHIN GROUP (ORDER BY sys_start)) FROM was)));
	PERFORM compare(what, 'compressed, by key', format('SELECT count(*) FROM was w LEFT JOIN LATERAL
		(SELECT * FROM copy_history c WHERE c.id = w.id AND c.sys_start = w.sys_start OFFSET 0) h ON true WHERE w.id %% %s = 0 AND (w *= h) IS NOT TRUE', versions / 100 + 1));
	IF by_column THEN
		FOR col IN SELECT attname FROM pg_attribute WHERE attrelid = 'was'::regclass AND attname ~ '^c[0-9]' LOOP
			PERFORM compare(what, 'compressed, column ' || col, format('SELECT count(*) FROM was w LEFT JOIN copy_history h ON w.id = h.id AND w.sys_start = h.sys_start WHERE (ROW(w.%I)::record *= ROW(h.%1$I)::record) IS NOT TRUE', col));
		END LOOP;
	END IF;
	PERFORM compare(what, 'versions not moved back', format('SELECT %s - versions FROM temporal.decompress_history(''copy'')', versions));
	COMMIT;
	PERFORM compare(what, 'decompressed', format(whole, ''));
	IF by_column THEN
		ALTER TABLE copy SET (temporal.compression_level = 19);
		COMMIT;
		PERFORM compare(what, 'versions not moved again', format('SELECT %s - versions FROM temporal.compress_history(''copy'', now())', versions));
		COMMIT;
		PERFORM compare(what, 'compressed again', format(whole, ''));
	END IF;
END $$;

-- Which types can a column have?
CREATE PROCEDURE offer_types() LANGUAGE plpgsql AS $$
DECLARE
	type record;
	refused text;
BEGIN
	FOR type IN SELECT t.oid, format_type(t.oid, -1) AS name FROM pg_type t
		WHERE typnamespace::regnamespace::text NOT IN ('temporal', 'round_trip') ORDER BY t.oid LOOP
		BEGIN
			EXECUTE format('CREATE TABLE probe (c %s)', type.name);
			RAISE SQLSTATE 'RT000';
		EXCEPTION WHEN SQLSTATE 'RT000' THEN
			refused := NULL;
		WHEN others THEN
			refused := sqlerrm;
		END;
		INSERT INTO tried_type VALUES (type.oid, type.name, refused);
	END LOOP;
END $$;

-- Tables
CREATE PROCEDURE try_table(source regclass) LANGUAGE plpgsql AS $$
DECLARE
	columns record;
	rows bigint;
	versions bigint;
	filled boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s)', source) INTO filled;
	IF NOT filled THEN
		RETURN;
	END IF;
	SELECT count(*) FILTER (WHERE possible) AS n,
		string_agg(format(', c%s %s%s', attnum, format_type(atttypid, atttypmod), CASE WHEN attcollation NOT IN (0, typcollation) THEN ' COLLATE ' || attcollation::regcollation ELSE '' END), '' ORDER BY attnum) FILTER (WHERE possible) AS definitions,
		string_agg(format(', %I', attname), '' ORDER BY attnum) FILTER (WHERE possible) AS names,
		string_agg(format(', ALTER c%s SET STORAGE %s', attnum, CASE attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END), '' ORDER BY attnum) FILTER (WHERE possible AND attstorage <> typstorage) AS storages,
		coalesce(string_agg(format('c%s = CASE WHEN (id + %1$s) %% 3 > 0 THEN c%1$s END', attnum), ', ' ORDER BY attnum) FILTER (WHERE possible AND NOT is_not_null(atttypid)), 'id = id') AS nulls,
		coalesce(array_agg(attname || ' ' || format_type(atttypid, -1)) FILTER (WHERE NOT possible), '{}') AS refused
	INTO columns
	FROM pg_attribute a JOIN pg_type t ON a.atttypid = t.oid JOIN tried_type o ON o.type = t.oid, LATERAL (SELECT o.refused IS NULL) p (possible)
	WHERE attrelid = source AND attnum > 0 AND NOT attisdropped;

	EXECUTE format('CREATE TABLE copy (id bigint PRIMARY KEY%s) WITH (temporal.system_versioning = on)', columns.definitions);
	IF columns.storages IS NOT NULL THEN
		EXECUTE format('ALTER TABLE copy %s', substr(columns.storages, 3));
	END IF;
	EXECUTE format('INSERT INTO copy SELECT row_number() OVER ()%s FROM ONLY %s', columns.names, source);
	GET DIAGNOSTICS rows = ROW_COUNT;
	COMMIT;
	EXECUTE 'UPDATE copy SET ' || columns.nulls;
	COMMIT;
	DELETE FROM copy;
	COMMIT;
	CALL check_copy(source::text, rows < 1000, versions);
	IF versions <> 2 * rows THEN
		INSERT INTO difference VALUES (source, 'versions', versions - 2 * rows);
	END IF;
	INSERT INTO tried_table VALUES (source, columns.n, rows, versions, columns.refused);
	DROP TABLE was;
	DROP TABLE copy CASCADE;
	COMMIT;
END $$;

CREATE PROCEDURE try_tables() LANGUAGE plpgsql AS $$
DECLARE
	source regclass;
BEGIN
	FOR source IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'm')
		AND relnamespace::regnamespace::text NOT IN ('temporal', 'round_trip') ORDER BY oid LOOP
		CALL try_table(source);
	END LOOP;
END $$;

-- Types: the values of a column in turn, and NULL where that can be
CREATE FUNCTION value_of(t oid, number text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(format('CASE (%s) %% %s %s END', number, count(*) + CASE WHEN is_not_null(t) THEN 0 ELSE 1 END,
		string_agg(format('WHEN %s THEN %s', n, expression), ' ' ORDER BY n)), 'NULL')
	FROM sample WHERE type = t HAVING count(*) > 0
	UNION ALL SELECT 'NULL' WHERE NOT EXISTS (SELECT FROM sample WHERE type = t)
$$;

CREATE PROCEDURE try_types(types oid[]) LANGUAGE plpgsql AS $$
DECLARE
	what text := format('types %s to %s', format_type(types[1], -1), format_type(types[cardinality(types)], -1));
	moved bigint;
	valued bigint;
BEGIN
	EXECUTE (SELECT format('CREATE TABLE copy (id bigint PRIMARY KEY, %s) WITH (temporal.system_versioning = on)', string_agg(format('c%s %s', i, format_type(t, -1)), ', ' ORDER BY i))
		FROM unnest(types) WITH ORDINALITY u (t, i));
	EXECUTE (SELECT format('INSERT INTO copy SELECT g, %s FROM generate_series(1, 60) g', string_agg(value_of(t, 'g'), ', ' ORDER BY i)) FROM unnest(types) WITH ORDINALITY u (t, i));
	COMMIT;
	EXECUTE (SELECT format('UPDATE copy SET %s', string_agg(format('c%s = %s', i, value_of(t, 'id + 1')), ', ' ORDER BY i)) FROM unnest(types) WITH ORDINALITY u (t, i));
	COMMIT;
	EXECUTE (SELECT format('UPDATE copy SET %s', string_agg(format('c%s = CASE WHEN (id + %1$s) %% 2 = 0 THEN c%1$s ELSE %s END', i, value_of(t, 'id + 3')), ', ' ORDER BY i)) FROM unnest(types) WITH ORDINALITY u (t, i));
	COMMIT;
	DELETE FROM copy;
	COMMIT;
	CALL check_copy(what, true, moved);
	FOR i IN 1..cardinality(types) LOOP
		EXECUTE format('SELECT count(pg_column_size(c%s)) FROM was', i) INTO valued;
		UPDATE tried_type t SET versions = moved, vals = valued WHERE type = types[i];
	END LOOP;
	DROP TABLE was;
	DROP TABLE copy CASCADE;
	COMMIT;
END $$;

CREATE PROCEDURE try_all_types() LANGUAGE plpgsql AS $$
DECLARE
	types oid[];
BEGIN
	FOR types IN SELECT array_agg(type ORDER BY type) FROM (SELECT type, row_number() OVER (ORDER BY type) - 1 AS i FROM tried_type WHERE refused IS NULL) t GROUP BY i / 32 ORDER BY i / 32 LOOP
		PERFORM sample_make(type) FROM unnest(types) type;
		COMMIT;
		CALL try_types(types);
	END LOOP;
END $$;

CALL offer_types();
CALL try_tables();
CALL try_all_types();

-- What came of it
CREATE FUNCTION verdict(good boolean, number integer, claim text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN good THEN 'ok ' ELSE 'not ok ' END || number || ' - ' || claim
$$;
CREATE FUNCTION has_rows(relation oid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	filled boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s)', relation::regclass) INTO filled;
	RETURN filled;
END $$;
CREATE TABLE missed AS
SELECT 'table ' || oid::regclass AS what FROM pg_class
WHERE relkind IN ('r', 'm') AND relnamespace::regnamespace::text NOT IN ('temporal', 'round_trip') AND has_rows(oid) AND oid NOT IN (SELECT relation FROM tried_table)
UNION ALL
SELECT 'type ' || format_type(oid, -1) FROM pg_type LEFT JOIN tried_type ON oid = type
WHERE typnamespace::regnamespace::text NOT IN ('temporal', 'round_trip') AND type IS NULL
UNION ALL
SELECT CASE WHEN refused IS NULL THEN 'no value of ' ELSE refused || ', ' END || name FROM tried_type
WHERE CASE WHEN refused IS NULL THEN coalesce(vals, 0) = 0 ELSE refused !~ ' has pseudo-type | is only a shell$' END;

\echo 1..3
SELECT verdict(count(*) > 0 AND NOT EXISTS (SELECT FROM missed WHERE what LIKE 'table %'), 1,
	format('tables: all %s that have rows: %s rows, %s columns, %s versions', count(*), sum(rows), sum(columns), sum(versions)))
FROM tried_table;
SELECT verdict(count(*) FILTER (WHERE refused IS NULL) > 0 AND NOT EXISTS (SELECT FROM missed WHERE what NOT LIKE 'table %'), 2,
	format('types: %s of the %s that a column can have, with %s values; %s that none can have', count(*) FILTER (WHERE vals > 0),
		count(*) FILTER (WHERE refused IS NULL), sum(vals), count(*) FILTER (WHERE refused IS NOT NULL)))
FROM tried_type;
SELECT verdict(count(*) = 0, 3, format('images: %s differ', count(*))) FROM difference;
SELECT '# missed: ' || what FROM missed LIMIT 100;
SELECT format('# %s: %s %s', what, how, n) FROM difference LIMIT 100;
SELECT '# left out of tables: ' || string_agg(relation::text || ' ' || array_to_string(refused, ', '), '; ' ORDER BY relation::text) FROM tried_table WHERE refused <> '{}';
SELECT '# left out: ' || string_agg(name, ', ' ORDER BY name) FROM tried_type WHERE refused IS NOT NULL;
SELECT EXISTS (SELECT FROM missed) OR EXISTS (SELECT FROM difference) AS failed \gset
\if :failed
	DO $$ BEGIN RAISE 'what was compressed is not what was written, or not all was tried'; END $$;
\endif
