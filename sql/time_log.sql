--
-- temporal.transactions: which transactions have a row, and what it says
--
CREATE TABLE tlo (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE tlo_plain (id integer);
INSERT INTO tlo SELECT i, 0 FROM generate_series(1, 5) i;

-- How many rows are new since this was asked last?
SELECT temporal.current_scn() AS tlo_scn \gset
\set new 'SELECT count(*) AS new_rows, coalesce(max(scn), :tlo_scn) AS tlo_scn FROM temporal.transactions WHERE scn > :tlo_scn \\gset \\\\ \\echo :new_rows'

-- No row: what changes no versioned table, or is rolled back
SELECT count(*) FROM tlo;
INSERT INTO tlo_plain VALUES (1);
UPDATE tlo SET v = 1 WHERE id = 100;
DELETE FROM tlo WHERE id = 100;
INSERT INTO tlo SELECT 100, 1 WHERE false;
:new
BEGIN READ ONLY;
SELECT count(*) FROM tlo TABLESAMPLE temporal.as_of(now());
COMMIT;
BEGIN;
UPDATE tlo SET v = 1;
ROLLBACK;
INSERT INTO tlo VALUES (1, 1);
UPDATE tlo SET v = 1 / (v - v);
:new

-- or cannot be committed
ALTER TABLE tlo_plain ADD CONSTRAINT tlo_later UNIQUE (id) DEFERRABLE INITIALLY DEFERRED;
BEGIN;
UPDATE tlo SET v = 2;
INSERT INTO tlo_plain VALUES (1);
COMMIT;
:new

-- One row: a statement, a block, a block with savepoints, changes of two tables
UPDATE tlo SET v = 3;
:new
BEGIN;
UPDATE tlo SET v = 4 WHERE id = 1;
SAVEPOINT a;
UPDATE tlo SET v = 4 WHERE id = 2;
SAVEPOINT b;
DELETE FROM tlo WHERE id = 3;
ROLLBACK TO b;
RELEASE a;
COMMIT;
:new
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		BEGIN
			UPDATE tlo SET v = v + 1;
			IF i % 2 = 0 THEN
				RAISE 'no';
			END IF;
		EXCEPTION WHEN raise_exception THEN NULL;
		END;
	END LOOP;
END $$;
:new
SELECT DISTINCT v FROM tlo;
COPY tlo (id, v) FROM stdin;
6	1
7	1
\.
:new
TRUNCATE tlo;
:new
MERGE INTO tlo USING generate_series(1, 3) i(i) ON id = i WHEN NOT MATCHED THEN INSERT (id, v) VALUES (i, i);
:new
ALTER TABLE tlo_plain ADD SYSTEM VERSIONING;
:new
CREATE TABLE tlo_empty (id integer) WITH SYSTEM VERSIONING;
:new

-- A procedure's transactions
CREATE PROCEDURE tlo_three() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..3 LOOP
		UPDATE tlo SET v = -v WHERE id = i;
		COMMIT;
	END LOOP;
	ROLLBACK;
END $$;
CALL tlo_three();
:new

-- A transaction whose savepoint took its changes along had taken its time
BEGIN;
SAVEPOINT a;
UPDATE tlo SET v = 5;
ROLLBACK TO a;
COMMIT;
:new

-- What the versions bear is in the log
SELECT count(*) AS versions,
	   count(*) FILTER (WHERE sys_start IN (SELECT tick FROM temporal.transaction_ticks)) AS starts,
	   count(*) FILTER (WHERE sys_end = 'infinity' OR sys_end IN (SELECT tick FROM temporal.transaction_ticks)) AS ends
FROM tlo TABLESAMPLE temporal.all_versions(true);

-- A parallel query in a transaction that writes
BEGIN;
UPDATE tlo SET v = 6;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT sum(v), count(*) FROM tlo;
SELECT sum(v), count(*) FROM tlo TABLESAMPLE temporal.as_of('infinity');
SELECT sum(v), count(*) FROM tlo TABLESAMPLE temporal.as_of(temporal.system_time());
COMMIT;
:new

-- Who, and why
SET application_name = 'tlo';
SET temporal.context = '{"ticket": 4711, "why": "as we were told"}';
UPDATE tlo SET v = 7;
SELECT "session_user" = session_user AS who, role, application_name, client_addr, context
FROM temporal.transactions WHERE scn = temporal.current_scn();
SELECT context ->> 'ticket' FROM temporal.transactions WHERE scn = temporal.current_scn();

-- as it is when the transaction ends
BEGIN;
UPDATE tlo SET v = 8;
SET LOCAL temporal.context = '"late"';
SET LOCAL application_name = '';
COMMIT;
SELECT application_name IS NULL AS no_name, context FROM temporal.transactions WHERE scn = temporal.current_scn();
BEGIN;
SET LOCAL temporal.context = '[1]';
SAVEPOINT a;
SET LOCAL temporal.context = '[2]';
ROLLBACK TO a;
UPDATE tlo SET v = 9;
COMMIT;
SELECT context FROM temporal.transactions WHERE scn = temporal.current_scn();
SHOW temporal.context;
SET temporal.context = '';
UPDATE tlo SET v = 10;
SELECT context IS NULL AS none FROM temporal.transactions WHERE scn = temporal.current_scn();
SET temporal.context = 'null';
UPDATE tlo SET v = 11;
SELECT context FROM temporal.transactions WHERE scn = temporal.current_scn();
RESET temporal.context;

-- long ones
SELECT length(set_config('temporal.context', jsonb_build_object('a', string_agg(md5(i::text), ''))::text, false)) > 60000 AS is_long
FROM generate_series(1, 2000) i;
UPDATE tlo SET v = 12;
SELECT length(context::text) > 60000 AS is_long FROM temporal.transactions WHERE scn = temporal.current_scn();
RESET temporal.context;

-- It must be JSON that is jsonb, at once and not at the end: 22P02 and its like
SET temporal.context = '{"a"';
\echo :SQLSTATE
SET temporal.context = 'ticket 4711';
SET temporal.context = '{} {}';
SET temporal.context = ' ';
SET temporal.context = '{"a": "\u0000"}';
SET temporal.context = '{"a": "\ud800"}';
SET temporal.context = '1e1000000';
\set VERBOSITY terse
SELECT set_config('temporal.context', repeat('[', 100000), false);
\set VERBOSITY default
\echo :SQLSTATE
SHOW temporal.context;
CREATE FUNCTION tlo_bad() RETURNS integer LANGUAGE sql SET temporal.context = 'bad' AS 'SELECT 1';

-- SET ROLE, and functions of others
SET ROLE NONE;
CREATE ROLE regress_tlo_clerk;
CREATE ROLE regress_tlo_nosy;
CREATE ROLE regress_tlo_member;
GRANT regress_tlo_clerk TO regress_tlo_member;
GRANT USAGE, CREATE ON SCHEMA public TO regress_tlo_nosy;
GRANT SELECT, INSERT, UPDATE ON tlo TO regress_tlo_clerk;
CREATE FUNCTION tlo_definer() RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = public AS 'UPDATE tlo SET v = 13';
SET ROLE regress_tlo_clerk;
SELECT tlo_definer();
SET temporal.context = '"of the clerk"';
UPDATE tlo SET v = 14;
RESET temporal.context;
SET ROLE NONE;
SELECT "session_user" = session_user AS session, role, context FROM temporal.transactions ORDER BY scn DESC LIMIT 2;
BEGIN;
SET ROLE regress_tlo_clerk;
UPDATE tlo SET v = 15;
RESET ROLE;
SET ROLE NONE;
COMMIT;
SELECT role = session_user AS the_one_at_the_end FROM temporal.transactions ORDER BY scn DESC LIMIT 1;

-- From where and why is for the roles themselves, and for those who may see
-- what others do
SET SESSION AUTHORIZATION regress_tlo_clerk;
SET application_name = 'secret';
SET temporal.context = '"secret"';
UPDATE tlo SET v = 16;
RESET temporal.context;
SELECT "session_user", role, xid IS NOT NULL AS xid, application_name, context FROM temporal.transactions ORDER BY scn DESC LIMIT 1;
SET SESSION AUTHORIZATION regress_tlo_member;
SELECT "session_user", role, application_name, context FROM temporal.transactions ORDER BY scn DESC LIMIT 1;
SET SESSION AUTHORIZATION regress_tlo_nosy;
SELECT "session_user", role, application_name, context FROM temporal.transactions ORDER BY scn DESC LIMIT 1;
SELECT count(*) FROM temporal.transactions WHERE context = '"secret"' OR application_name = 'secret';
SELECT temporal.time_of_transaction(xid::text::bigint) = committed_at AS found FROM temporal.transactions ORDER BY scn DESC LIMIT 1;
CREATE FUNCTION public.tlo_leak(jsonb, text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
$$ BEGIN IF $1 IS NOT NULL OR $2 = 'secret' THEN RAISE NOTICE 'seen: % %', $1, $2; END IF; RETURN true; END $$;
SELECT count(*) > 0 AS some FROM temporal.transactions WHERE public.tlo_leak(context, application_name);
DROP FUNCTION public.tlo_leak;
SELECT client_addr, context FROM temporal.transaction_log;
\echo :SQLSTATE
SELECT count(*) FROM temporal.prepared_transaction;
INSERT INTO temporal.transactions (role) VALUES ('x');
DELETE FROM temporal.transaction_log;
\echo :SQLSTATE
RESET SESSION AUTHORIZATION;
SET ROLE NONE;
GRANT pg_read_all_stats TO regress_tlo_nosy;
SET SESSION AUTHORIZATION regress_tlo_nosy;
SELECT "session_user", role, application_name, context FROM temporal.transactions ORDER BY scn DESC LIMIT 1;
RESET SESSION AUTHORIZATION;
SET ROLE NONE;
RESET application_name;

-- of a role that is no more, or has a strange name
CREATE ROLE "regress_tlo ""odd"" Name";
GRANT SELECT, UPDATE ON tlo TO "regress_tlo ""odd"" Name";
SET ROLE "regress_tlo ""odd"" Name";
UPDATE tlo SET v = 17;
SELECT role, context IS NULL AS nothing FROM temporal.transactions ORDER BY scn DESC LIMIT 1;
SET ROLE NONE;
REVOKE ALL ON tlo FROM "regress_tlo ""odd"" Name";
DROP ROLE "regress_tlo ""odd"" Name";
SELECT role FROM temporal.transactions ORDER BY scn DESC LIMIT 1;

-- What is said of a session follows it from one transaction to the next
CREATE ROLE regress_tlo_ready;
GRANT SELECT, UPDATE ON tlo TO regress_tlo_ready;
SET application_name = 'tlo';
SET ROLE regress_tlo_ready;
UPDATE tlo SET v = 10;
UPDATE tlo SET v = 10;
SELECT role, application_name FROM temporal.transactions WHERE scn = temporal.current_scn();
SET ROLE NONE;
ALTER ROLE regress_tlo_ready RENAME TO regress_tlo_renamed;
SET ROLE regress_tlo_renamed;
UPDATE tlo SET v = 10;
SELECT role, application_name FROM temporal.transactions WHERE scn = temporal.current_scn();
SET application_name = 'tlo_other';
UPDATE tlo SET v = 10;
SELECT role, application_name FROM temporal.transactions WHERE scn = temporal.current_scn();
SET ROLE NONE;
UPDATE tlo SET v = 10;
SELECT role = current_user AS own, application_name, committed_at > system_time AS later,
	xid::text::bigint = pg_current_xact_id()::text::bigint - 1 AS last
FROM temporal.transactions WHERE scn = temporal.current_scn();
REVOKE ALL ON tlo FROM regress_tlo_renamed;
DROP ROLE regress_tlo_renamed;
RESET application_name;

DROP FUNCTION tlo_definer;
REVOKE ALL ON tlo FROM regress_tlo_clerk;
REVOKE ALL ON SCHEMA public FROM regress_tlo_nosy;
DROP ROLE regress_tlo_clerk, regress_tlo_nosy, regress_tlo_member;
RESET ROLE;
DROP PROCEDURE tlo_three;
\set VERBOSITY terse
DROP TABLE tlo, tlo_plain, tlo_empty CASCADE;
