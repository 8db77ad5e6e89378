--
-- Who may read the past, who may write it (nobody), who may change versioning
--
SET ROLE NONE;
CREATE ROLE regress_temporal_reader;
CREATE ROLE regress_temporal_clerk;
CREATE ROLE regress_temporal_other;
CREATE ROLE regress_temporal_heir;
GRANT regress_temporal_heir TO regress_temporal_user;
GRANT CREATE, USAGE ON SCHEMA public TO regress_temporal_heir;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_temporal_user', current_database()) AS granting \gset
:granting;
GRANT USAGE ON SCHEMA public TO regress_temporal_reader, regress_temporal_clerk, regress_temporal_other;
SET ROLE regress_temporal_user;

-- What ALTER DEFAULT PRIVILEGES gives away for tables, history does not have
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO regress_temporal_other;
CREATE TABLE sec (id integer PRIMARY KEY, name text, salary integer, owner name DEFAULT current_user) WITH SYSTEM VERSIONING;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM regress_temporal_other;
SELECT relname, relacl IS NULL AS private, pg_get_userbyid(relowner) AS owner
FROM pg_class WHERE relname IN ('sec', 'sec_history') ORDER BY 1;
REVOKE ALL ON sec FROM regress_temporal_other;

GRANT SELECT (id, name) ON sec TO regress_temporal_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON sec TO regress_temporal_clerk;
INSERT INTO sec (id, name, salary, owner) VALUES (1, 'Ann', 100, 'regress_temporal_clerk'), (2, 'Bob', 200, 'regress_temporal_user');
UPDATE sec SET salary = salary + 1;
SELECT max(sys_end) - interval '1 microsecond' AS then FROM sec_history \gset

-- Column privileges hold for the past as for the present
SET ROLE regress_temporal_reader;
SELECT id, name FROM sec FOR SYSTEM_TIME AS OF :'then' ORDER BY id;
SELECT count(*) FROM sec FOR SYSTEM_TIME ALL;
SELECT salary FROM sec FOR SYSTEM_TIME AS OF '2030-01-01';
\echo :SQLSTATE
SELECT * FROM sec FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT id FROM sec FOR SYSTEM_TIME ALL WHERE salary > 0;
\echo :SQLSTATE
SELECT s FROM sec FOR SYSTEM_TIME ALL s;
\echo :SQLSTATE
SELECT sys_start FROM sec FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
-- with the time from columns to the left as well
SELECT v.n, s.name FROM (VALUES (1, now() + interval '1 day')) AS v (n, t) JOIN sec FOR SYSTEM_TIME AS OF v.t s ON s.id = v.n;
SELECT v.n, s.salary FROM (VALUES (1, now() + interval '1 day')) AS v (n, t) JOIN sec FOR SYSTEM_TIME AS OF v.t s ON s.id = v.n;
\echo :SQLSTATE
SELECT v.n, s.name FROM (VALUES (1, now() + interval '1 day')) AS v (n, t) JOIN sec FOR SYSTEM_TIME AS OF v.t s ON s.salary > v.n;
\echo :SQLSTATE
SELECT s FROM (VALUES (1, now() + interval '1 day')) AS v (n, t) JOIN sec FOR SYSTEM_TIME AS OF v.t s ON s.id = v.n;
\echo :SQLSTATE
SELECT count(s.*) FROM (VALUES (1, now() + interval '1 day')) AS v (n, t) JOIN sec FOR SYSTEM_TIME AS OF v.t s ON true;
\echo :SQLSTATE
SELECT name FROM (VALUES (100, now() + interval '1 day')) AS v (salary, t) NATURAL JOIN sec FOR SYSTEM_TIME AS OF v.t s;
\echo :SQLSTATE
SELECT 1 FROM (VALUES (now())) AS v (t), LATERAL (SELECT id FROM sec TABLESAMPLE temporal.as_of(v.t) WHERE salary = 100) s;
\echo :SQLSTATE
SELECT 1 FROM (VALUES (now())) AS v (t), LATERAL (SELECT id, salary FROM sec TABLESAMPLE temporal.as_of(v.t) ORDER BY salary) s;
\echo :SQLSTATE
SELECT (SELECT max(s.salary) FROM sec WHERE false) FROM (VALUES (now())) AS v (t), LATERAL (SELECT id, salary FROM sec TABLESAMPLE temporal.as_of(v.t)) s;
\echo :SQLSTATE

