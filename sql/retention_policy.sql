--
-- Retention policies: how they are written, what is checked, who may see them
--
CREATE TABLE staff (id integer PRIMARY KEY, department text, salary integer) WITH SYSTEM VERSIONING;
CREATE VIEW policy AS
SELECT relation, period, max_size, max_versions, condition, archive_before_delete AS archive, schedule
FROM temporal.retention;

-- Each form, and the stock form of the same
ALTER TABLE staff SET RETENTION_PERIOD = INTERVAL '2 YEARS';
SELECT * FROM policy;
ALTER TABLE staff SET RETENTION INTERVAL '3' YEAR;
ALTER TABLE staff SET MAX_HISTORY_SIZE = '100 GB', SET MAX_HISTORY_VERSIONS = 10;
SELECT * FROM policy;
ALTER TABLE staff SET (temporal.retention_period = '1 year 6 months', temporal.max_history_size = '1 MB',
	temporal.max_history_versions = 7, temporal.retention_condition = 'salary > 0',
	temporal.retention_schedule = '1 day');
SELECT * FROM policy;
ALTER TABLE staff RESET (temporal.max_history_size, temporal.retention_schedule);
SELECT * FROM policy;

-- A policy is the whole policy
ALTER TABLE staff SET RETENTION_POLICY = (PERIOD = INTERVAL '1 YEAR', MAX_SIZE = '10 GB', MAX_VERSIONS = 100,
	CONDITION = 'department <> ''Légal''', ARCHIVE_BEFORE_DELETE = FALSE, SCHEDULE = INTERVAL '6 hours'),
	ALTER COLUMN salary SET DEFAULT 1;
SELECT * FROM policy;
SELECT property, value FROM temporal.describe('staff') WHERE property LIKE 'retention%';
ALTER TABLE staff SET RETENTION_POLICY = (max_versions = 2);
SELECT * FROM policy;
ALTER TABLE IF EXISTS ONLY staff RESET RETENTION;
SELECT * FROM policy;
CREATE TABLE born (id integer PRIMARY KEY) WITH (temporal.retention_period = '1 day') WITH SYSTEM VERSIONING;
SELECT * FROM policy;

-- Words that are ours only where they are a sub-command
CREATE TABLE retention (reset integer, retention_policy integer, max_history_size integer);
ALTER TABLE retention ADD COLUMN retention integer, ALTER COLUMN reset SET DEFAULT 1;
SELECT reset, retention_policy, max_history_size, retention FROM retention;
DROP TABLE retention;

-- What cannot be
\set VERBOSITY default
ALTER TABLE staff SET RETENTION_PERIOD = INTERVAL '-2 YEARS';
ALTER TABLE staff SET RETENTION_PERIOD = '1 lightyear';
ALTER TABLE staff SET RETENTION_PERIOD = '1000000 years';
ALTER TABLE staff SET (temporal.retention_schedule = '1000000 years');
ALTER TABLE staff SET RETENTION_PERIOD = 1 + 1;
ALTER TABLE staff SET RETENTION_PERIOD INTERVAL '1 day';
ALTER TABLE staff SET RETENTION_PERIOD = ;
-- the units are PostgreSQL's
\set VERBOSITY terse
ALTER TABLE staff SET MAX_HISTORY_SIZE = '100 XB';
ALTER TABLE staff SET MAX_HISTORY_SIZE = '1e30 GB';
\set VERBOSITY default
ALTER TABLE staff SET MAX_HISTORY_SIZE = -1;
ALTER TABLE staff SET MAX_HISTORY_VERSIONS = 0;
ALTER TABLE staff SET MAX_HISTORY_VERSIONS = 'many';
ALTER TABLE staff SET RETENTION_POLICY = (PERIOD = INTERVAL '1 YEAR', WHENEVER = 1);
ALTER TABLE staff SET RETENTION_POLICY = (PERIOD = '1 year', PERIOD = '2 years');
ALTER TABLE staff SET RETENTION_POLICY = '1 year';
ALTER TABLE staff SET RETENTION_POLICY = (PERIOD '1 year');
ALTER TABLE staff SET RETENTION_POLICY = ();
ALTER TABLE staff SET RETENTION_POLICY = (SCHEDULE = '0');
ALTER TABLE staff SET (temporal.retention = on);
ALTER TABLE nowhere SET RETENTION INTERVAL '1 day';

