--
-- The clauses and their bounds: a period is [start, end)
--
CREATE TABLE clause (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
INSERT INTO clause VALUES (1, 'first'), (2, 'still');
UPDATE clause SET v = 'second' WHERE id = 1;
UPDATE clause SET v = 'third' WHERE id = 1;
DELETE FROM clause WHERE id = 1;

-- t1 < t2 < t3 < t4: insert, two updates, delete
SELECT min(sys_start) AS t1, min(sys_end) AS t2, max(sys_start) AS t3, max(sys_end) AS t4
FROM clause_history \gset
\set tick 'interval ''1 microsecond'''

-- AS OF: start <= t and end > t
SELECT v FROM clause FOR SYSTEM_TIME AS OF :'t1' WHERE id = 1;
SELECT v FROM clause FOR SYSTEM_TIME AS OF :'t2' WHERE id = 1;
SELECT v FROM clause FOR SYSTEM_TIME AS OF timestamptz :'t2' - :tick WHERE id = 1;
SELECT v FROM clause FOR SYSTEM_TIME AS OF timestamptz :'t4' - :tick WHERE id = 1;
SELECT v FROM clause FOR SYSTEM_TIME AS OF :'t4' WHERE id = 1;
SELECT count(*) FROM clause FOR SYSTEM_TIME AS OF timestamptz :'t1' - :tick;
SELECT count(*) FROM clause FOR SYSTEM_TIME AS OF :'t1';

-- The far ends of time
SELECT v FROM clause FOR SYSTEM_TIME AS OF 'infinity';
SELECT v FROM clause FOR SYSTEM_TIME AS OF '-infinity';
SELECT v FROM clause FOR SYSTEM_TIME AS OF '294276-12-31 23:59:59.999999+00';
SELECT v FROM clause FOR SYSTEM_TIME AS OF '4713-01-01 BC';
SELECT v FROM clause FOR SYSTEM_TIME AS OF NOW;
SELECT v FROM clause FOR SYSTEM_TIME AS OF now();
SELECT v FROM clause FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP;
SELECT v FROM clause FOR SYSTEM_TIME AS OF 'tomorrow';

-- Time's types: whatever becomes a timestamptz
SELECT v FROM clause FOR SYSTEM_TIME AS OF timestamp :'t2' WHERE id = 1;
SELECT v FROM clause FOR SYSTEM_TIME AS OF TIMESTAMP '2000-01-01';
SELECT v FROM clause FOR SYSTEM_TIME AS OF DATE '2000-01-01';
SELECT v FROM clause FOR SYSTEM_TIME AS OF current_date + 1;
SELECT v FROM clause FOR SYSTEM_TIME AS OF '2000-01-01'::text::timestamptz;
SELECT v FROM clause FOR SYSTEM_TIME AS OF CAST(:'t2' AS timestamptz) WHERE id = 1;
SELECT v FROM clause FOR SYSTEM_TIME AS OF (SELECT max(sys_start) FROM clause_history) WHERE id = 1;
SELECT v FROM clause FOR SYSTEM_TIME AS OF to_timestamp(0) AT TIME ZONE 'UTC';
SELECT v FROM clause FOR SYSTEM_TIME AS OF '2020-02-30';
\echo :SQLSTATE
SELECT v FROM clause FOR SYSTEM_TIME AS OF 'yesterday or so';
\echo :SQLSTATE
SELECT v FROM clause FOR SYSTEM_TIME AS OF '300000-01-01';
\echo :SQLSTATE
SELECT v FROM clause FOR SYSTEM_TIME AS OF 42;
\echo :SQLSTATE
SELECT v FROM clause FOR SYSTEM_TIME AS OF true;
\echo :SQLSTATE

-- FROM a TO b: start < b and end > a
SELECT v FROM clause FOR SYSTEM_TIME FROM :'t1' TO :'t2' WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME FROM :'t2' TO :'t3' WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME FROM timestamptz :'t2' - :tick TO timestamptz :'t3' + :tick WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME FROM :'t4' TO 'infinity' ORDER BY id;
SELECT v FROM clause FOR SYSTEM_TIME FROM '-infinity' TO :'t1' ORDER BY id;
SELECT count(*) FROM clause FOR SYSTEM_TIME FROM '-infinity' TO 'infinity';
-- a < b, else there is nothing between them
SELECT count(*) FROM clause FOR SYSTEM_TIME FROM timestamptz :'t2' + :tick TO timestamptz :'t2' + :tick;
SELECT count(*) FROM clause FOR SYSTEM_TIME FROM timestamptz :'t3' - :tick TO timestamptz :'t2' + :tick;

-- BETWEEN a AND b: start <= b and end > a
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN :'t1' AND :'t2' WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN :'t2' AND :'t2' WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN :'t2' AND timestamptz :'t3' - :tick WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN ASYMMETRIC :'t2' AND :'t3' WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN :'t4' AND 'infinity' ORDER BY id;
-- a <= b, else there is nothing between them; SYMMETRIC puts them in order
SELECT count(*) FROM clause FOR SYSTEM_TIME BETWEEN timestamptz :'t3' - :tick AND timestamptz :'t2' + :tick;
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN SYMMETRIC :'t3' AND :'t2' WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN SYMMETRIC :'t2' AND :'t3' WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN SYMMETRIC (SELECT max(sys_start) FROM clause_history) AND :'t2' WHERE id = 1 ORDER BY sys_start;

-- CONTAINED IN (a, b): start >= a and end <= b
SELECT v FROM clause FOR SYSTEM_TIME CONTAINED IN (:'t1', :'t3') WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME CONTAINED IN (timestamptz :'t1' + :tick, :'t4') WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME CONTAINED IN (:'t1', timestamptz :'t4' - :tick) WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause FOR SYSTEM_TIME CONTAINED IN ('-infinity', 'infinity') ORDER BY id, sys_start;
SELECT v FROM clause FOR SYSTEM_TIME CONTAINED IN ('infinity', '-infinity');

-- ALL
SELECT v FROM clause FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- NULL says nothing about a time: an error, not an empty answer
SELECT v FROM clause FOR SYSTEM_TIME AS OF NULL;
\echo :SQLSTATE
SELECT v FROM clause FOR SYSTEM_TIME FROM NULL TO now();
\echo :SQLSTATE
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN now() AND (SELECT NULL::timestamptz);
\echo :SQLSTATE
SELECT v FROM clause FOR SYSTEM_TIME BETWEEN SYMMETRIC now() AND NULL;
\echo :SQLSTATE
SELECT v FROM clause FOR SYSTEM_TIME CONTAINED IN (now(), NULL::timestamptz);
\echo :SQLSTATE
PREPARE as_of (timestamptz) AS SELECT v FROM clause FOR SYSTEM_TIME AS OF $1 WHERE id = 1;
EXECUTE as_of (NULL);
\echo :SQLSTATE
SET plan_cache_mode = force_generic_plan;
EXECUTE as_of (NULL);
\echo :SQLSTATE
EXECUTE as_of (:'t2');
EXECUTE as_of (:'t4');
RESET plan_cache_mode;
DEALLOCATE as_of;

-- Oracle's short form
SELECT v FROM clause AS OF TIMESTAMP :'t2' WHERE id = 1;
SELECT v FROM clause AS OF NOW;

-- The stock form means the same
SELECT v FROM clause TABLESAMPLE temporal.as_of(:'t2') WHERE id = 1;
SELECT v FROM clause TABLESAMPLE temporal.from_to(:'t2', :'t3') WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause TABLESAMPLE temporal.between_and(:'t2', :'t3') WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause TABLESAMPLE temporal.between_symmetric(:'t3', :'t2') WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause TABLESAMPLE temporal.contained_in(:'t1', :'t3') WHERE id = 1 ORDER BY sys_start;
SELECT v FROM clause TABLESAMPLE temporal.all_versions(true) ORDER BY id, sys_start;
SELECT v FROM clause TABLESAMPLE temporal.as_of(NULL);
\echo :SQLSTATE
SELECT v FROM clause TABLESAMPLE temporal.as_of(:'t2') REPEATABLE (1) WHERE id = 1;

-- Names of columns that are given in FROM
SELECT a, b FROM clause FOR SYSTEM_TIME AS OF :'t2' AS c (a, b) WHERE a = 1;
SELECT c.v FROM public.clause FOR SYSTEM_TIME AS OF :'t2' c WHERE c.id = 1;
SELECT clause.v FROM ONLY clause FOR SYSTEM_TIME AS OF :'t2' WHERE clause.id = 1;
