--
-- Settings
--
SELECT name, setting, context, vartype, boot_val, short_desc FROM pg_settings WHERE name ~ '^temporal\.' ORDER BY name;

-- The prefix is reserved
SET temporal.no_such_setting = 1;
\echo :SQLSTATE
SHOW temporal.syntax;
SET temporal.syntax = off;
\echo :SQLSTATE

-- temporal.allow_period_writes: superuser only; opens period columns and history
SET temporal.allow_period_writes = on;
\echo :SQLSTATE
SHOW temporal.allow_period_writes;
CREATE TABLE stg (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
PREPARE stg_insert AS INSERT INTO stg VALUES (3, 30, '2003-01-01', 'infinity');
EXECUTE stg_insert;
\echo :SQLSTATE
SET ROLE NONE;
SET temporal.allow_period_writes = on;
EXECUTE stg_insert;
INSERT INTO stg VALUES (1, 12, '2002-01-01', 'infinity');
INSERT INTO stg VALUES (2, 20);
INSERT INTO stg_history VALUES (1, 10, '2000-01-01', '2001-01-01'), (1, 11, '2001-01-01', '2002-01-01');
COPY stg (id, v, sys_start, sys_end) FROM stdin;
4	40	2004-01-01	infinity
\.
COPY stg_history FROM stdin;
4	39	2003-01-01	2004-01-01
\.
UPDATE stg_history SET v = 9 WHERE v = 10;
DELETE FROM stg_history WHERE v = 39;
RESET temporal.allow_period_writes;
EXECUTE stg_insert;
\echo :SQLSTATE
INSERT INTO stg_history VALUES (1, 8, '1999-01-01', '2000-01-01');
\echo :SQLSTATE
RESET ROLE;
SELECT id, v, extract(year FROM sys_start) AS from_, extract(year FROM nullif(sys_end, 'infinity')) AS to_
FROM stg FOR SYSTEM_TIME ALL WHERE id IN (1, 3) ORDER BY id, sys_start;
SELECT v FROM stg FOR SYSTEM_TIME AS OF '2000-06-01';
SELECT v FROM stg FOR SYSTEM_TIME AS OF '2001-06-01';
SELECT v FROM stg FOR SYSTEM_TIME AS OF '2002-06-01' ORDER BY id;
SELECT v FROM stg FOR SYSTEM_TIME AS OF '2001-01-01';
-- what was imported goes on
UPDATE stg SET v = 13 WHERE id = 1;
SELECT v FROM stg FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;

-- temporal.log_queries: superuser only; one line for each reference and execution
SET temporal.log_queries = on;
\echo :SQLSTATE
SET ROLE NONE;
SET temporal.log_queries = on;
SET jit = off;
SET client_min_messages = debug1;
SELECT count(*) FROM stg FOR SYSTEM_TIME AS OF '2001-06-01' a, stg FOR SYSTEM_TIME ALL b;
PREPARE stg_logged(timestamptz) AS SELECT count(*) FROM stg FOR SYSTEM_TIME FROM '2001-06-01' TO $1;
EXECUTE stg_logged('2001-07-01');
SET plan_cache_mode = force_generic_plan;
EXECUTE stg_logged('2001-08-01');
-- the time is that of the clause, not of other conditions
SET temporal.as_of_mode = period;
SELECT count(*) FROM stg FOR SYSTEM_TIME AS OF (SELECT '2002-01-01'::timestamptz) WHERE sys_start <= '2001-05-05';
RESET temporal.as_of_mode;
-- nothing to read; nothing that is executed
SELECT count(*) FROM stg FOR SYSTEM_TIME ALL WHERE false;
EXPLAIN (COSTS OFF) SELECT count(*) FROM stg FOR SYSTEM_TIME ALL;
RESET client_min_messages;
RESET jit;
RESET plan_cache_mode;
RESET temporal.log_queries;
EXECUTE stg_logged('2001-08-01');
DEALLOCATE stg_logged;
RESET ROLE;

-- The settings of a function, of a transaction, and plans that outlive them
CREATE TABLE stg_late (id integer PRIMARY KEY);
ALTER TABLE stg_late ADD SYSTEM VERSIONING;
CREATE FUNCTION stg_lenient() RETURNS bigint LANGUAGE plpgsql SET temporal.allow_truncated_history = on AS
$$ BEGIN RETURN (SELECT count(*) FROM stg_late FOR SYSTEM_TIME AS OF '1990-01-01'); END $$;
CREATE FUNCTION stg_strict() RETURNS bigint LANGUAGE plpgsql AS
$$ BEGIN RETURN (SELECT count(*) FROM stg_late FOR SYSTEM_TIME AS OF '1990-01-01'); END $$;
\set VERBOSITY sqlstate
SELECT stg_lenient();
SELECT stg_strict();
BEGIN;
SET LOCAL temporal.allow_truncated_history = on;
SELECT stg_strict();
COMMIT;
SELECT stg_strict();
SELECT stg_lenient();
\set VERBOSITY default
