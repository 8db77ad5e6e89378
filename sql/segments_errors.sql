--
-- Compression: options, what is refused, and who may do what
--
CREATE TABLE ser (id integer PRIMARY KEY, v integer, secret text) WITH SYSTEM VERSIONING;
INSERT INTO ser SELECT g, 0, 's' || g FROM generate_series(1, 20) g;
UPDATE ser SET v = 1;
CREATE TABLE ser_plain (id integer PRIMARY KEY, v integer);
INSERT INTO ser_plain SELECT g, 0 FROM generate_series(1, 20) g;
CREATE VIEW ser_view AS SELECT * FROM ser;

-- Options
ALTER TABLE ser SET (temporal.compression = lzma);
ALTER TABLE ser SET (temporal.compression_level = 0);
ALTER TABLE ser SET (temporal.compression_level = 20);
ALTER TABLE ser SET (temporal.compression_level = '3x');
ALTER TABLE ser SET (temporal.compress_after = '-1 day');
ALTER TABLE ser SET (temporal.compress_after = 'soon');
ALTER TABLE ser SET (temporal.compress_before = '1 day');
ALTER TABLE ser SET (temporal.compression);
ALTER TABLE ser_plain SET (temporal.compression = zstd);
ALTER TABLE ser SET (temporal.compression = none, temporal.compression_level = 19, temporal.compress_after = '1 month');
SELECT compression, compression_level, compress_after FROM temporal.tables WHERE relation = 'ser'::regclass;
ALTER TABLE ser RESET (temporal.compression_level, temporal.compress_after);
SELECT compression, compression_level, compress_after FROM temporal.tables WHERE relation = 'ser'::regclass;
SELECT temporal.compress_history('ser', now());
ALTER TABLE ser RESET (temporal.compression);

-- Relations
SELECT temporal.compress_history('ser_plain');
SELECT temporal.compress_history('ser_view');
SELECT temporal.compress_history('ser_history');
SELECT temporal.compress_history('nowhere');
SELECT temporal.compress_history(NULL);
\set VERBOSITY sqlstate
SELECT temporal.compress_history(0::regclass);
SELECT temporal.compress_history(4000000000::oid::regclass);
SELECT temporal.decompress_history(4000000000::oid::regclass);
\set VERBOSITY default
SELECT temporal.decompress_history(NULL) IS NULL AS nothing;
SELECT temporal.decompress_history('ser_plain');
-- nothing to do
SELECT * FROM temporal.compress_history('ser');
SELECT * FROM temporal.compress_history('ser', '-infinity');
SELECT * FROM temporal.decompress_history('ser');
SELECT versions, segments > 0 AS segments, bytes_before > 0 AS before, bytes_after > 0 AS after FROM temporal.compress_history('ser', 'infinity');
SELECT count(*) FROM ser_history;

-- Transactions that may not
BEGIN TRANSACTION READ ONLY;
SELECT temporal.compress_history('ser', now());
ROLLBACK;
BEGIN TRANSACTION READ ONLY;
SELECT versions, segments FROM temporal.decompress_history('ser');
ROLLBACK;
SET temporal.as_of = '2001-01-01';
SELECT temporal.compress_history('ser', now());
SELECT versions, segments FROM temporal.decompress_history('ser');
RESET temporal.as_of;

-- Rolled back, it never was
UPDATE ser SET v = 2;
BEGIN;
SELECT versions FROM temporal.compress_history('ser', now());
SAVEPOINT s;
SELECT versions FROM temporal.decompress_history('ser');
SELECT count(*) FROM ser_history;
ROLLBACK TO s;
SELECT count(*) FROM ser_history;
ROLLBACK;
SELECT count(*) FROM ser_history;
SELECT compressed_versions, segments > 0 AS segments, runs > 0 AS runs FROM temporal.compression WHERE relation = 'ser'::regclass;
BEGIN;
SELECT versions FROM temporal.decompress_history('ser');
SELECT versions FROM temporal.compress_history('ser', now());
SELECT versions FROM temporal.decompress_history('ser');
UPDATE ser SET v = 3;
SELECT versions FROM temporal.compress_history('ser', now());
SELECT count(*) FROM ser_history;
COMMIT;
SELECT count(*) FROM ser_history;
SELECT versions FROM temporal.compress_history('ser', now());
SELECT compressed_versions, segments > 0 AS segments, runs > 0 AS runs FROM temporal.compression WHERE relation = 'ser'::regclass;
DO $$
BEGIN
	BEGIN
		PERFORM temporal.decompress_history('ser');
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		NULL;
	END;
	RAISE NOTICE '%', (SELECT count(*) FROM ser_history);
