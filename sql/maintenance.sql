--
-- Maintenance by CALL temporal.run_maintenance(): what is done, what is said
-- of it, and to whom
--
CREATE TABLE mnt (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE mnt_none (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE mnt_part (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING PARTITION BY RANGE (id);
CREATE TABLE mnt_part_1 PARTITION OF mnt_part FOR VALUES FROM (0) TO (100);
CREATE TABLE mnt_plain (id integer PRIMARY KEY);
ALTER TABLE mnt SET (temporal.compress_after = '0 seconds');
ALTER TABLE mnt_none SET (temporal.compression = none);
ALTER TABLE mnt_part SET (temporal.compress_after = '0 seconds');
INSERT INTO mnt SELECT i, 0 FROM generate_series(1, 50) i;
INSERT INTO mnt_none SELECT i, 0 FROM generate_series(1, 50) i;
INSERT INTO mnt_part SELECT i, 0 FROM generate_series(1, 50) i;
UPDATE mnt SET v = 1;
UPDATE mnt_none SET v = 1;
UPDATE mnt_part SET v = 1;

-- One table; another one by its partition
CALL temporal.run_maintenance('mnt');
CALL temporal.run_maintenance('mnt_part_1');
SELECT relation, kind, state, failures, last_error, last_start <= last_end AS took_time, next_run > last_end AS waits
FROM temporal.jobs WHERE relation::text ~ '^mnt' ORDER BY relation::text;
SELECT relation, kind, role, steps, versions, detail, error, started < ended AS took_time
FROM temporal.job_runs WHERE relation::text ~ '^mnt' ORDER BY relation::text;

-- Nothing to do is no run worth remembering; what is due later is done at once
CALL temporal.run_maintenance('mnt');
UPDATE mnt SET v = 2;
CALL temporal.run_maintenance(NULL);
SELECT relation, versions FROM temporal.job_runs WHERE relation = 'mnt'::regclass ORDER BY started;
SELECT relation, compressed_versions FROM temporal.compression WHERE relation::text ~ '^mnt' ORDER BY relation::text;
SELECT * FROM temporal.progress;
SELECT temporal.job_is_running('mnt', 'compress'), temporal.job_is_running(0, 'compress'), temporal.job_is_running(NULL, NULL);

-- It commits, so it must be the outermost statement, or called by one that may
BEGIN;
CALL temporal.run_maintenance();
\echo :SQLSTATE
ROLLBACK;
CREATE FUNCTION mnt_call() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL temporal.run_maintenance('mnt'); END $$;
SELECT mnt_call();
\echo :SQLSTATE
UPDATE mnt SET v = 3;
DO $$ BEGIN CALL temporal.run_maintenance('mnt'); END $$;
SELECT compressed_versions FROM temporal.compression WHERE relation = 'mnt'::regclass;
SET default_transaction_read_only = on;
CALL temporal.run_maintenance();
\echo :SQLSTATE
RESET default_transaction_read_only;
SET temporal.as_of = '2020-01-01';
CALL temporal.run_maintenance();
\echo :SQLSTATE
RESET temporal.as_of;

-- What it does not know
CALL temporal.run_maintenance('mnt_plain');
\echo :SQLSTATE
CALL temporal.run_maintenance('mnt_history');
\echo :SQLSTATE
CALL temporal.run_maintenance(0);
\echo :SQLSTATE

-- An error is recorded, and others go on.  (As if the segments of mnt were
-- of another table; a new session because that is cached)
SET ROLE NONE;
UPDATE temporal.segment_store SET key_column = 99 WHERE history = 'mnt_history'::regclass;
\connect
UPDATE mnt SET v = 4;
UPDATE mnt_part SET v = 4;
CALL temporal.run_maintenance();
CALL temporal.run_maintenance('mnt');
SELECT relation, state, failures, last_error, next_run > last_end AS waits FROM temporal.jobs WHERE relation::text ~ '^mnt' ORDER BY relation::text;
SELECT relation, steps, versions, error FROM temporal.job_runs WHERE relation::text ~ '^mnt' ORDER BY relation::text, started;

-- Others know that there is maintenance, not what went wrong
SET ROLE NONE;
CREATE ROLE regress_temporal_other;
GRANT CREATE ON SCHEMA public TO regress_temporal_other;
SET ROLE regress_temporal_other;
CALL temporal.run_maintenance('mnt');
\echo :SQLSTATE
CALL temporal.run_maintenance();
SELECT relation, kind, state, failures, last_error FROM temporal.jobs WHERE relation::text ~ '^mnt' ORDER BY relation::text;
SELECT count(*) FROM temporal.job_runs;
\set VERBOSITY sqlstate
SELECT * FROM temporal.job;
SELECT * FROM temporal.job_run;
\set VERBOSITY default
SET ROLE NONE;
GRANT pg_read_all_stats TO regress_temporal_other;
SET ROLE regress_temporal_other;
SELECT relation, last_error IS NOT NULL AS sees_error FROM temporal.jobs WHERE relation::text ~ '^mnt' ORDER BY relation::text;
SELECT count(*) > 0 AS sees_runs FROM temporal.job_runs;
SET ROLE NONE;
UPDATE temporal.segment_store SET key_column = 1 WHERE history = 'mnt_history'::regclass;
\connect
CALL temporal.run_maintenance();
SELECT relation, state, failures, last_error FROM temporal.jobs WHERE relation = 'mnt'::regclass;

-- A run that was cut off: nobody is at it, and that counts as a failure until
-- it works
SET ROLE NONE;
UPDATE temporal.job SET state = 'running', failures = 3 WHERE relation = 'mnt'::regclass;
RESET ROLE;
SELECT relation, state, failures FROM temporal.jobs WHERE relation = 'mnt'::regclass;
CALL temporal.run_maintenance('mnt');
SELECT relation, state, failures FROM temporal.jobs WHERE relation = 'mnt'::regclass;

-- Some hundred runs are remembered
SET ROLE NONE;
INSERT INTO temporal.job_run (relation, kind, started, ended, steps, versions, bytes)
SELECT 'mnt', 'compress', t, t, 1, i, 0
FROM generate_series(1, 500) i, LATERAL (SELECT timestamptz '2020-01-01' + i * interval '1 hour') x(t);
RESET ROLE;
UPDATE mnt SET v = 5;
CALL temporal.run_maintenance('mnt');
SELECT count(*), count(*) FILTER (WHERE role IS NULL) < 200 AS has_new FROM temporal.job_runs WHERE relation = 'mnt'::regclass;

-- What is not wanted any more is not listed
ALTER TABLE mnt SET RETENTION_PERIOD = INTERVAL '1 hour';
CALL temporal.run_maintenance('mnt');
SELECT relation, kind FROM temporal.jobs WHERE relation = 'mnt'::regclass ORDER BY kind;
ALTER TABLE mnt SET (temporal.compression = none);
SELECT relation, kind FROM temporal.jobs WHERE relation = 'mnt'::regclass ORDER BY kind;
ALTER TABLE mnt RESET RETENTION;
SELECT relation, kind FROM temporal.jobs WHERE relation = 'mnt'::regclass ORDER BY kind;

-- What is dropped is forgotten
SELECT temporal.decompress_history('mnt_part') IS NOT NULL AS decompressed;
DROP TABLE mnt_part CASCADE;
CALL temporal.run_maintenance();
SET ROLE NONE;
SELECT count(*) FROM temporal.job WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = relation);
SELECT count(*) FROM temporal.job_run WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = relation);
REVOKE CREATE ON SCHEMA public FROM regress_temporal_other;
DROP ROLE regress_temporal_other;
RESET ROLE;
SELECT temporal.decompress_history('mnt') IS NOT NULL AS decompressed;
DROP TABLE mnt_none CASCADE;
DROP TABLE mnt CASCADE;
