-- temporal.tables and temporal.describe(): what they tell of a table
SET search_path = public;
SELECT plan(31);

CREATE TABLE plain (id integer PRIMARY KEY);
CREATE TABLE versioned (id integer PRIMARY KEY, v integer, seen timestamptz) WITH SYSTEM VERSIONING;
CREATE TABLE period_only (id integer PRIMARY KEY);
ALTER TABLE period_only ADD PERIOD FOR SYSTEM_TIME (f, t);
CREATE TABLE "Odd ""name" (id integer PRIMARY KEY) WITH (temporal.history_table = '"Past ""name"') WITH SYSTEM VERSIONING;

SELECT has_view('temporal', 'tables', 'the view is there');
SELECT columns_are('temporal', 'tables', ARRAY['schema_name', 'table_name', 'relation', 'history', 'system_versioned',
	'start_column', 'end_column', 'history_start', 'history_index', 'skip_unchanged', 'exclude_columns', 'compression',
	'compression_level', 'compress_after', 'owner']);
SELECT bag_eq($$SELECT table_name::text FROM temporal.tables$$,
	$$VALUES ('versioned'), ('period_only'), ('Odd "name')$$, 'it lists tables with a period, and no other');
SELECT results_eq($$SELECT history, system_versioned, start_column, end_column FROM temporal.tables WHERE table_name = 'versioned'$$,
	$$VALUES ('versioned_history'::regclass, true, 'sys_start'::name, 'sys_end'::name)$$, 'a versioned table');
SELECT results_eq($$SELECT history, system_versioned, start_column, end_column FROM temporal.tables WHERE table_name = 'period_only'$$,
	$$VALUES (NULL::regclass, false, 'f'::name, 't'::name)$$, 'a period alone');
SELECT is(history_start, '-infinity', 'made with its history') FROM temporal.tables WHERE table_name = 'versioned';
SELECT ok(history_start BETWEEN now() - interval '1 hour' AND clock_timestamp(), 'made a history later')
FROM temporal.tables WHERE table_name = 'period_only';
SELECT is(owner, current_user, 'owner') FROM temporal.tables WHERE table_name = 'versioned';
SELECT is(exclude_columns, '{}', 'no column is excluded') FROM temporal.tables WHERE table_name = 'versioned';

SELECT function_returns('temporal', 'describe', ARRAY['regclass'], 'setof record');
SELECT volatility_is('temporal', 'describe', ARRAY['regclass'], 'stable');
SELECT is(proconfig, ARRAY['search_path=pg_catalog, pg_temp'], 'its search path is pinned')
FROM pg_proc WHERE oid = 'temporal.describe(regclass)'::regprocedure;

CREATE FUNCTION told(relation regclass, what text) RETURNS text LANGUAGE sql AS
$$ SELECT value FROM temporal.describe(relation) WHERE property = what $$;
SELECT is(told('versioned', 'table'), 'public.versioned', 'table');
SELECT is(told('versioned', 'system versioning'), 'on', 'versioning');
SELECT is(told('versioned', 'period'), 'SYSTEM_TIME (sys_start, sys_end)', 'period');
SELECT is(told('versioned', 'history'), 'public.versioned_history', 'history');
SELECT is(told('versioned', 'history starts'), 'with the table', 'start of the history');
SELECT is(told('versioned', 'history index'), 'key', 'index');
SELECT is(told('versioned', 'unchanged rows'), 'make a version', 'unchanged rows');
SELECT is(told('versioned', 'columns without history'), NULL, 'no word of columns when there is none');
SELECT alike(told('versioned', 'history size'), '% %', 'size');
SELECT is(told('period_only', 'system versioning'), 'off (period only)', 'a period alone');
SELECT is(told('period_only', 'history'), NULL, 'has no history');
SELECT is(told('"Odd ""name"', 'table'), 'public."Odd ""name"', 'odd names are quoted');
SELECT is(told('"Odd ""name"', 'history'), 'public."Past ""name"', 'of histories, too');

ALTER TABLE versioned SET (temporal.history_index = gist, temporal.skip_unchanged = on, temporal.exclude_columns = '{seen}');
SELECT is(told('versioned', 'history index'), 'gist', 'index, changed');
SELECT is(told('versioned', 'unchanged rows'), 'left alone', 'unchanged rows, changed');
SELECT is(told('versioned', 'columns without history'), 'seen', 'excluded columns, changed');

SELECT throws_ok($$SELECT temporal.describe('plain')$$, '42809', 'table "public.plain" is not system-versioned', 'not versioned');
SELECT throws_ok($$SELECT temporal.describe('nothing')$$, '42P01', NULL, 'not there');
DROP TABLE versioned, versioned_history;
SELECT is(count(*), 2::bigint, 'what is dropped is forgotten') FROM temporal.tables;

SELECT * FROM finish();