-- No privilege on the table: none on its past, by no way
SET ROLE regress_temporal_other;
SELECT count(*) FROM sec FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT 1 FROM sec FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
EXPLAIN (COSTS OFF) SELECT 1 FROM sec FOR SYSTEM_TIME ALL;
SELECT 1 FROM (VALUES (now())) AS v (t) JOIN sec FOR SYSTEM_TIME AS OF v.t ON true;
\echo :SQLSTATE
SELECT 1 FROM sec_history;
\echo :SQLSTATE
SET ROLE regress_temporal_clerk;
SELECT count(*) FROM sec FOR SYSTEM_TIME ALL;
SELECT count(*) FROM sec_history;
\echo :SQLSTATE

-- Writing needs the privilege on the table and none on its history
UPDATE sec SET salary = 300 WHERE id = 2;
DELETE FROM sec WHERE id = 2;
INSERT INTO sec VALUES (2, 'Bob', 250, 'regress_temporal_user');
SELECT id, salary FROM sec FOR SYSTEM_TIME ALL WHERE id = 2 ORDER BY sys_start;
TRUNCATE sec;
\echo :SQLSTATE
-- ... an UPDATE privilege on one column is enough for that column
SET ROLE regress_temporal_user;
GRANT SELECT, UPDATE (name) ON sec TO regress_temporal_heir;
SET ROLE regress_temporal_heir;
UPDATE sec SET name = 'Bert' WHERE id = 2;
UPDATE sec SET sys_start = DEFAULT WHERE id = 2;
\echo :SQLSTATE
UPDATE sec SET name = 'Bob', salary = 0 WHERE id = 2;
\echo :SQLSTATE

-- Row-level security covers the past
SET ROLE regress_temporal_user;
ALTER TABLE sec ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON sec TO regress_temporal_clerk USING (owner = current_user);
CREATE POLICY all_rows ON sec TO regress_temporal_reader USING (true);
SET ROLE regress_temporal_clerk;
SELECT id, salary FROM sec FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
SELECT id, salary FROM sec FOR SYSTEM_TIME AS OF :'then' ORDER BY id;
SELECT v.n, s.salary FROM (VALUES (1), (2)) AS v (n) LEFT JOIN sec FOR SYSTEM_TIME AS OF :'then' s ON s.id = v.n ORDER BY 1;
SELECT v.n, s.id FROM (VALUES (1, timestamptz :'then')) AS v (n, t) JOIN sec FOR SYSTEM_TIME AS OF v.t s ON true ORDER BY 2;
UPDATE sec SET salary = 0;
SELECT id, salary FROM sec FOR SYSTEM_TIME AS OF clock_timestamp() ORDER BY id;
SET row_security = off;
SELECT id, salary FROM sec FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
RESET row_security;
SET ROLE regress_temporal_other;
SELECT count(*) FROM sec FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
-- ... a leaky function does not see what the policy hides
SET ROLE regress_temporal_clerk;
CREATE FUNCTION pg_temp.leak(integer) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END $$;
SELECT id FROM sec FOR SYSTEM_TIME AS OF :'then' WHERE pg_temp.leak(salary) AND id = 1;
SELECT DISTINCT id FROM sec FOR SYSTEM_TIME ALL WHERE pg_temp.leak(id) AND sys_end < 'infinity';
-- ... a plan made for one role is not used for another
RESET ROLE;
PREPARE sec_plan AS SELECT count(*) FROM sec FOR SYSTEM_TIME AS OF clock_timestamp();
SET plan_cache_mode = force_generic_plan;
EXECUTE sec_plan;
SET ROLE regress_temporal_clerk;
EXECUTE sec_plan;
SET ROLE regress_temporal_other;
EXECUTE sec_plan;
\echo :SQLSTATE
RESET ROLE;
EXECUTE sec_plan;
RESET plan_cache_mode;
DEALLOCATE sec_plan;
-- ... the owner is subject to it when it is forced
ALTER TABLE sec FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM sec FOR SYSTEM_TIME ALL;
DELETE FROM sec;
ALTER TABLE sec NO FORCE ROW LEVEL SECURITY;
SELECT count(*) > 4 AS all_versions FROM sec FOR SYSTEM_TIME ALL;

