--
-- temporal.diff and temporal.diff_stat: two times of a table compared
--
CREATE TABLE rvd (id integer PRIMARY KEY, name text, amount numeric, at point) WITH SYSTEM VERSIONING;
CREATE FUNCTION rvd_diff(t1 timestamptz, t2 timestamptz) RETURNS SETOF text LANGUAGE sql STABLE
AS $$ SELECT format('%s %s %s', operation, key ->> 'id', changed_columns) FROM temporal.diff('rvd', t1, t2) ORDER BY (key ->> 'id')::integer $$;
SELECT clock_timestamp() AS t0 \gset
INSERT INTO rvd VALUES (1, 'one', 1, '(1,1)'), (2, 'two', 2, NULL), (3, 'three', 3, '(3,3)'), (4, 'four', 4, NULL);
SELECT clock_timestamp() AS t1 \gset
UPDATE rvd SET amount = 1.5 WHERE id = 1;
UPDATE rvd SET at = '(2,2)', name = NULL WHERE id = 2;
UPDATE rvd SET amount = 30 WHERE id = 3;
SELECT clock_timestamp() AS t2 \gset
UPDATE rvd SET amount = 3 WHERE id = 3;
DELETE FROM rvd WHERE id = 4;
INSERT INTO rvd VALUES (5, 'five', 5, NULL);
SELECT clock_timestamp() AS t3 \gset

-- One row a key, however many versions lie between; what is as it was is not told
SELECT * FROM temporal.diff('rvd', :'t1', :'t3') ORDER BY key;
SELECT * FROM rvd_diff(:'t1', :'t2');
SELECT * FROM rvd_diff(:'t2', :'t3');
SELECT * FROM rvd_diff(:'t0', :'t3');
-- backwards
SELECT * FROM rvd_diff(:'t3', :'t1');
SELECT * FROM rvd_diff(:'t3', :'t0');
SELECT * FROM rvd_diff(:'t1', :'t1');
SELECT * FROM rvd_diff(:'t3', 'infinity');
SELECT * FROM rvd_diff(:'t3', now());
SELECT * FROM rvd_diff(now(), :'t3');

SELECT * FROM temporal.diff_stat('rvd', :'t1', :'t3');
SELECT * FROM temporal.diff_stat('rvd', :'t3', :'t0');
SELECT * FROM temporal.diff_stat('rvd', :'t1', :'t1');
SELECT inserted, (columns ->> 'amount')::integer AS amounts FROM temporal.diff_stat('rvd', :'t1', now());

-- A time that is the start of a version means that it had been committed
SELECT sys_start AS s FROM rvd WHERE id = 3 \gset
SELECT * FROM rvd_diff(:'t1', :'s');
SELECT * FROM rvd_diff(:'s', :'t1');
SELECT * FROM rvd_diff(timestamptz :'s' - interval '1 microsecond', :'s');

-- By the stored period
SET temporal.as_of_mode = period;
SELECT * FROM rvd_diff(:'t1', :'t3');
SELECT * FROM temporal.diff_stat('rvd', :'t3', :'t1');
SELECT * FROM rvd_diff(timestamptz :'s' - interval '1 microsecond', :'s');
RESET temporal.as_of_mode;

-- The same, whichever way it runs
SELECT count(*) FROM (SELECT temporal.diff('rvd', :'t1', :'t3')) s;
SELECT operation, key FROM temporal.diff('rvd', :'t1', :'t3') WITH ORDINALITY ORDER BY key;
SELECT n, d.operation, d.key FROM (VALUES (1, timestamptz :'t1', timestamptz :'t3'), (2, :'t3', :'t1'), (3, :'t2', :'t3'), (4, :'t1', :'t1')) AS v (n, a, b)
	LEFT JOIN LATERAL temporal.diff('rvd', v.a, v.b) d ON true ORDER BY n, key;
PREPARE rvd_by (timestamptz, timestamptz) AS SELECT operation, key, changed_columns FROM temporal.diff('rvd', $1, $2) ORDER BY key;
SET plan_cache_mode = force_generic_plan;
EXECUTE rvd_by (:'t1', :'t3');
EXECUTE rvd_by (:'t3', :'t1');
EXECUTE rvd_by (:'t1', NULL);
\echo :SQLSTATE
RESET plan_cache_mode;

-- Own changes are there now, and were not before
BEGIN;
UPDATE rvd SET amount = 0 WHERE id = 1;
INSERT INTO rvd VALUES (7, 'seven', 7, NULL);
DELETE FROM rvd WHERE id = 2;
SELECT * FROM rvd_diff(:'t3', 'infinity');
SELECT * FROM rvd_diff('infinity', :'t3');
SELECT * FROM rvd_diff(:'t1', :'t3');
SELECT * FROM rvd_diff(:'t3', (SELECT sys_start FROM rvd WHERE id = 7));
ROLLBACK;

-- What is refused
CREATE TABLE rvd_keyless (v integer) WITH SYSTEM VERSIONING;
CREATE TABLE rvd_late (id integer PRIMARY KEY);
ALTER TABLE rvd_late ADD SYSTEM VERSIONING;
SELECT * FROM temporal.diff('rvd_keyless', :'t1', :'t2');
\echo :SQLSTATE
SELECT * FROM temporal.diff_stat('rvd_keyless', :'t1', :'t2');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM temporal.diff('rvd_late', :'t1', now());
SELECT * FROM temporal.diff('rvd_late', now(), :'t1');
SELECT * FROM temporal.diff_stat('rvd_late', '-infinity', 'infinity');
\set VERBOSITY default
SELECT * FROM temporal.diff('pg_class', :'t1', :'t2');
\echo :SQLSTATE
SELECT * FROM temporal.diff('rvd', NULL, :'t2');
\echo :SQLSTATE
SELECT * FROM temporal.diff_stat('rvd', :'t1', NULL);
\echo :SQLSTATE
SELECT temporal.diff_stat(NULL, :'t1', :'t2');
\echo :SQLSTATE
