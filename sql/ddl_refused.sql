--
-- What versioning refuses, with its reason, its SQLSTATE and the way out
--

-- Tables that cannot be versioned: temporary, foreign, inherited, typed, ...
CREATE TEMP TABLE no_temp (id integer) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE pg_temp.no_temp (id integer) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TEMP TABLE no_temp (id integer);
ALTER TABLE no_temp ADD SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE no_parent (id integer);
CREATE TABLE no_child () INHERITS (no_parent);
ALTER TABLE no_parent ADD SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE no_child ADD SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE no_child_2 () INHERITS (no_parent) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE ref (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE no_child_3 () INHERITS (ref);
\echo :SQLSTATE
CREATE TABLE no_child_3 (LIKE ref);
ALTER TABLE no_child_3 INHERIT ref;
\echo :SQLSTATE
ALTER TABLE ref INHERIT no_parent;
\echo :SQLSTATE
CREATE TYPE no_type AS (id integer);
CREATE TABLE no_typed OF no_type WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE no_typed OF no_type;
ALTER TABLE no_typed ADD SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE no_root (id integer) PARTITION BY LIST (id);
CREATE TABLE no_partition PARTITION OF no_root DEFAULT WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE no_partition PARTITION OF no_root DEFAULT;
ALTER TABLE no_partition ADD SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE VIEW no_view AS SELECT 1 AS id;
ALTER TABLE no_view ADD SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER VIEW no_view SET (temporal.system_versioning = on);
\echo :SQLSTATE
CREATE MATERIALIZED VIEW no_matview WITH (temporal.system_versioning) AS SELECT 1 AS id;
\echo :SQLSTATE
CREATE SEQUENCE no_sequence;
ALTER TABLE no_sequence ADD SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE INDEX no_index ON no_parent (id) WITH (temporal.system_versioning);
\echo :SQLSTATE
ALTER TABLE ref_history ADD SYSTEM VERSIONING;
\echo :SQLSTATE
SET ROLE NONE;
CREATE FOREIGN DATA WRAPPER regress_temporal_wrapper;
CREATE SERVER regress_temporal_server FOREIGN DATA WRAPPER regress_temporal_wrapper;
CREATE FOREIGN TABLE no_foreign (id integer) SERVER regress_temporal_server;
ALTER TABLE no_foreign ADD SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE FOREIGN TABLE no_foreign_2 (id integer) SERVER regress_temporal_server WITH SYSTEM VERSIONING;
\echo :SQLSTATE
-- nor a foreign partition of a versioned table, whose rows change elsewhere
CREATE TABLE ref_part (id integer) PARTITION BY LIST (id) WITH SYSTEM VERSIONING;
\set VERBOSITY sqlstate
CREATE FOREIGN TABLE no_foreign_part PARTITION OF ref_part FOR VALUES IN (1) SERVER regress_temporal_server;
CREATE FOREIGN TABLE no_foreign_part (id integer, sys_start timestamptz NOT NULL, sys_end timestamptz NOT NULL) SERVER regress_temporal_server;
ALTER TABLE ref_part ATTACH PARTITION no_foreign_part FOR VALUES IN (1);
\set VERBOSITY default
ALTER TABLE pg_class ADD SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE temporal.versioned_table ADD SYSTEM VERSIONING;
\echo :SQLSTATE
SET client_min_messages = warning;
DROP TABLE ref_part CASCADE;
DROP FOREIGN DATA WRAPPER regress_temporal_wrapper CASCADE;
RESET client_min_messages;
RESET ROLE;

-- Periods that are none
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (e, s)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, s)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW START, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END,
	PERIOD FOR SYSTEM_TIME (s, e), PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s integer GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s date GENERATED ALWAYS AS ROW START, e date GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ[] GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ DEFAULT now() GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, s TIMESTAMPTZ NULL GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, sys_start integer) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (sys_end timestamptz) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE bad_period (id integer, "SYS_START" integer) WITH SYSTEM VERSIONING;