END $$;

-- What only a heap can do
SELECT * FROM ser_history FOR UPDATE;
SELECT * FROM (SELECT * FROM ser_history) h FOR SHARE;
SELECT * FROM ser_history TABLESAMPLE system (10);
SELECT xmin FROM ser_history;
SELECT h.cmax, * FROM ser_history h;
SELECT count(ctid), count(DISTINCT tableoid::regclass) FROM ser_history;
UPDATE ser_plain SET v = h.v FROM ser_history h WHERE h.id = ser_plain.id;
DELETE FROM ser_plain USING ser_history h WHERE h.id = ser_plain.id AND h.v = 7;
MERGE INTO ser_plain p USING ser_history h ON h.id = p.id AND h.v = 1 WHEN MATCHED THEN UPDATE SET v = 7;
-- ... as the hint says, it works; and with a clause, always
UPDATE ser_plain SET v = h.v FROM (SELECT * FROM ser_history OFFSET 0) h WHERE h.id = ser_plain.id AND h.v = 1;
DELETE FROM ser_plain USING ser FOR SYSTEM_TIME ALL h WHERE h.id = ser_plain.id AND h.v = 7;
MERGE INTO ser_plain p USING (SELECT id, max(v) AS v FROM ser FOR SYSTEM_TIME ALL GROUP BY id) h ON h.id = p.id WHEN MATCHED AND p.id < 5 THEN UPDATE SET v = h.v;
SELECT v, count(*) FROM ser_plain GROUP BY v ORDER BY v;
INSERT INTO ser_history VALUES (1, 1, 'x', now(), now());
UPDATE ser_history SET v = 1;
DELETE FROM ser_history;
TRUNCATE ser_history;
COPY ser_history FROM STDIN;
\.
-- what a superuser may import does not change what is compressed
SET ROLE NONE;
SET temporal.allow_period_writes = on;
BEGIN;
INSERT INTO ser_history VALUES (100, 1, 'x', '2001-01-01', '2001-01-02');
SELECT count(*) FROM ser_history;
SELECT versions FROM temporal.compress_history('ser', '2001-01-02');
SELECT count(*) FROM ser FOR SYSTEM_TIME AS OF '2001-01-01 12:00';
ROLLBACK;
UPDATE ser_history SET v = 1;
DELETE FROM ser_history WHERE false;
TRUNCATE ser_history;
RESET temporal.allow_period_writes;
RESET ROLE;
CREATE TABLE ser_child () INHERITS (ser_history);
COPY (SELECT id, v FROM ser_history WHERE id = 1 AND v = 0) TO STDOUT;

-- Cursors go back, and statements that are prepared see what comes
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT v, id FROM ser_history WHERE id IN (3, 4) ORDER BY id, v;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH LAST FROM c;
COMMIT;
BEGIN;
DECLARE d SCROLL CURSOR WITH HOLD FOR SELECT v FROM ser_history WHERE id = 3 ORDER BY v;
FETCH ALL FROM d;
COMMIT;
SELECT versions FROM temporal.decompress_history('ser');
FETCH BACKWARD ALL FROM d;
CLOSE d;
SET plan_cache_mode = force_generic_plan;
PREPARE one (integer) AS SELECT id, v FROM ser_history WHERE id = $1 ORDER BY v;
EXECUTE one (7);
SELECT versions FROM temporal.compress_history('ser', now());
EXECUTE one (7);
EXECUTE one (NULL);
SELECT versions FROM temporal.decompress_history('ser');
EXECUTE one (7);
SELECT versions FROM temporal.compress_history('ser', now());
-- what is open reads on
BEGIN;
DECLARE e CURSOR FOR SELECT count(*) OVER (), v FROM ser_history WHERE id = 9;
FETCH 1 FROM e;
SELECT versions, segments FROM temporal.decompress_history('ser');
ROLLBACK;
RESET plan_cache_mode;
DEALLOCATE one;

