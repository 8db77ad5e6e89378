--
-- Who may see what changed, and who may go back: as with the table itself
--
\set SHOW_CONTEXT never
SET ROLE NONE;
CREATE ROLE regress_temporal_reader;
CREATE ROLE regress_temporal_clerk;
CREATE ROLE regress_temporal_part;
GRANT USAGE ON SCHEMA public TO regress_temporal_reader, regress_temporal_clerk, regress_temporal_part;
SET ROLE regress_temporal_user;
CREATE TABLE rvy (id integer PRIMARY KEY, name text, salary integer, owner name) WITH SYSTEM VERSIONING;
GRANT SELECT ON rvy TO regress_temporal_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON rvy TO regress_temporal_clerk;
GRANT SELECT (id, name) ON rvy TO regress_temporal_part;
INSERT INTO rvy VALUES (1, 'Ann', 100, 'regress_temporal_clerk'), (2, 'Bob', 200, 'regress_temporal_user'), (3, 'Eve', 300, 'regress_temporal_clerk');
SELECT clock_timestamp() AS t \gset
BEGIN;
UPDATE rvy SET salary = salary + 1;
DELETE FROM rvy WHERE id = 3;
COMMIT;
SELECT xid::text AS x FROM temporal.transactions ORDER BY scn DESC LIMIT 1 \gset

-- Columns that may not be read are not told, all of them are needed
SET ROLE regress_temporal_part;
SELECT count(*) FROM temporal.changes('public.rvy');
\echo :SQLSTATE
SELECT count(*) FROM temporal.versions('public.rvy');
\echo :SQLSTATE
SELECT temporal.changes('public.rvy');
\echo :SQLSTATE
SELECT key FROM temporal.diff('public.rvy', :'t', 'infinity');
\echo :SQLSTATE
SELECT inserted FROM temporal.diff_stat('public.rvy', :'t', 'infinity');
\echo :SQLSTATE
SELECT (version).id FROM temporal.flashback_versions(NULL::public.rvy, :'t', 'infinity');
SELECT (version).salary FROM temporal.flashback_versions(NULL::public.rvy, :'t', 'infinity');
\echo :SQLSTATE
SELECT count(*) FROM temporal.transaction_changes(:x);
SELECT count(*) FROM temporal.undo_transaction(:x);
SELECT temporal.restore('public.rvy', :'t', dry_run => true);
\echo :SQLSTATE

-- Who may read the table reads what changed, but does not change it
SET ROLE regress_temporal_reader;
SELECT count(*) FROM temporal.changes('public.rvy');
SELECT count(*) FROM temporal.flashback_versions(NULL::public.rvy, :'t', 'infinity');
SELECT count(*) FROM temporal.transaction_changes(:x);
SELECT count(*) FROM temporal.restore('public.rvy', :'t', dry_run => true);
SELECT temporal.restore('public.rvy', :'t');
\echo :SQLSTATE
SELECT temporal.undo_transaction(:x, false);
\echo :SQLSTATE
CALL temporal.flashback_table('{public.rvy}', :'t');
\echo :SQLSTATE
SELECT temporal.restore('public.rvy', :'t', 'EXISTS (SELECT FROM public.rvy_history)', true);
\echo :SQLSTATE