DROP TABLE bad_period CASCADE;
CREATE TABLE bad_period (id integer, sys_start integer, e timestamptz, ok timestamptz, g timestamptz GENERATED ALWAYS AS ('2000-01-01') STORED,
	ts timestamp, d timestamptz(3));
ALTER TABLE bad_period ADD SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (id, e);
\echo :SQLSTATE
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (e, nothing);
\echo :SQLSTATE
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (e, e);
\echo :SQLSTATE
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (e, g);
\echo :SQLSTATE
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (e, ts);
\echo :SQLSTATE
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (e, d);
\echo :SQLSTATE
\set VERBOSITY sqlstate
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (ctid, xmin);
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (e, tableoid);
\set VERBOSITY default
INSERT INTO bad_period VALUES (1, 1, '2000-01-01', '2001-01-01');
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (e, ok);
\echo :SQLSTATE
UPDATE bad_period SET ok = 'infinity', e = NULL;
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (e, ok);
\echo :SQLSTATE
UPDATE bad_period SET e = '2100-01-01';
ALTER TABLE bad_period ADD PERIOD FOR SYSTEM_TIME (e, ok);
\echo :SQLSTATE
SELECT count(*) AS registered FROM temporal.tables WHERE table_name = 'bad_period';

-- Twice
ALTER TABLE ref ADD SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE ref ADD PERIOD FOR SYSTEM_TIME (a, b);
\echo :SQLSTATE
ALTER TABLE ref ADD PERIOD FOR SYSTEM_TIME (a, b), ADD PERIOD FOR SYSTEM_TIME (a, b);
\echo :SQLSTATE
CREATE TABLE twice (id integer) WITH SYSTEM VERSIONING WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE twice (id integer) WITH (temporal.system_versioning, temporal.system_versioning = off);
\echo :SQLSTATE
CREATE TABLE plain (id integer);
ALTER TABLE plain DROP SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE plain DROP PERIOD FOR SYSTEM_TIME;
\echo :SQLSTATE
ALTER TABLE ref DROP PERIOD FOR SYSTEM_TIME;
\echo :SQLSTATE

-- Columns of a versioned table, of its period, of its history
ALTER TABLE ref ADD COLUMN w integer;
\echo :SQLSTATE
ALTER TABLE ref DROP COLUMN v;
\echo :SQLSTATE
ALTER TABLE ref RENAME COLUMN v TO w;
\echo :SQLSTATE
-- by the other name that columns have as well
ALTER TYPE ref RENAME ATTRIBUTE v TO w;
\echo :SQLSTATE
ALTER TABLE ref ALTER COLUMN v TYPE bigint;
\echo :SQLSTATE
ALTER TABLE ref ALTER COLUMN v SET DATA TYPE text USING v::text;
\echo :SQLSTATE
ALTER TABLE ref ALTER COLUMN sys_start DROP NOT NULL;
\echo :SQLSTATE
ALTER TABLE ref ALTER COLUMN sys_start SET DEFAULT now();
\echo :SQLSTATE
ALTER TABLE ref ALTER COLUMN sys_end DROP DEFAULT;
\echo :SQLSTATE
ALTER TABLE ref DROP COLUMN sys_start;
\echo :SQLSTATE
ALTER TABLE ref RENAME sys_end TO until;
\echo :SQLSTATE
ALTER TABLE ref ALTER COLUMN sys_end TYPE date;
\echo :SQLSTATE
ALTER TABLE ref ALTER v SET DEFAULT 1, DROP COLUMN sys_end;
\echo :SQLSTATE
-- ... of a period without versioning only the period columns
CREATE TABLE ref_period (id integer PRIMARY KEY, v integer, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START,
	e TIMESTAMPTZ GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e));
