--
-- temporal.tables and temporal.describe
--
CREATE TABLE cat_created (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE cat_altered (id integer PRIMARY KEY, seen timestamptz, "Note" text);
ALTER TABLE cat_altered ADD PERIOD FOR SYSTEM_TIME (since, until);
ALTER TABLE cat_altered SET (temporal.system_versioning = on, temporal.history_table = 'cat_past', temporal.history_index = gist,
	temporal.skip_unchanged = on, temporal.exclude_columns = '{seen,"Note"}');
CREATE TABLE cat_period (id integer PRIMARY KEY, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START,
	e TIMESTAMPTZ GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e));
CREATE TABLE cat_parted (id integer) PARTITION BY LIST (id) WITH SYSTEM VERSIONING;
CREATE TABLE cat_parted_1 PARTITION OF cat_parted DEFAULT;
CREATE TABLE cat_plain (id integer);

SELECT schema_name, table_name, relation, history, system_versioned, start_column, end_column
FROM temporal.tables WHERE table_name ~ '^cat_' ORDER BY table_name;
SELECT table_name, history_start > '2020-01-01' AS starts_then, history_index, skip_unchanged, exclude_columns, owner
FROM temporal.tables WHERE table_name ~ '^cat_' ORDER BY table_name;

SELECT property, CASE WHEN property ~ 'size' THEN regexp_replace(value, '\d+ \w+', 'so much') ELSE value END AS value
FROM temporal.describe('cat_created');
SELECT property, CASE WHEN property ~ 'size' THEN regexp_replace(value, '\d+ \w+', 'so much')
                      WHEN property = 'history starts' THEN (value::timestamptz > '2020-01-01')::text ELSE value END AS value
FROM temporal.describe('cat_altered');
SELECT property, value FROM temporal.describe('cat_period') WHERE property !~ 'size';
SELECT property, value FROM temporal.describe('cat_parted') WHERE property !~ 'size';

SELECT temporal.describe('cat_plain');
\echo :SQLSTATE
SELECT temporal.describe('nothing');
\echo :SQLSTATE

-- A table whose history one may not read can be described
SET ROLE NONE;
CREATE ROLE regress_temporal_nobody;
SET ROLE regress_temporal_nobody;
SELECT value FROM temporal.describe('public.cat_created') WHERE property = 'history';
SELECT count(*) FROM cat_created_history;
\echo :SQLSTATE
SET ROLE NONE;
DROP ROLE regress_temporal_nobody;
RESET ROLE;

-- Every object of the extension says what it is
SELECT count(*) FILTER (WHERE obj_description(p.oid, 'pg_proc') IS NULL) AS functions_without_comment
FROM pg_proc p WHERE pronamespace = 'temporal'::regnamespace;
SELECT c.relname AS without_comment FROM pg_class c
WHERE relnamespace = 'temporal'::regnamespace AND relkind IN ('r', 'v', 'S') AND obj_description(oid, 'pg_class') IS NULL;

-- Names that change are followed, what is dropped is gone
ALTER TABLE cat_created RENAME TO cat_renamed;
SELECT table_name, history FROM temporal.tables WHERE relation = 'cat_renamed'::regclass;
DROP TABLE cat_renamed, cat_created_history;
SELECT count(*) FROM temporal.tables WHERE table_name ~ '^cat_(created|renamed)';

-- The documented tick functions
SELECT temporal.row_end();
SELECT temporal.row_start() > clock_timestamp() - interval '1 minute' AS about_now;
BEGIN;
SELECT temporal.row_start() = temporal.row_start() AS same_in_a_transaction,
       temporal.row_start() = temporal.system_time() AS the_system_time;
ROLLBACK;
SELECT temporal.system_time() IS NULL AS none;