-- The segments' relation is nobody's to touch
SET ROLE NONE;
SELECT segments AS store FROM temporal.segment_store WHERE history = 'ser_history'::regclass \gset
RESET ROLE;
\set VERBOSITY sqlstate
SELECT * FROM :store;
DELETE FROM :store;
DROP TABLE :store;
SET ROLE NONE;
DROP TABLE :store;
DROP TABLE :store CASCADE;
DROP EXTENSION temporal;
DROP EXTENSION temporal CASCADE;
DROP SCHEMA temporal CASCADE;
ALTER EXTENSION temporal DROP TABLE :store;
DROP TABLE :store;
ALTER EXTENSION temporal ADD TABLE :store;
\set VERBOSITY default
SELECT relname ~ '^segment_\d+$' AS name, relacl IS NULL AS no_rights, relpersistence, relrowsecurity FROM pg_class WHERE oid = :'store'::regclass;

-- Others: their rights are those on the history, or the table
CREATE ROLE regress_temporal_other;
GRANT SELECT ON ser_plain TO regress_temporal_other;
GRANT SELECT (id, v) ON ser TO regress_temporal_other;
GRANT SELECT (id, sys_end) ON ser_history TO regress_temporal_other;
SET ROLE regress_temporal_other;
SELECT temporal.compress_history('ser', now());
SELECT versions, segments FROM temporal.decompress_history('ser');
SELECT count(id) FROM ser FOR SYSTEM_TIME ALL;
SELECT count(secret) FROM ser FOR SYSTEM_TIME ALL;
SELECT count(id) FROM ser_history;
SELECT count(secret) FROM ser_history;
SELECT count(*) FROM ser_history WHERE v = 1;
COPY ser_history TO STDOUT;
COPY (SELECT id FROM ser_history WHERE id < 3) TO STDOUT;
SELECT * FROM temporal.segment_run;
SELECT relation, compressed_versions, period_start IS NULL AS when_is_not_said FROM temporal.compression WHERE relation::text = 'ser';
RESET ROLE;
-- row-level security, of table and history, with functions that would tell
ALTER TABLE ser ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON ser TO regress_temporal_other;
CREATE POLICY ser_some ON ser TO regress_temporal_other USING (id < 3);
CREATE FUNCTION ser_tell(i integer) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'told %', i; RETURN true; END $$;
GRANT EXECUTE ON FUNCTION ser_tell TO PUBLIC;
CREATE FUNCTION ser_less(a integer, b integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'compared %', a; RETURN a < b; END $$;
CREATE OPERATOR <<< (PROCEDURE = ser_less, LEFTARG = integer, RIGHTARG = integer);
SET ROLE NONE;
GRANT SELECT ON ser_history TO regress_temporal_other;
SET ROLE regress_temporal_other;
SELECT id, count(*) FROM ser FOR SYSTEM_TIME ALL GROUP BY id ORDER BY id;
SELECT id, v FROM ser FOR SYSTEM_TIME ALL WHERE id <> 2 AND ser_tell(id) AND v <<< 1 ORDER BY 1, 2;
SELECT count(*) FROM ser FOR SYSTEM_TIME ALL WHERE ser_tell(id) AND id > 1;
SELECT count(*) FROM ser FOR SYSTEM_TIME ALL WHERE id <<< 2;
RESET ROLE;
CREATE VIEW ser_barrier WITH (security_barrier) AS SELECT id, v FROM ser_history WHERE id = 5;
SELECT * FROM ser_barrier WHERE ser_tell(v) AND v = 1;

-- What becomes of them
SET ROLE NONE;
DROP OWNED BY regress_temporal_other CASCADE;
DROP ROLE regress_temporal_other;
RESET ROLE;
DROP TABLE ser_history;
DROP VIEW ser_barrier;
TRUNCATE ser;
SELECT count(*) FROM ser FOR SYSTEM_TIME ALL;
ALTER TABLE ser RENAME TO ser_2;
SELECT versions FROM temporal.compress_history('ser_2', now());
SELECT count(*), max(id) FROM ser_2 FOR SYSTEM_TIME ALL WHERE sys_end < 'infinity';
DROP VIEW ser_view;
ALTER TABLE ser_2 DROP SYSTEM VERSIONING;
SELECT count(*), max(id) FROM ser_history;
SET ROLE NONE;
SELECT count(*) FROM temporal.segment_store;
SELECT count(*) FROM temporal.segment_run;
RESET ROLE;
UPDATE ser_history SET v = 5;
DROP TABLE ser_history, ser_2;

CREATE TABLE ser (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO ser VALUES (1, 1);
UPDATE ser SET v = 2;
SELECT versions FROM temporal.compress_history('ser', now());
-- a DO block may commit in its middle
DO $$ BEGIN DROP TABLE ser_history; COMMIT; END $$;
SELECT count(*) FROM ser FOR SYSTEM_TIME ALL;
-- what was dropped in a subtransaction that is gone
DO $$
BEGIN
	BEGIN
		DROP TABLE ser CASCADE;
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		NULL;
	END;
	DROP TABLE ser_plain;
END $$;
SELECT count(*) FROM ser FOR SYSTEM_TIME ALL;
BEGIN;
SAVEPOINT s;
DROP TABLE ser CASCADE;
ROLLBACK TO s;
CREATE TABLE ser_plain ();
DROP TABLE ser_plain;
COMMIT;
SELECT count(*) FROM ser FOR SYSTEM_TIME ALL;
DO $$ BEGIN DROP TABLE ser CASCADE; COMMIT; END $$;
SET ROLE NONE;
SELECT count(*) FROM temporal.segment_store;
RESET ROLE;
SELECT count(*) FROM pg_class WHERE relname ~ '^segment_\d';

-- With a schema
SET ROLE NONE;
CREATE SCHEMA ser_schema;
CREATE TABLE ser_schema.a (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO ser_schema.a VALUES (1);
DELETE FROM ser_schema.a;
SELECT versions FROM temporal.compress_history('ser_schema.a', now());
SET client_min_messages = warning;
DROP SCHEMA ser_schema CASCADE;
SELECT count(*) FROM pg_class WHERE relname ~ '^segment_\d';
-- An unlogged one has unlogged segments
CREATE UNLOGGED TABLE ser_un (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO ser_un VALUES (1);
DELETE FROM ser_un;
SELECT versions FROM temporal.compress_history('ser_un', now());
SELECT s.relpersistence, h.relpersistence AS of_history FROM temporal.segment_store x JOIN pg_class s ON s.oid = x.segments JOIN pg_class h ON h.oid = x.history;
DROP TABLE ser_un CASCADE;

-- Segments are history: not even a superuser writes them past the table
CREATE TABLE ser_seg (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO ser_seg SELECT generate_series(1, 10);
DELETE FROM ser_seg;
SELECT versions FROM temporal.compress_history('ser_seg', now());
CREATE FUNCTION ser_do(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format(command, (SELECT segments FROM temporal.segment_store WHERE history = 'ser_seg_history'::regclass));
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || regexp_replace(SQLERRM, '\d+', 'N');
END $$;
SELECT command, ser_do(command) FROM unnest(ARRAY['DELETE FROM %s', 'UPDATE %s SET versions = 1', 'TRUNCATE %s', 'INSERT INTO %s (run) VALUES (1)',
	'ALTER TABLE %s DISABLE TRIGGER ALL', 'ALTER TABLE %s DISABLE TRIGGER temporal_protect_history', 'DROP TRIGGER temporal_protect_history ON %s',
	'ALTER TABLE %s DROP COLUMN data', 'ALTER TABLE %s RENAME COLUMN data TO x', 'CREATE RULE r AS ON INSERT TO %s DO INSTEAD NOTHING',
	'CREATE TRIGGER x BEFORE INSERT ON %s EXECUTE FUNCTION suppress_redundant_updates_trigger()', 'DROP TABLE %s']) command;
SET session_replication_role = replica;
SELECT ser_do('DELETE FROM %s');
RESET session_replication_role;
SELECT ser_do('ALTER TABLE %s SET (autovacuum_enabled = off)');
SELECT relation, reason, count(*) FROM temporal.audit_log WHERE relation LIKE '%ser_seg%' AND action = 'refuse' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM ser_seg_history WHERE id > 0;
DROP FUNCTION ser_do;
DROP TABLE ser_seg CASCADE;
DROP FUNCTION ser_tell;
DROP FUNCTION ser_less CASCADE;