ALTER TABLE ref_period DROP COLUMN s;
\echo :SQLSTATE
ALTER TABLE ref_period RENAME s TO since;
\echo :SQLSTATE
ALTER TYPE ref_period RENAME ATTRIBUTE s TO since;
\echo :SQLSTATE
ALTER TABLE ref_period ALTER e TYPE timestamp;
\echo :SQLSTATE
ALTER TABLE ref_period ADD COLUMN w integer, DROP COLUMN v;
ALTER TABLE ref_period RENAME w TO x;
INSERT INTO ref_period VALUES (1, DEFAULT, DEFAULT, 5);
-- ... nor by dropping what they depend on
CREATE TYPE ref_mood AS ENUM ('good', 'bad');
CREATE TABLE ref_moody (id integer PRIMARY KEY, mood ref_mood) WITH SYSTEM VERSIONING;
INSERT INTO ref_moody VALUES (1, 'good');
UPDATE ref_moody SET mood = 'bad';
\set VERBOSITY sqlstate
DROP TYPE ref_mood CASCADE;
\set VERBOSITY default
SELECT mood FROM ref_moody FOR SYSTEM_TIME ALL ORDER BY sys_start;
-- ... nor by taking attributes out of their types
CREATE TYPE ref_inner AS (a integer, b integer);
CREATE TYPE ref_outer AS (i ref_inner[], c integer);
CREATE TABLE ref_composed (id integer PRIMARY KEY, o ref_outer) WITH SYSTEM VERSIONING;
INSERT INTO ref_composed VALUES (1, ROW(ARRAY[ROW(1, 2)::ref_inner], 3));
DELETE FROM ref_composed;
ALTER TYPE ref_inner DROP ATTRIBUTE b;
\echo :SQLSTATE
ALTER TYPE ref_outer DROP ATTRIBUTE c CASCADE;
\echo :SQLSTATE
ALTER TYPE ref_inner ADD ATTRIBUTE d integer;
SELECT o FROM ref_composed FOR SYSTEM_TIME ALL;
DROP TABLE ref_composed CASCADE;
ALTER TYPE ref_inner DROP ATTRIBUTE b;
DROP TYPE ref_inner CASCADE;
DROP TYPE ref_outer;
CREATE TABLE ref_row (a integer, b integer);
CREATE TABLE ref_rows (id integer PRIMARY KEY, r ref_row) WITH SYSTEM VERSIONING;
ALTER TABLE ref_row DROP COLUMN b;
\echo :SQLSTATE
DROP TABLE ref_rows CASCADE;
ALTER TABLE ref_row DROP COLUMN b;
DROP TABLE ref_row;

-- Persistence
ALTER TABLE ref SET UNLOGGED;
\echo :SQLSTATE

-- Triggers
ALTER TABLE ref DISABLE TRIGGER temporal_capture_update;
\echo :SQLSTATE
ALTER TABLE ref ENABLE REPLICA TRIGGER temporal_capture_delete;
\echo :SQLSTATE
ALTER TABLE ref ENABLE ALWAYS TRIGGER temporal_capture_update;
\echo :SQLSTATE
ALTER TABLE ref DISABLE TRIGGER ALL;
\echo :SQLSTATE
ALTER TABLE ref DISABLE TRIGGER USER;
\echo :SQLSTATE
ALTER TABLE ref ENABLE TRIGGER ALL;
DROP TRIGGER temporal_capture_update ON ref;
\echo :SQLSTATE
DROP TRIGGER temporal_capture_update ON ref CASCADE;
\echo :SQLSTATE
ALTER TRIGGER temporal_capture_update ON ref RENAME TO mine;
\echo :SQLSTATE
\set VERBOSITY sqlstate
ALTER TRIGGER temporal_capture_update ON ref DEPENDS ON EXTENSION plpgsql;
\set VERBOSITY default
\set VERBOSITY sqlstate
CREATE OR REPLACE TRIGGER temporal_capture_update AFTER UPDATE ON ref FOR EACH STATEMENT EXECUTE FUNCTION suppress_redundant_updates_trigger();
\set VERBOSITY default
CREATE FUNCTION ref_forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.sys_start := '2000-01-01'; RETURN NEW; END $$;
CREATE TRIGGER zzzz BEFORE INSERT ON ref FOR EACH ROW EXECUTE FUNCTION ref_forge();
\echo :SQLSTATE
CREATE TRIGGER aaaa BEFORE INSERT ON ref FOR EACH ROW EXECUTE FUNCTION ref_forge();
CREATE TRIGGER zzzz BEFORE INSERT ON ref FOR EACH ROW EXECUTE FUNCTION ref_forge();
\echo :SQLSTATE
\set VERBOSITY sqlstate
ALTER TRIGGER aaaa ON ref RENAME TO zzzz;
CREATE TRIGGER twice AFTER UPDATE ON ref REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION temporal.capture_statement();
\set VERBOSITY default
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'ref'::regclass AND tgname ~ '^temporal' ORDER BY 1;
INSERT INTO ref VALUES (1, 1);
UPDATE ref SET v = 2;
SELECT v, sys_start > '2020-01-01' AS true_start FROM ref FOR SYSTEM_TIME ALL ORDER BY sys_start;
DROP TRIGGER aaaa ON ref;