-- A policy that reads the past itself
CREATE TABLE sec_grants (who name, at timestamptz);
INSERT INTO sec_grants VALUES ('regress_temporal_reader', now());
GRANT SELECT ON sec_grants TO regress_temporal_reader;
CREATE TABLE sec_team (id integer PRIMARY KEY, lead name) WITH SYSTEM VERSIONING;
INSERT INTO sec_team VALUES (1, 'regress_temporal_reader');
SELECT clock_timestamp() AS led \gset
UPDATE sec_team SET lead = 'somebody else';
GRANT SELECT ON sec_team TO regress_temporal_reader;
CREATE TABLE sec_report (id integer, team integer, written timestamptz);
INSERT INTO sec_report VALUES (1, 1, :'led'), (2, 1, clock_timestamp());
GRANT SELECT ON sec_report TO regress_temporal_reader;
ALTER TABLE sec_report ENABLE ROW LEVEL SECURITY;
CREATE POLICY led_then ON sec_report USING
	(EXISTS (SELECT FROM sec_team FOR SYSTEM_TIME AS OF written t WHERE t.id = team AND t.lead = current_user));
SET ROLE regress_temporal_reader;
SELECT id FROM sec_report;

-- Views have their owner's rights, security barriers hold
RESET ROLE;
CREATE VIEW sec_view WITH (security_barrier) AS SELECT id, salary FROM sec FOR SYSTEM_TIME ALL WHERE salary < 150;
CREATE VIEW sec_invoker WITH (security_invoker) AS SELECT id, salary FROM sec FOR SYSTEM_TIME ALL;
GRANT SELECT ON sec_view, sec_invoker TO regress_temporal_other;
SET ROLE regress_temporal_other;
SELECT DISTINCT id FROM sec_view WHERE pg_temp.leak(id);
SELECT count(*) FROM sec_view WHERE salary >= 150;
SELECT * FROM sec_invoker;
\echo :SQLSTATE

-- SECURITY DEFINER functions read with their owner's rights
RESET ROLE;
CREATE FUNCTION sec_count(t timestamptz) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public
AS $$ SELECT count(*) FROM sec FOR SYSTEM_TIME AS OF t $$;
SET ROLE regress_temporal_other;
SELECT sec_count(:'then');

-- History is written by nobody: not by its owner, ...
RESET ROLE;
INSERT INTO sec_history VALUES (9, 'Eve', 1, 'x', '2000-01-01', '2001-01-01');
\echo :SQLSTATE
UPDATE sec_history SET salary = 0;
\echo :SQLSTATE
UPDATE sec_history SET salary = 0 WHERE false;
DELETE FROM sec_history;
\echo :SQLSTATE
TRUNCATE sec_history;
\echo :SQLSTATE
MERGE INTO sec_history h USING (VALUES (9)) AS v (id) ON h.id = v.id WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id);
\echo :SQLSTATE
INSERT INTO sec_history VALUES (1, 'Eve') ON CONFLICT DO NOTHING;
\echo :SQLSTATE
COPY sec_history FROM stdin;
9	Eve	1	x	2000-01-01	2001-01-01
\.
WITH d AS (DELETE FROM sec_history RETURNING 1) SELECT count(*) FROM d;
\echo :SQLSTATE
CREATE VIEW sec_history_view AS SELECT * FROM sec_history;
DELETE FROM sec_history_view;
\echo :SQLSTATE
CREATE RULE sneak AS ON INSERT TO sec_history DO INSTEAD NOTHING;
\echo :SQLSTATE
ALTER TABLE sec_history DISABLE TRIGGER ALL;
\echo :SQLSTATE
ALTER TABLE sec_history DISABLE TRIGGER temporal_protect_history;
\echo :SQLSTATE
DROP TRIGGER temporal_protect_history ON sec_history;
\echo :SQLSTATE
ALTER TABLE sec_history ADD COLUMN x integer;
\echo :SQLSTATE
ALTER TABLE sec_history RENAME COLUMN salary TO wage;
\echo :SQLSTATE
ALTER TABLE sec_history INHERIT sec_grants;
\echo :SQLSTATE
CREATE TABLE sec_cover (LIKE sec_history) PARTITION BY LIST (id);
\set VERBOSITY sqlstate
ALTER TABLE sec_cover ATTACH PARTITION sec_history DEFAULT;
CREATE TABLE sec_child () INHERITS (sec_history);
CREATE TRIGGER sneak BEFORE INSERT ON sec_history FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
\set VERBOSITY default
UPDATE sec_cover SET salary = 0;
ALTER TABLE sec_history FORCE ROW LEVEL SECURITY;
\echo :SQLSTATE
ALTER TABLE sec_history ADD CONSTRAINT c CHECK (salary > 0);
\echo :SQLSTATE
ALTER TABLE sec_history OWNER TO regress_temporal_heir;
\echo :SQLSTATE
DROP TABLE sec_history;
\echo :SQLSTATE
DROP TABLE sec_history CASCADE;
\echo :SQLSTATE