-- Conditions
ALTER TABLE staff SET (temporal.retention_condition = 'wages > 1');
ALTER TABLE staff SET (temporal.retention_condition = 'salary >');
ALTER TABLE staff SET (temporal.retention_condition = 'salary');
ALTER TABLE staff SET (temporal.retention_condition = 'true FROM pg_class');
ALTER TABLE staff SET (temporal.retention_condition = 'true; DROP TABLE staff');
ALTER TABLE staff SET (temporal.retention_condition = 'id IN (SELECT 1)');
ALTER TABLE staff SET (temporal.retention_condition = 'count(*) > 1');
ALTER TABLE staff SET (temporal.retention_condition = 'random() > 0.5');
ALTER TABLE staff SET (temporal.retention_condition = 'staff IS NOT NULL');
ALTER TABLE staff SET (temporal.retention_condition = 'ctid IS NOT NULL');
-- outside of pg_catalog, names say where
CREATE FUNCTION always(integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN true;
ALTER TABLE staff SET (temporal.retention_condition = 'always(salary)');
ALTER TABLE staff SET (temporal.retention_condition = 'public.always(salary)');
SELECT * FROM policy WHERE relation = 'staff'::regclass;
-- the columns it names cannot change under it
ALTER TABLE staff ALTER COLUMN salary TYPE text;
ALTER TABLE staff RESET (temporal.retention_condition);

-- Archives
ALTER TABLE staff SET (temporal.archive_location = '/srv/archive');
ALTER TABLE staff SET (temporal.archive_location = 'archive');
ALTER TABLE staff SET (temporal.archive_location = '/srv/../etc');
SET temporal.archive_directories = '/';
SET ROLE NONE;
SET temporal.archive_directories = 'here';
SET temporal.archive_directories = '/nowhere/at/all, /srv';
ALTER TABLE staff SET (temporal.archive_location = '/nowhere/at/all/x');
ALTER TABLE staff SET (temporal.archive_location = '/nowhere/at/alles');
RESET temporal.archive_directories;
SET ROLE regress_temporal_user;
ALTER TABLE staff SET RETENTION_POLICY = (PERIOD = INTERVAL '1 YEAR', ARCHIVE_BEFORE_DELETE = TRUE);

-- A period that leaves nothing to say to limits: whoever gives both is told
ALTER TABLE staff SET RETENTION_POLICY = (PERIOD = INTERVAL '1 YEAR', MAX_VERSIONS = 10);
ALTER TABLE staff SET MAX_HISTORY_SIZE = '1 GB';
ALTER TABLE staff SET (temporal.retention_schedule = '2 hours');
ALTER TABLE staff RESET (temporal.retention_period);
ALTER TABLE staff SET RETENTION_POLICY = (PERIOD = INTERVAL '1 YEAR');

-- Versions of each key need a key, policies a history
CREATE TABLE staff_log (v integer) WITH SYSTEM VERSIONING;
ALTER TABLE staff_log SET MAX_HISTORY_VERSIONS = 1;
ALTER TABLE staff_log SET RETENTION INTERVAL '1 day';
CREATE TABLE staff_paid (amount money PRIMARY KEY) WITH SYSTEM VERSIONING;
ALTER TABLE staff_paid SET MAX_HISTORY_VERSIONS = 1;
DROP TABLE staff_paid CASCADE;
CREATE TABLE staff_times (v integer);
ALTER TABLE staff_times ADD PERIOD FOR SYSTEM_TIME (f, t);
ALTER TABLE staff_times SET RETENTION INTERVAL '1 day';
CREATE TABLE staff_plain (v integer);
ALTER TABLE staff_plain SET RETENTION INTERVAL '1 day';

-- It goes with the versioning, and with the table
ALTER TABLE staff_log DROP SYSTEM VERSIONING CASCADE;
SELECT relation FROM policy ORDER BY 1;
DROP TABLE born CASCADE;
SELECT relation FROM policy ORDER BY 1;

-- Who may
ALTER TABLE staff SET RETENTION_POLICY = (PERIOD = '1 year', CONDITION = 'salary < 1000000');
SET ROLE NONE;
CREATE ROLE regress_temporal_stranger;
GRANT SELECT ON policy TO regress_temporal_stranger;
SET ROLE regress_temporal_stranger;
SELECT period, condition FROM temporal.retention;
SELECT * FROM temporal.retention_policy;
SELECT count(*) FROM temporal.audit_log;
SELECT * FROM temporal.audit_entry;
ALTER TABLE staff RESET RETENTION;
SELECT * FROM temporal.enforce_retention('staff');
SELECT * FROM temporal.retention_preview('staff');
SET ROLE regress_temporal_user;
SELECT action, relation, versions, reason FROM temporal.audit_log
WHERE relation = 'public.staff' ORDER BY logged_at;

-- What was refused is there although its transaction was rolled back: at once,
-- for those who may see it, and in the table once another transaction committed
\set VERBOSITY sqlstate
INSERT INTO staff (id, sys_start) VALUES (1, now());
UPDATE staff SET sys_end = now();
\copy staff (id, sys_end) FROM '/dev/null'
BEGIN READ ONLY;
SELECT action, relation, reason, role, xid FROM temporal.audit_log WHERE action = 'refuse' AND relation LIKE '%staff' ORDER BY logged_at;
ROLLBACK;
BEGIN;
DELETE FROM staff_history;
ROLLBACK;
SET ROLE regress_temporal_stranger;
BEGIN READ ONLY;
SELECT count(*) FROM temporal.audit_log;
SELECT count(*) FROM temporal.audit_waiting();
COMMIT;
SET ROLE NONE;
SELECT count(*) FROM temporal.audit_waiting();
SELECT action, relation, reason, role FROM temporal.audit_entry WHERE action = 'refuse' AND relation LIKE '%staff%' ORDER BY logged_at;
\set VERBOSITY default
SET ROLE NONE;
INSERT INTO temporal.audit_entry (logged_at, xid, action) VALUES (now(), 1, 'nothing');
UPDATE temporal.audit_entry SET action = 'nothing';
DELETE FROM temporal.audit_entry;
TRUNCATE temporal.audit_entry;
ALTER TABLE temporal.audit_entry DISABLE TRIGGER protect;
ALTER TABLE temporal.audit_entry DISABLE TRIGGER ALL;
ALTER TABLE temporal.audit_entry DROP COLUMN reason;
ALTER TABLE temporal.audit_entry RENAME TO forgotten;
ALTER TRIGGER protect ON temporal.audit_entry RENAME TO x;
DROP TRIGGER protect ON temporal.audit_entry;
CREATE RULE nothing AS ON INSERT TO temporal.audit_entry DO INSTEAD NOTHING;
ALTER TABLE temporal.audit_entry SET (autovacuum_vacuum_scale_factor = 0.1);
ALTER TABLE temporal.audit_entry RESET (autovacuum_vacuum_scale_factor);
-- It is trimmed by superusers, and by whom they let; what is left says so
SET ROLE regress_temporal_user;
SELECT temporal.trim_audit_log(now());
SET ROLE NONE;
SELECT temporal.trim_audit_log(now() + interval '1 minute');
SELECT temporal.trim_audit_log(NULL);
SELECT temporal.trim_audit_log('-infinity');
SELECT count(*) AS entries, max(logged_at) AS latest FROM temporal.audit_entry \gset
SELECT temporal.trim_audit_log(:'latest') = :entries - 1 AS all_but_one;
GRANT EXECUTE ON FUNCTION temporal.trim_audit_log TO regress_temporal_stranger;
SET ROLE regress_temporal_stranger;
SELECT temporal.trim_audit_log(:'latest');
SELECT temporal.trim_audit_log(now());
BEGIN READ ONLY;
SELECT temporal.trim_audit_log(now());
ROLLBACK;
SET ROLE NONE;
SELECT action, relation, versions > 1 AS several, regexp_replace(reason, 'before .*', 'before') AS reason, role
FROM temporal.audit_log ORDER BY logged_at;
REVOKE ALL ON FUNCTION temporal.trim_audit_log FROM regress_temporal_stranger;
REVOKE ALL ON policy FROM regress_temporal_stranger;
DROP ROLE regress_temporal_stranger;
SET ROLE regress_temporal_user;
DROP FUNCTION always;
DROP VIEW policy;
DROP TABLE staff, staff_history, staff_log, staff_times, staff_plain;