-- What looks like one of ours, and was there before, is replaced: it may never fire
CREATE TABLE ref_lame (id integer PRIMARY KEY, v integer);
CREATE TRIGGER temporal_capture_update AFTER UPDATE ON ref_lame REFERENCING OLD TABLE AS o
	FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION temporal.capture_statement();
CREATE TRIGGER temporal_capture_delete BEFORE DELETE ON ref_lame FOR EACH STATEMENT EXECUTE FUNCTION temporal.capture_statement();
CREATE TRIGGER temporal_capture_truncate AFTER TRUNCATE ON ref_lame FOR EACH STATEMENT EXECUTE FUNCTION temporal.capture_statement();
ALTER TABLE ref_lame ADD SYSTEM VERSIONING;
INSERT INTO ref_lame VALUES (1, 1), (2, 1), (3, 1);
UPDATE ref_lame SET v = 2;
DELETE FROM ref_lame WHERE id = 2;
TRUNCATE ref_lame;
SELECT id, v FROM ref_lame_history ORDER BY id, sys_end;
DROP TABLE ref_lame CASCADE;

-- The history relation
ALTER TABLE ref_history ADD COLUMN x integer;
\echo :SQLSTATE
ALTER TABLE ref_history ALTER v TYPE bigint;
\echo :SQLSTATE
ALTER TABLE ref_history ALTER v SET DEFAULT 1;
\echo :SQLSTATE
ALTER TABLE ref_history RENAME v TO w;
\echo :SQLSTATE
ALTER TYPE ref_history RENAME ATTRIBUTE v TO w;
\echo :SQLSTATE
DROP TRIGGER temporal_protect_history ON ref_history;
\echo :SQLSTATE
DROP TABLE ref_history;
\echo :SQLSTATE
DROP TABLE ref_history CASCADE;
\echo :SQLSTATE
ALTER TABLE ref_history SET UNLOGGED;
\echo :SQLSTATE
-- ... also as a part of other tables
CREATE TABLE ref_cover (LIKE ref_history) PARTITION BY LIST (id);
\set VERBOSITY sqlstate
ALTER TABLE ref_cover ATTACH PARTITION ref_history DEFAULT;
CREATE TABLE ref_sub () INHERITS (ref_history);
CREATE TRIGGER mine BEFORE INSERT ON ref_history FOR EACH ROW EXECUTE FUNCTION ref_forge();
\set VERBOSITY default
DELETE FROM ref_cover;
SELECT count(*) AS versions FROM ref FOR SYSTEM_TIME ALL;
-- ... what does not change its meaning is allowed
ALTER TABLE ref_history SET (fillfactor = 100, autovacuum_enabled = on);
ALTER TABLE ref_history ALTER v SET STATISTICS 1000;
CREATE INDEX ON ref_history (v);
ANALYZE ref_history;
COMMENT ON TABLE ref_history IS 'kept for the auditors';
-- ... and gone with the table only
DROP TABLE ref, ref_history;
SELECT to_regclass('ref') IS NULL AND to_regclass('ref_history') IS NULL AS gone;