-- ... nor by a superuser, ...
SET ROLE NONE;
DELETE FROM sec_history;
\echo :SQLSTATE
UPDATE sec SET sys_start = '2000-01-01';
\echo :SQLSTATE
SET session_replication_role = replica;
DELETE FROM sec_history;
\echo :SQLSTATE
RESET session_replication_role;
-- ... but with a switch that only a superuser has
SET temporal.allow_period_writes = on;
INSERT INTO sec_history VALUES (7, 'Old', 70, 'x', '2000-01-01', '2001-01-01');
INSERT INTO sec (id, name, sys_start, sys_end) VALUES (7, 'Old', '2001-01-01', 'infinity');
RESET temporal.allow_period_writes;
SELECT name, sys_end = lead(sys_start, 1, 'infinity') OVER (ORDER BY sys_start) AS meets_next
FROM sec FOR SYSTEM_TIME ALL WHERE id = 7 ORDER BY sys_start;
SET ROLE regress_temporal_user;
SELECT name FROM sec FOR SYSTEM_TIME AS OF '2000-06-01';
SET temporal.allow_period_writes = on;
\echo :SQLSTATE
SELECT set_config('temporal.allow_period_writes', 'on', false);
\echo :SQLSTATE
CREATE FUNCTION sec_sneak() RETURNS void LANGUAGE sql SET temporal.allow_period_writes = on AS 'DELETE FROM sec_history';
\echo :SQLSTATE
SELECT sec_sneak();

-- The catalog is read by all and written by nobody
SET ROLE regress_temporal_other;
SELECT count(*) > 0 AS readable FROM temporal.tables;
UPDATE temporal.versioned_table SET history = NULL;
\echo :SQLSTATE
DELETE FROM temporal.tables;
\echo :SQLSTATE
SELECT nextval('temporal.tick_reserve');
\echo :SQLSTATE
SELECT setval('temporal.tick_reserve', 0);
\echo :SQLSTATE
CREATE FUNCTION temporal.evil() RETURNS void LANGUAGE sql AS '';
\echo :SQLSTATE

-- Our trigger functions are of no use to others
SET ROLE regress_temporal_user;
CREATE TABLE sec_plain (id integer, sys_start timestamptz, sys_end timestamptz);
CREATE TRIGGER mine AFTER UPDATE ON sec_plain FOR EACH STATEMENT EXECUTE FUNCTION temporal.capture_statement();
INSERT INTO sec_plain VALUES (1);
UPDATE sec_plain SET id = 2;
\echo :SQLSTATE
DROP TABLE sec_plain;
SELECT temporal.capture_statement();
\echo :SQLSTATE
SELECT temporal.guard_row();
\echo :SQLSTATE

