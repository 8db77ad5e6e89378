--
-- What a clause cannot be asked of, and how that is said
--
CREATE TABLE ver (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE unver (id integer PRIMARY KEY, v integer);
CREATE TABLE period_only (id integer PRIMARY KEY, sys_start timestamptz GENERATED ALWAYS AS ROW START,
	sys_end timestamptz GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (sys_start, sys_end));
CREATE VIEW ver_view AS SELECT * FROM ver;
CREATE MATERIALIZED VIEW ver_stored AS SELECT * FROM ver;
CREATE SEQUENCE ver_sequence;
CREATE FUNCTION ver_function() RETURNS SETOF ver LANGUAGE sql AS 'SELECT * FROM ver';
INSERT INTO ver VALUES (1, 1);

-- Not a system-versioned table
SELECT * FROM unver FOR SYSTEM_TIME AS OF now();
\echo :SQLSTATE
SELECT * FROM period_only FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM ver_history FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM ver_stored FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM pg_class FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM nothing FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM ver_sequence FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM ver_function() FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM (SELECT * FROM ver) s FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM (VALUES (1)) s FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
WITH c AS (SELECT * FROM ver) SELECT * FROM c FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM generate_series(1, 2) FOR SYSTEM_TIME AS OF now();
\echo :SQLSTATE
CREATE TEMP TABLE ver_temp (id integer);
SELECT * FROM ver_temp FOR SYSTEM_TIME ALL;
\echo :SQLSTATE

-- A table is not written as of another time
UPDATE ver FOR SYSTEM_TIME AS OF now() SET v = 2;
\echo :SQLSTATE
DELETE FROM ver FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
INSERT INTO ver FOR SYSTEM_TIME ALL VALUES (2, 2);
\echo :SQLSTATE
LOCK TABLE ver FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
TRUNCATE ver FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
COPY ver FOR SYSTEM_TIME ALL TO stdout;
\echo :SQLSTATE

-- Row locks
SELECT v FROM ver FOR SYSTEM_TIME AS OF now() FOR UPDATE;
\echo :SQLSTATE
SELECT v FROM ver FOR SYSTEM_TIME AS OF now() e FOR SHARE OF e;
\echo :SQLSTATE
SELECT v FROM unver u JOIN ver FOR SYSTEM_TIME AS OF now() e USING (id, v) FOR NO KEY UPDATE;
\echo :SQLSTATE
SELECT v FROM unver u JOIN ver FOR SYSTEM_TIME AS OF now() e USING (id, v) FOR UPDATE OF u;
\echo :SQLSTATE
SELECT * FROM (SELECT v FROM ver FOR SYSTEM_TIME AS OF now()) s FOR KEY SHARE;
\echo :SQLSTATE
BEGIN;
DECLARE c CURSOR FOR SELECT v FROM ver FOR SYSTEM_TIME AS OF now() FOR UPDATE;
\echo :SQLSTATE
ROLLBACK;

-- System columns
SELECT ctid FROM ver FOR SYSTEM_TIME AS OF now();
\echo :SQLSTATE
SELECT v FROM ver FOR SYSTEM_TIME AS OF now() e WHERE e.xmin IS NOT NULL;
\echo :SQLSTATE
SELECT tableoid::regclass FROM ver FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT (SELECT max(e.cmax::text) FROM unver) FROM ver FOR SYSTEM_TIME ALL e;
\echo :SQLSTATE
SELECT u.ctid IS NULL AS none FROM unver u RIGHT JOIN ver FOR SYSTEM_TIME ALL e USING (id);
\echo :SQLSTATE

-- Times before the history starts
CREATE TABLE ver_late (id integer PRIMARY KEY, v integer);
INSERT INTO ver_late VALUES (1, 1);
SELECT clock_timestamp() AS too_early \gset
ALTER TABLE ver_late ADD SYSTEM VERSIONING;
SELECT history_start AS start FROM temporal.tables WHERE table_name = 'ver_late' \gset
UPDATE ver_late SET v = 2;
\set VERBOSITY sqlstate
SELECT v FROM ver_late FOR SYSTEM_TIME AS OF '2000-01-01';
SELECT v FROM ver_late FOR SYSTEM_TIME AS OF :'too_early';
SELECT v FROM ver_late FOR SYSTEM_TIME AS OF (SELECT timestamptz :'too_early');
SELECT v FROM ver_late FOR SYSTEM_TIME AS OF '-infinity';
SELECT l.v FROM (VALUES (timestamptz '2000-01-01')) AS x (t) JOIN ver_late FOR SYSTEM_TIME AS OF x.t l ON true;
PREPARE early (timestamptz) AS SELECT v FROM ver_late FOR SYSTEM_TIME AS OF $1;
EXECUTE early ('2000-01-01');
SET plan_cache_mode = force_generic_plan;
EXECUTE early ('2000-01-01');
\set VERBOSITY default
SELECT v FROM ver_late FOR SYSTEM_TIME AS OF :'start';
EXECUTE early (:'start');
DO $$
DECLARE
	message text;
	hint text;
BEGIN
	PERFORM v FROM ver_late FOR SYSTEM_TIME AS OF '2000-01-01';
EXCEPTION WHEN invalid_parameter_value THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RAISE NOTICE '%', regexp_replace(message, 'at [^"]+$', 'at ...');
	RAISE NOTICE '%', hint;
END $$;

-- Ranges may reach back before it: what is known of them is answered
SELECT count(*) FROM ver_late FOR SYSTEM_TIME FROM '2000-01-01' TO 'infinity';

-- While the transaction that adds versioning is on its way, the rows are there
-- for all others, and no history that has them; that is no empty answer
CREATE TABLE ver_slow (id integer PRIMARY KEY);
INSERT INTO ver_slow VALUES (1), (2);
BEGIN;
ALTER TABLE ver_slow ADD SYSTEM VERSIONING;
SELECT clock_timestamp() AS between \gset
SELECT count(*) AS own FROM ver_slow FOR SYSTEM_TIME AS OF (SELECT min(sys_start) FROM ver_slow);
COMMIT;
SELECT count(*) FROM ver_slow FOR SYSTEM_TIME AS OF (SELECT min(sys_start) FROM ver_slow);
SELECT count(*) FROM ver_slow FOR SYSTEM_TIME AS OF clock_timestamp();
PREPARE slow (timestamptz) AS SELECT count(*) FROM ver_slow FOR SYSTEM_TIME AS OF $1;
\set VERBOSITY sqlstate
SELECT count(*) FROM ver_slow FOR SYSTEM_TIME AS OF :'between';
EXECUTE slow (:'between');
SELECT count(*) FROM (VALUES (timestamptz :'between')) AS t (at) JOIN ver_slow FOR SYSTEM_TIME AS OF t.at v ON true;
SELECT count(*) FROM temporal.diff('ver_slow', :'between', 'infinity');
FLASHBACK TABLE ver_slow TO TIMESTAMP :'between';
SET temporal.as_of = :'between';
SELECT count(*) FROM ver_slow;
RESET temporal.as_of;
SET temporal.allow_truncated_history = on;
SELECT count(*) FROM ver_slow FOR SYSTEM_TIME AS OF :'between';
EXECUTE slow (:'between');
RESET temporal.allow_truncated_history;
\set VERBOSITY default
SET temporal.as_of_mode = period;
SELECT count(*) FROM ver_slow FOR SYSTEM_TIME AS OF :'between';
RESET temporal.as_of_mode;
DEALLOCATE slow;

-- temporal.allow_truncated_history: a WARNING and no rows instead, also for
-- plans made before
SET temporal.allow_truncated_history = on;
\set VERBOSITY sqlstate
SELECT count(*) FROM ver_late FOR SYSTEM_TIME AS OF '2000-01-01';
EXECUTE early ('2000-01-01');
RESET temporal.allow_truncated_history;
EXECUTE early ('2000-01-01');
SELECT count(*) FROM ver_late FOR SYSTEM_TIME AS OF '2000-01-01';
\set VERBOSITY default
RESET plan_cache_mode;

-- A NULL time from a column joins nothing, from whichever table
SELECT x.t, l.v FROM (VALUES (NULL::timestamptz)) AS x (t) LEFT JOIN ver_late FOR SYSTEM_TIME AS OF x.t l ON true;
SELECT x.t, l.v FROM (VALUES (NULL::timestamptz)) AS x (t) LEFT JOIN ver FOR SYSTEM_TIME AS OF x.t l ON true;

-- Times that cannot be: aggregates, columns to the right, other levels
SELECT * FROM ver FOR SYSTEM_TIME AS OF max(now());
\echo :SQLSTATE
-- (terse: the server's hint is a detail since PostgreSQL 16)
\set VERBOSITY terse
SELECT * FROM ver FOR SYSTEM_TIME AS OF ver.sys_start;
\set VERBOSITY default
\echo :SQLSTATE
SELECT * FROM ver FOR SYSTEM_TIME AS OF h.t e, (VALUES (now())) AS h (t);
\echo :SQLSTATE
SELECT * FROM ver FOR SYSTEM_TIME AS OF nothing;
\echo :SQLSTATE
SELECT * FROM ver FOR SYSTEM_TIME AS OF generate_series(now(), now(), '1 day');
\echo :SQLSTATE
SELECT * FROM ver FOR SYSTEM_TIME AS OF 1 / 0 * interval '1 day' + now();
\echo :SQLSTATE
SELECT * FROM ver FOR SYSTEM_TIME AS OF (SELECT g FROM generate_series(now(), now() + interval '1 day', '1 day') g);
\echo :SQLSTATE

-- Only TABLESAMPLE methods are what they are
SELECT count(*) FROM ver TABLESAMPLE system (100);
SELECT * FROM unver TABLESAMPLE temporal.as_of(now());
\echo :SQLSTATE
SELECT temporal.as_of(NULL);
\echo :SQLSTATE
SELECT * FROM ver TABLESAMPLE temporal.as_of();
\echo :SQLSTATE
SELECT * FROM ver TABLESAMPLE temporal.from_to(now());
\echo :SQLSTATE
SELECT * FROM ver TABLESAMPLE temporal.nothing(now());
\echo :SQLSTATE
-- and ALL has nothing to be told
SELECT * FROM ver TABLESAMPLE temporal.all_versions(false);
\echo :SQLSTATE
SELECT * FROM ver TABLESAMPLE temporal.all_versions(NULL);
\echo :SQLSTATE
SELECT * FROM (SELECT * FROM ver WHERE temporal.all_versions(random() > 2)) AS v;
\echo :SQLSTATE

-- A key identifies a row as of an instant, and not among all its versions
SELECT id, v FROM ver FOR SYSTEM_TIME AS OF clock_timestamp() GROUP BY id;
\set VERBOSITY sqlstate
SELECT id, v FROM ver FOR SYSTEM_TIME ALL GROUP BY id;
SELECT id, v FROM ver FOR SYSTEM_TIME FROM '-infinity' TO 'infinity' GROUP BY id;
\set VERBOSITY default

-- The server is up, and the table as it was
SELECT id, v FROM ver FOR SYSTEM_TIME ALL;
-- A relation that is not there, which a number can be
SELECT temporal.clause_time(now(), 4294967295);
\echo :SQLSTATE