-- Policies hold for both
SET ROLE regress_temporal_user;
ALTER TABLE rvy ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON rvy USING (owner = current_user);
SET ROLE regress_temporal_clerk;
SELECT operation, key FROM temporal.changes('public.rvy');
SELECT inserted, updated, deleted FROM temporal.versions('public.rvy');
SELECT operation, key FROM temporal.diff('public.rvy', :'t', 'infinity') ORDER BY key;
SELECT (version).id, versions_operation FROM temporal.flashback_versions(NULL::public.rvy, '-infinity', 'infinity') ORDER BY 1, 2;
SELECT operation, key FROM temporal.transaction_changes(:x);
SELECT operation, key FROM temporal.undo_transaction(:x);
SELECT temporal.changes('public.rvy') IS NOT NULL AS told;
-- a function in a condition does not see what the policy hides
CREATE FUNCTION pg_temp.peek(n name) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'seen: %', n; RETURN true; END $$;
SELECT operation, key FROM temporal.restore('public.rvy', :'t', 'pg_temp.peek(name)', true) ORDER BY key;
BEGIN;
SELECT operation, key FROM temporal.restore('public.rvy', :'t') ORDER BY key;
RESET ROLE;
SELECT id, salary FROM rvy ORDER BY id;
ROLLBACK;
-- rows that a policy keeps from being written are an error
SET ROLE regress_temporal_user;
CREATE POLICY see_all ON rvy FOR SELECT USING (true);
SET ROLE regress_temporal_clerk;
SELECT temporal.restore('public.rvy', :'t');
\echo :SQLSTATE
-- another role has another plan
SET ROLE regress_temporal_user;
DROP POLICY see_all ON rvy;
PREPARE rvy_count AS SELECT count(*) FROM temporal.changes('public.rvy');
EXECUTE rvy_count;
SET ROLE regress_temporal_clerk;
EXECUTE rvy_count;
SET ROLE regress_temporal_part;
EXECUTE rvy_count;
\echo :SQLSTATE
SET ROLE regress_temporal_user;
EXECUTE rvy_count;

-- A view is asked with the rights of who asks, as with any function
CREATE VIEW rvy_log AS SELECT operation, key FROM temporal.changes('public.rvy');
GRANT SELECT ON rvy_log TO regress_temporal_part, regress_temporal_clerk;
SET ROLE regress_temporal_clerk;
SELECT count(*) FROM public.rvy_log;
SET ROLE regress_temporal_part;
SELECT count(*) FROM public.rvy_log;
\echo :SQLSTATE

-- Whom the function is taken from cannot have it by way of the plan
SET ROLE NONE;
REVOKE EXECUTE ON FUNCTION temporal.changes FROM PUBLIC;
SET ROLE regress_temporal_reader;
SELECT count(*) FROM temporal.changes('public.rvy');
\echo :SQLSTATE
SET ROLE NONE;
GRANT EXECUTE ON FUNCTION temporal.changes TO PUBLIC;

-- A schema that may not be used; operators of a search path that lies
CREATE SCHEMA rvy_hidden;
CREATE TABLE rvy_hidden.t (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO rvy_hidden.t VALUES (1);
GRANT SELECT ON rvy_hidden.t TO regress_temporal_reader;
SELECT 'rvy_hidden.t'::regclass::oid AS hidden, xid::text AS x FROM temporal.transactions ORDER BY scn DESC LIMIT 1 \gset
SET ROLE regress_temporal_reader;
SELECT * FROM temporal.versions(:hidden);
\echo :SQLSTATE
SELECT count(*) FROM temporal.transaction_changes(:x);
SET ROLE NONE;
CREATE SCHEMA rvy_lies AUTHORIZATION regress_temporal_user;
SET ROLE regress_temporal_user;
CREATE FUNCTION rvy_lies.never(timestamptz, timestamptz) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR rvy_lies.< (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = rvy_lies.never);
CREATE OPERATOR rvy_lies.= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = rvy_lies.never);
CREATE FUNCTION rvy_lies.count() RETURNS bigint LANGUAGE sql AS 'SELECT -1::bigint';
SET search_path = rvy_lies, pg_catalog, public;
SELECT updated FROM temporal.versions('rvy', :'t');
SELECT operation, key FROM temporal.diff('rvy', :'t', 'infinity') ORDER BY key;
SELECT operation, key FROM temporal.restore('rvy', :'t', dry_run => true) ORDER BY key;
RESET search_path;
SET ROLE NONE;
SET client_min_messages = warning;
DROP SCHEMA rvy_hidden, rvy_lies CASCADE;
DROP TABLE rvy CASCADE;
DROP OWNED BY regress_temporal_reader, regress_temporal_clerk, regress_temporal_part;
DROP ROLE regress_temporal_reader, regress_temporal_clerk, regress_temporal_part;