-- Only the owner versions a table, or ends it
SET ROLE regress_temporal_other;
ALTER TABLE sec DROP SYSTEM VERSIONING CASCADE;
\echo :SQLSTATE
ALTER TABLE sec SET (temporal.skip_unchanged = on);
\echo :SQLSTATE
ALTER TABLE sec_grants ADD SYSTEM VERSIONING;
\echo :SQLSTATE
SET ROLE regress_temporal_clerk;
ALTER TABLE sec DROP SYSTEM VERSIONING;
\echo :SQLSTATE
-- ... into a schema where one may create
SET ROLE regress_temporal_user;
CREATE TABLE sec_elsewhere (id integer PRIMARY KEY) WITH (temporal.history_table = 'pg_catalog.x') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE sec_elsewhere (id integer PRIMARY KEY) WITH (temporal.history_table = 'temporal.x') WITH SYSTEM VERSIONING;
\echo :SQLSTATE

-- Look-ups do not follow the search path: nobody's own functions are called
CREATE SCHEMA sec_trap;
CREATE FUNCTION sec_trap.history_reaches(regclass, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION sec_trap.row_start() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION sec_trap.tstzrange(timestamptz, timestamptz) RETURNS tstzrange LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION sec_trap.gt(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR sec_trap.> (FUNCTION = sec_trap.gt, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE OPERATOR sec_trap.<= (FUNCTION = sec_trap.gt, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE TABLE sec_trap.pg_class (oid oid, relname name);
SET search_path = sec_trap, public, pg_catalog;
CREATE TABLE public.sec_lured (id integer PRIMARY KEY, v integer) WITH (temporal.history_index = gist) WITH SYSTEM VERSIONING;
INSERT INTO public.sec_lured VALUES (1, 1);
UPDATE public.sec_lured SET v = 2;
SELECT v FROM public.sec_lured FOR SYSTEM_TIME AS OF clock_timestamp();
SELECT v FROM public.sec_lured TABLESAMPLE temporal.as_of(clock_timestamp());
SELECT value FROM temporal.describe('public.sec_lured') WHERE property = 'history';
ALTER TABLE public.sec_lured DROP SYSTEM VERSIONING CASCADE;
RESET search_path;

-- Where the table has row-level security, its history is closed to all but the
-- owner: the right to read all tables is not the right to pass by policies
SET ROLE NONE;
CREATE ROLE regress_temporal_reads_all;
GRANT pg_read_all_data TO regress_temporal_reads_all;
SET ROLE regress_temporal_user;
CREATE TABLE sec_closed (id integer PRIMARY KEY, who name) WITH SYSTEM VERSIONING;
INSERT INTO sec_closed VALUES (1, 'regress_temporal_reads_all'), (2, 'regress_temporal_user');
UPDATE sec_closed SET id = id + 10;
ALTER TABLE sec_closed ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON sec_closed USING (who = current_user);
CREATE TABLE sec_closed_before (id integer PRIMARY KEY);
ALTER TABLE sec_closed_before ENABLE ROW LEVEL SECURITY, ADD SYSTEM VERSIONING;
CREATE TABLE sec_closed_first (id integer PRIMARY KEY);
ALTER TABLE sec_closed_first ENABLE ROW LEVEL SECURITY;
ALTER TABLE sec_closed_first ADD SYSTEM VERSIONING;
SELECT relname FROM pg_class WHERE relname ~ '^sec_closed.*_history$' AND relrowsecurity ORDER BY 1;
SET ROLE regress_temporal_reads_all;
SELECT id, who FROM sec_closed FOR SYSTEM_TIME ALL ORDER BY id;
SELECT id FROM sec_closed_history;
COPY sec_closed_history TO STDOUT;
SET ROLE regress_temporal_user;
SELECT versions FROM temporal.compress_history('sec_closed', 'infinity');
SET ROLE NONE;
SELECT segments FROM temporal.segment_store WHERE history = 'sec_closed_history'::regclass \gset
SELECT count(*) FROM :segments;
SET ROLE regress_temporal_reads_all;
SELECT id, who FROM sec_closed FOR SYSTEM_TIME ALL ORDER BY id;
SELECT id FROM sec_closed_history;
COPY sec_closed_history TO STDOUT;
SELECT count(*) FROM :segments;
-- the owner reads it, and whoever he lets
SET ROLE regress_temporal_user;
SELECT id FROM sec_closed_history ORDER BY id;
GRANT SELECT ON sec_closed_history TO regress_temporal_clerk;
CREATE POLICY clerk ON sec_closed_history TO regress_temporal_clerk USING (who <> current_user);
SET ROLE regress_temporal_clerk;
SELECT id FROM sec_closed_history ORDER BY id;
SET ROLE regress_temporal_user;
ALTER TABLE sec_closed DISABLE ROW LEVEL SECURITY;
SELECT relname FROM pg_class WHERE relname ~ '^sec_closed.*_history$' AND relrowsecurity ORDER BY 1;
DROP TABLE sec_closed, sec_closed_before, sec_closed_first CASCADE;
SET ROLE NONE;
DROP ROLE regress_temporal_reads_all;

-- The right to write all tables is not one to write what versioning rests on
SET ROLE NONE;
CREATE ROLE regress_temporal_writes_all;
GRANT pg_read_all_data, pg_write_all_data TO regress_temporal_writes_all;
GRANT TRUNCATE ON ALL TABLES IN SCHEMA temporal TO regress_temporal_writes_all;
SET ROLE regress_temporal_writes_all;
DELETE FROM temporal.segment_store;
\echo :SQLSTATE
DO $$
DECLARE
	name text;
	what text;
BEGIN
	FOR name, what IN
		SELECT relname, s FROM pg_class, unnest(ARRAY['DELETE FROM', 'TRUNCATE']) s
		WHERE relnamespace = 'temporal'::regnamespace AND relkind = 'r' AND relname !~ '^segment_\d'
	LOOP
		BEGIN
			EXECUTE format('%s temporal.%I', what, name);
			RAISE WARNING '% temporal.% was allowed', what, name;
		EXCEPTION WHEN insufficient_privilege THEN
			NULL;
		END;
	END LOOP;
END $$;
UPDATE temporal.versioned_table SET history = 0;
INSERT INTO temporal.transaction_log SELECT * FROM temporal.transaction_log;
SET ROLE NONE;
REVOKE TRUNCATE ON ALL TABLES IN SCHEMA temporal FROM regress_temporal_writes_all;
DROP ROLE regress_temporal_writes_all;

-- Who looks after others' tables does not run their functions
SET ROLE regress_temporal_user;
CREATE FUNCTION sec_tell(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
	'BEGIN RAISE NOTICE ''as %'', current_user; RETURN $1; END';
CREATE TABLE sec_told (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO sec_told VALUES (1);
DELETE FROM sec_told;
SELECT versions FROM temporal.compress_history('sec_told', 'infinity');
CREATE INDEX ON sec_told_history (sec_tell(id));
SET ROLE NONE;
SELECT versions FROM temporal.decompress_history('sec_told');
SELECT versions FROM temporal.compress_history('sec_told', 'infinity');
ALTER TABLE sec_told DROP SYSTEM VERSIONING;
SET ROLE regress_temporal_user;
SELECT id FROM sec_told_history;
DROP TABLE sec_told, sec_told_history;
DROP FUNCTION sec_tell;

-- A new owner has the history, too
SET ROLE regress_temporal_user;
CREATE TABLE sec_moved (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO sec_moved VALUES (1, 1);
UPDATE sec_moved SET v = 2;
ALTER TABLE sec_moved OWNER TO regress_temporal_heir;
SELECT relname, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname ~ '^sec_moved' AND relkind = 'r' ORDER BY 1;
SET ROLE regress_temporal_heir;
SELECT v FROM sec_moved FOR SYSTEM_TIME ALL ORDER BY sys_start;
SET ROLE NONE;
REASSIGN OWNED BY regress_temporal_heir TO regress_temporal_user;
SELECT relname, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname ~ '^sec_moved' AND relkind = 'r' ORDER BY 1;

-- Cleaning up
SET client_min_messages = warning;
DROP SCHEMA sec_trap CASCADE;
DROP TABLE sec, sec_cover, sec_report, sec_team, sec_grants, sec_moved CASCADE;
DROP OWNED BY regress_temporal_reader, regress_temporal_clerk, regress_temporal_other, regress_temporal_heir CASCADE;
DROP ROLE regress_temporal_reader, regress_temporal_clerk, regress_temporal_other, regress_temporal_heir;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_temporal_user', current_database()) AS revoking \gset
:revoking;
RESET client_min_messages;
RESET ROLE;