-- A versioned table is not a partition of another, versioned or not
CREATE TABLE apart (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE apart_root (id integer NOT NULL, v integer, sys_start timestamptz NOT NULL, sys_end timestamptz NOT NULL) PARTITION BY LIST (id);
CREATE TABLE apart_versioned (id integer NOT NULL, v integer) PARTITION BY LIST (id) WITH SYSTEM VERSIONING;
\set VERBOSITY sqlstate
ALTER TABLE apart_root ATTACH PARTITION apart DEFAULT;
ALTER TABLE apart_versioned ATTACH PARTITION apart DEFAULT;
\set VERBOSITY default

-- Options
CREATE TABLE opts (id integer) WITH (temporal.nothing = 1);
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.skip_unchanged = on);
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.system_versioning = maybe);
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.system_versioning = off);
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.history_index = btree) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.exclude_columns = '{nothing}') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.exclude_columns = '{sys_start}') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.exclude_columns = 'id') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.exclude_columns = '{id,NULL}') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.period_start = a) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH (temporal.period_start = '', temporal.period_end = b) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE opts (id integer) WITH SYSTEM VERSIONING;
ALTER TABLE opts SET (temporal.history_table = 'other');
\echo :SQLSTATE
ALTER TABLE opts SET (temporal.drop_history = on);
\echo :SQLSTATE
ALTER TABLE opts RESET (temporal.system_versioning);
\echo :SQLSTATE
ALTER TABLE opts RESET (temporal.nothing);
\echo :SQLSTATE
ALTER TABLE opts SET (temporal.period = on);
\echo :SQLSTATE
ALTER TABLE opts SET (temporal.skip_unchanged = on, temporal.skip_unchanged = off);
\echo :SQLSTATE
ALTER TABLE opts SET (temporal.exclude_columns = '{id,"no such"}');
\echo :SQLSTATE
ALTER TABLE plain SET (temporal.skip_unchanged = on);
\echo :SQLSTATE
ALTER TABLE plain RESET (temporal.history_index);
\echo :SQLSTATE
SELECT skip_unchanged, exclude_columns, history_index FROM temporal.tables WHERE table_name = 'opts';

-- Dropping a schema that has the history, and not its table
SET ROLE NONE;
CREATE SCHEMA regress_temporal_past;
CREATE TABLE kept (id integer PRIMARY KEY, v integer) WITH (temporal.history_table = 'regress_temporal_past.kept') WITH SYSTEM VERSIONING;
INSERT INTO kept VALUES (1, 1);
UPDATE kept SET v = 2;
DROP SCHEMA regress_temporal_past;
\echo :SQLSTATE
\set VERBOSITY terse
DROP SCHEMA regress_temporal_past CASCADE;
\echo :SQLSTATE
SELECT count(*) AS versions FROM kept FOR SYSTEM_TIME ALL;
DROP TABLE kept CASCADE;
DROP SCHEMA regress_temporal_past;
\set VERBOSITY default
RESET ROLE;
-- While a partition is detached concurrently, rows could be written to it that
-- leave the table without a trace.
CREATE TABLE leaving (id integer, r text, PRIMARY KEY (id, r)) WITH SYSTEM VERSIONING PARTITION BY LIST (r);
CREATE TABLE leaving_a PARTITION OF leaving FOR VALUES IN ('a');
ALTER TABLE leaving DETACH PARTITION leaving_a CONCURRENTLY;
\echo :SQLSTATE
ALTER TABLE leaving DETACH PARTITION leaving_a;
DROP TABLE leaving_a;
DROP TABLE leaving CASCADE;
