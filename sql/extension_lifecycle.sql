--
-- The extension is dropped and comes back; what its tables are meanwhile
--
SET ROLE NONE;
SET client_min_messages = warning;
-- (other tests' tables: they would all be listed below)
DROP EXTENSION temporal CASCADE;
CREATE EXTENSION temporal;
RESET client_min_messages;
CREATE TABLE life (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO life VALUES (1, 1);
UPDATE life SET v = 2;
CREATE VIEW life_past AS SELECT id, v FROM life FOR SYSTEM_TIME ALL;
PREPARE life_update AS UPDATE life SET v = v + 1;
SET plan_cache_mode = force_generic_plan;
EXECUTE life_update;

-- Schema and relocation
ALTER EXTENSION temporal SET SCHEMA public;
\echo :SQLSTATE
\set VERBOSITY terse
DROP SCHEMA temporal;
\echo :SQLSTATE

-- Versioned tables, and views of the past, need it
DROP EXTENSION temporal;
\echo :SQLSTATE
DROP EXTENSION temporal CASCADE;
\set VERBOSITY default

-- The table is an ordinary one, and so is its history, with all it had
SELECT id, v FROM life;
SELECT id, v FROM life_history ORDER BY sys_start;
SELECT to_regclass('life_past') IS NULL AS view_gone;
EXECUTE life_update;
UPDATE life SET v = 10, sys_end = '2030-01-01';
DELETE FROM life_history WHERE v = 1;
SELECT tgname FROM pg_trigger WHERE tgrelid IN ('life'::regclass, 'life_history'::regclass);
SELECT * FROM life FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
CREATE TABLE life_none (id integer) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE life ADD SYSTEM VERSIONING;
\echo :SQLSTATE
SELECT * FROM life TABLESAMPLE temporal.all_versions(true);
\echo :SQLSTATE

-- The schema stays behind, and what somebody puts there proves nothing
CREATE FUNCTION temporal.row_start() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
CREATE TABLE temporal.versioned_table (relation regclass);
ALTER TABLE life ADD SYSTEM VERSIONING;
\echo :SQLSTATE
UPDATE life SET v = 11;
\set VERBOSITY terse
DROP SCHEMA temporal CASCADE;
\set VERBOSITY default

-- Back again: the same session, the same table
CREATE EXTENSION temporal;
SELECT count(*) FROM temporal.tables;
UPDATE life SET sys_start = now(), sys_end = 'infinity';
ALTER TABLE life ADD PERIOD FOR SYSTEM_TIME (sys_start, sys_end);
ALTER TABLE life SET (temporal.system_versioning, temporal.history_table = 'life_past');
EXECUTE life_update;
SELECT v FROM life FOR SYSTEM_TIME ALL ORDER BY sys_start;
RESET plan_cache_mode;
DEALLOCATE life_update;

-- Created and dropped in one transaction
\set VERBOSITY terse
BEGIN;
DROP EXTENSION temporal CASCADE;
CREATE EXTENSION temporal;
CREATE TABLE life_short (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO life_short VALUES (1, 1);
ROLLBACK;
SELECT to_regclass('life_short') IS NULL AS rolled_back;
UPDATE life SET v = 100;
SELECT v FROM life FOR SYSTEM_TIME ALL ORDER BY sys_start;

DROP TABLE life CASCADE;
SELECT count(*) FROM temporal.tables;
RESET ROLE;
