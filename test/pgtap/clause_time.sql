-- temporal.clause_time(), column_time(), clause_bound(): times that a clause may ask for
SET search_path = public;
SET TIME ZONE 'UTC';
SELECT plan(29);

CREATE TABLE early (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
CREATE TABLE late (id integer PRIMARY KEY);
INSERT INTO late VALUES (1);
ALTER TABLE late ADD SYSTEM VERSIONING;
CREATE TABLE plain (id integer);
SELECT history_start AS start FROM temporal.tables WHERE table_name = 'late' \gset

SELECT is(temporal.clause_time('2020-01-01', 'early'::regclass), '2020-01-01', 'any time, when the history is as old as the table');
SELECT is(temporal.clause_time('-infinity', 'early'::regclass), '-infinity', 'even the first');
SELECT is(temporal.clause_time(:'start', 'late'::regclass), :'start', 'the start of the history itself');
SELECT throws_ok(format('SELECT temporal.clause_time(%L::timestamptz - interval ''1 microsecond'', ''late''::regclass)', :'start'),
	'22023', NULL, 'a microsecond before it');
SELECT throws_like($$SELECT temporal.clause_time('2020-01-01', 'late'::regclass)$$,
	'time 2020-01-01 00:00:00+00 is before the history of table "late", which starts at %', 'the message says both');
SELECT throws_ok($$SELECT temporal.clause_time('-infinity', 'late'::regclass)$$, '22023', NULL, 'the beginning of time');
SELECT throws_ok($$SELECT temporal.clause_time(NULL, 'early'::regclass)$$, '22004', 'time of FOR SYSTEM_TIME must not be null', 'NULL');
SELECT throws_ok($$SELECT temporal.clause_time(NULL, 'late'::regclass)$$, '22004', NULL, 'NULL, of the other table');
SELECT throws_ok($$SELECT temporal.clause_time(now(), 'plain'::regclass)$$, '42809', 'table "plain" is not system-versioned', 'not versioned');
SELECT throws_ok($$SELECT temporal.clause_time(now(), 'late_history'::regclass)$$, '42809', NULL, 'a history');

-- A time from a column: the same, but NULL joins nothing
SELECT is(temporal.column_time(NULL, 'early'::regclass), NULL, 'NULL of a column');
SELECT is(temporal.column_time(NULL, 'late'::regclass), NULL, 'NULL of a column, of the other table');
SELECT is(temporal.column_time('2020-01-01', 'early'::regclass), '2020-01-01', 'a time of a column');
SELECT throws_ok($$SELECT temporal.column_time('2020-01-01', 'late'::regclass)$$, '22023', NULL, 'a time of a column, before the history');
SELECT is(temporal.column_time('infinity', 'early'::regclass), temporal.clause_time('infinity', 'early'::regclass), 'infinity means the same from wherever it comes');

SET temporal.allow_truncated_history = on;
SET client_min_messages = error;
SELECT is(temporal.clause_time('2020-01-01', 'late'::regclass), '-infinity', 'with leave, a time at which nothing was');
SELECT is(count(*), 0::bigint, 'so that there is no row') FROM late FOR SYSTEM_TIME AS OF '2020-01-01';
SELECT is(temporal.clause_time(:'start', 'late'::regclass), :'start', 'with leave, a time that is known is as it is');
SELECT throws_ok($$SELECT temporal.clause_time(NULL, 'late'::regclass)$$, '22004', NULL, 'with leave, NULL is still NULL');
RESET client_min_messages;
RESET temporal.allow_truncated_history;

SELECT is(temporal.clause_bound('2020-01-01'), '2020-01-01', 'a bound is as it is');
SELECT is(temporal.clause_bound('-infinity'), '-infinity', 'at the beginning');
SELECT is(temporal.clause_bound('infinity'), 'infinity', 'and at the end of time');
SELECT throws_ok($$SELECT temporal.clause_bound(NULL)$$, '22004', 'time of FOR SYSTEM_TIME must not be null', 'but not NULL');

-- Does a plan have to read history at all?
INSERT INTO early VALUES (1);
UPDATE early SET id = 2;
SELECT max(sys_end) AS last FROM early_history \gset
SELECT ok(temporal.history_reaches('early_history'::regclass, '2020-01-01'), 'for the past, yes');
SELECT ok(temporal.history_reaches('early_history'::regclass, timestamptz :'last' - interval '1 microsecond'), 'until the last end');
SELECT ok(NOT temporal.history_reaches('early_history'::regclass, :'last'), 'from the last end on, no');
SELECT ok(NOT temporal.history_reaches('early_history'::regclass, 'infinity'), 'never, no');
SELECT ok(temporal.history_reaches('early_history'::regclass, '-infinity'), 'at the beginning of time, to be sure, yes');
DELETE FROM early;
SELECT ok(temporal.history_reaches('early_history'::regclass, :'last'), 'the next change moves it');

SELECT * FROM finish();
