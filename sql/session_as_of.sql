--
-- temporal.as_of: the session reads every system-versioned table as of a time
--
CREATE TABLE ses_emp (id integer PRIMARY KEY, name text, dept integer) WITH SYSTEM VERSIONING;
CREATE TABLE ses_dept (id integer PRIMARY KEY, name text) WITH SYSTEM VERSIONING;
CREATE TABLE ses_note (id integer PRIMARY KEY, note text, emp integer);
CREATE TABLE ses_period (id integer PRIMARY KEY, s timestamptz GENERATED ALWAYS AS ROW START, e timestamptz GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e));
INSERT INTO ses_dept VALUES (1, 'Sales'), (2, 'Lab');
INSERT INTO ses_emp VALUES (1, 'Ann', 1), (2, 'Bob', 2), (3, 'Cid', NULL);
INSERT INTO ses_note VALUES (1, 'one', 1), (2, 'two', 2);
SELECT clock_timestamp() AS then, temporal.current_scn() AS scn \gset
SELECT xid AS xid FROM temporal.transactions WHERE scn = :scn \gset
SELECT temporal.create_snapshot('ses snapshot') IS NOT NULL AS created;
UPDATE ses_dept SET name = 'Research' WHERE id = 2;
UPDATE ses_emp SET dept = 1 WHERE id = 2;
DELETE FROM ses_emp WHERE id = 3;
INSERT INTO ses_emp VALUES (4, 'Dan', 2);
CREATE VIEW ses_view AS SELECT e.id, e.name, d.name AS dept, n.note
FROM ses_emp e LEFT JOIN ses_dept d ON d.id = e.dept LEFT JOIN ses_note n ON n.id = e.id;

-- The value: a time, whose meaning is fixed when it is SET
SHOW temporal.as_of;
SET TimeZone = 'Europe/Berlin';
SET temporal.as_of = '2024-01-01';
SHOW temporal.as_of;
SET TimeZone = 'UTC';
SHOW temporal.as_of;
SET temporal.as_of = '2024-07-01 12:00 Europe/Berlin';
SHOW temporal.as_of;
SET temporal.as_of = '0044-03-15 00:00:00.5+00 BC';
SHOW temporal.as_of;
SET temporal.as_of = 'infinity';
SHOW temporal.as_of;
SET temporal.as_of = '-infinity';
SHOW temporal.as_of;
SET temporal.as_of = 'epoch';
SHOW temporal.as_of;
SET temporal.as_of = 'SCN:0';
SHOW temporal.as_of;
RESET temporal.as_of;
SHOW temporal.as_of;
RESET TimeZone;
SET temporal.as_of = 'tea time';
\echo :SQLSTATE
SET temporal.as_of = '2024-02-30';
\echo :SQLSTATE
SET temporal.as_of = '294277-01-01';
\echo :SQLSTATE
SET temporal.as_of = ' ';
\echo :SQLSTATE
SET temporal.as_of = 'scn:x';
\echo :SQLSTATE
SET temporal.as_of = 'scn:99999999999999999999';
\echo :SQLSTATE
SET temporal.as_of = 'scn:';
\echo :SQLSTATE
SET temporal.as_of = 'scn:9000000000000000000';
\echo :SQLSTATE
\set VERBOSITY terse
SET temporal.as_of = 'transaction:1';
\echo :SQLSTATE
SET temporal.as_of = 'snapshot:no such snapshot';
\echo :SQLSTATE
\set VERBOSITY default
SHOW temporal.as_of;

-- Every reference without a clause is read as of it; what has one keeps it
CREATE FUNCTION ses_names() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT string_agg(name, ' ' ORDER BY id) FROM ses_emp);
END $$;
CREATE FUNCTION ses_names_sql() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(name, ' ' ORDER BY id) FROM ses_emp $$;
CREATE FUNCTION ses_set_sql() RETURNS SETOF ses_emp LANGUAGE sql STABLE AS $$ SELECT * FROM ses_emp $$;
PREPARE ses_before AS SELECT string_agg(name || '/' || dept, ' ' ORDER BY id) FROM ses_view;
EXECUTE ses_before;
SELECT ses_names(), ses_names_sql();
SET temporal.as_of = :'then';
EXECUTE ses_before;
SELECT ses_names(), ses_names_sql();
SELECT name FROM ses_set_sql() ORDER BY id;
SELECT * FROM ses_view ORDER BY id;
SELECT e.name, (SELECT name FROM ses_dept d WHERE d.id = e.dept), EXISTS (SELECT FROM ses_emp x WHERE x.name = 'Cid') FROM ONLY ses_emp e ORDER BY id;
WITH e AS (SELECT * FROM ses_emp) SELECT count(*) FROM e UNION ALL SELECT count(*) FROM ses_emp WHERE dept IN (SELECT id FROM ses_dept WHERE name = 'Lab');
SELECT name FROM ses_emp FOR SYSTEM_TIME AS OF NOW ORDER BY id;
SELECT name, dept FROM ses_view FOR SYSTEM_TIME AS OF NOW ORDER BY id;
SELECT p.name, n.name FROM ses_emp p FULL JOIN ses_emp FOR SYSTEM_TIME AS OF NOW n USING (id) ORDER BY id;
SELECT count(*) FROM ses_emp FOR SYSTEM_TIME ALL;
SELECT count(*) FROM ses_emp VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE;
SELECT inserted, updated, deleted FROM temporal.diff_stat('ses_emp', :'then', 'infinity');
COPY ses_emp TO STDOUT;
COPY ses_emp (name) TO STDOUT;
COPY (SELECT count(*) FROM ses_emp) TO STDOUT;
PREPARE ses_after AS SELECT string_agg(name || '/' || dept, ' ' ORDER BY id) FROM ses_view;
EXECUTE ses_after;
RESET temporal.as_of;
EXECUTE ses_after;
EXECUTE ses_before;
SELECT ses_names(), ses_names_sql();

-- The other ways to name a time
SET temporal.as_of = 'scn::scn';
\set as_of scn: :scn
SET temporal.as_of = :'as_of';
SELECT ses_names();
\set as_of transaction: :xid
SET temporal.as_of = :'as_of';
SELECT ses_names();
SET temporal.as_of = 'Snapshot:ses snapshot';
SELECT ses_names();
-- ... is settled when it is set
SELECT temporal.drop_snapshot('ses snapshot');
SELECT ses_names();
RESET temporal.as_of;

-- It ends as any setting does
BEGIN;
SET LOCAL temporal.as_of = :'then';
SELECT ses_names();
SAVEPOINT s;
SET LOCAL temporal.as_of = '2000-01-01';
SELECT ses_names();
ROLLBACK TO s;
SELECT ses_names();
SET temporal.as_of = '2000-01-01';
SELECT ses_names();
ROLLBACK;
SELECT ses_names();
BEGIN;
SET LOCAL temporal.as_of = :'then';
SELECT ses_names();
COMMIT;
SELECT ses_names();
DO $$
BEGIN
	PERFORM set_config('temporal.as_of', '2000-01-01', false);
	RAISE NOTICE '%', coalesce(ses_names(), 'nobody');
	PERFORM 1 / 0;
EXCEPTION WHEN division_by_zero THEN
	RAISE NOTICE '%', ses_names();
END $$;
CREATE FUNCTION ses_never() RETURNS text LANGUAGE plpgsql SET temporal.as_of = '2000-01-01' AS $$ BEGIN RETURN coalesce(ses_names(), 'nobody'); END $$;
CREATE FUNCTION ses_now() RETURNS text LANGUAGE plpgsql SET temporal.as_of = '' AS $$ BEGIN RETURN ses_names(); END $$;
SELECT ses_names(), ses_never(), ses_names(), ses_now();
SET temporal.as_of = :'then';
SELECT ses_names(), ses_never(), ses_names(), ses_now(), ses_names();
RESET temporal.as_of;
ALTER FUNCTION ses_now SET temporal.as_of = 'snapshot:whatever';
SELECT ses_now();
\echo :SQLSTATE
ALTER FUNCTION ses_now SET temporal.as_of = 'whatever';
\echo :SQLSTATE
DROP FUNCTION ses_now;

-- A cursor goes on as it was opened
BEGIN;
SET LOCAL temporal.as_of = :'then';
DECLARE ses_cursor SCROLL CURSOR WITH HOLD FOR SELECT name FROM ses_emp ORDER BY id;
FETCH 1 FROM ses_cursor;
SET LOCAL temporal.as_of = '';
FETCH 1 FROM ses_cursor;
COMMIT;
FETCH ALL FROM ses_cursor;
CLOSE ses_cursor;

-- EXPLAIN says so, where it applies
SET temporal.as_of = '2030-01-01 UTC';
CREATE FUNCTION ses_explain(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		IF line ~ 'Temporal|as_of' THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END $$;
SELECT ses_explain('SELECT * FROM ses_emp');
SELECT ses_explain('SELECT * FROM ses_view');
SELECT ses_explain('SELECT * FROM ses_note');
SELECT ses_explain('SELECT * FROM ses_emp FOR SYSTEM_TIME AS OF NOW');
SELECT ses_explain('(ANALYZE) SELECT ses_names()');
SELECT ses_explain('(ANALYZE, BUFFERS) SELECT ses_names() FROM ses_emp');
SELECT ses_explain('CREATE TABLE ses_new AS SELECT * FROM ses_emp');
SELECT ses_explain('DECLARE c CURSOR FOR SELECT * FROM ses_emp');
SELECT ses_explain('(SETTINGS) EXECUTE ses_after');
CREATE FUNCTION ses_explain_as(format text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan text;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT %s, SUMMARY) SELECT * FROM ses_emp', format) INTO plan;
	RETURN plan;
END $$;
SELECT j -> 0 ->> 'Temporal As Of' AS time, j -> 0 ? 'Planning Time' AS others FROM CAST(ses_explain_as('JSON') AS jsonb) j;
SELECT substring(ses_explain_as('XML') from '\s+<Temporal-As-Of>.*') AS last_lines;
SELECT regexp_replace(ses_explain_as('YAML'), '.*\n', '') AS last_line;
RESET temporal.as_of;
SELECT ses_explain('SELECT * FROM ses_emp');

-- Nothing writes a system-versioned table meanwhile
SET temporal.as_of = :'then';
\set VERBOSITY terse
INSERT INTO ses_emp VALUES (9, 'Ida', 1);
\echo :SQLSTATE
INSERT INTO ses_emp VALUES (1, 'Ida', 1) ON CONFLICT (id) DO UPDATE SET name = 'Ida';
UPDATE ses_emp SET name = 'Ida';
DELETE FROM ses_emp;
MERGE INTO ses_emp e USING ses_note n ON n.id = e.id WHEN MATCHED THEN DO NOTHING;
TRUNCATE ses_emp;
TRUNCATE ses_note, ses_emp;
COPY ses_emp FROM STDIN;
\.
WITH gone AS (DELETE FROM ses_emp RETURNING *) SELECT * FROM gone;
SELECT * FROM ses_emp FOR UPDATE;
SELECT * FROM ses_view FOR NO KEY UPDATE;
SELECT * FROM ses_view v, ses_note n FOR SHARE OF v;
SELECT name FROM ses_emp FOR KEY SHARE;
SELECT n.id FROM ses_view v, ses_note n WHERE n.id = v.id AND v.id = 1 FOR UPDATE OF n;
CREATE VIEW ses_simple AS SELECT id, name FROM ses_emp;
UPDATE ses_simple SET name = 'Ida';
CREATE FUNCTION ses_write() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM ses_emp WHERE id = 9; END $$;
SELECT ses_write();
EXPLAIN DELETE FROM ses_emp;
SELECT * FROM temporal.restore('ses_emp', :'then');
SELECT operation, key FROM temporal.restore('ses_emp', :'then', dry_run => true) ORDER BY key;
ALTER TABLE ses_emp DROP SYSTEM VERSIONING;
ALTER TABLE ses_note ADD SYSTEM VERSIONING;
CREATE TABLE ses_new WITH SYSTEM VERSIONING AS SELECT * FROM ses_emp;
SET ROLE NONE;
SET temporal.allow_period_writes = on;
DELETE FROM ses_emp_history;
INSERT INTO ses_emp (id, sys_start) VALUES (9, '2000-01-01');
RESET temporal.allow_period_writes;
RESET ROLE;
-- not by a statement that was planned before either
RESET temporal.as_of;
PREPARE ses_insert AS INSERT INTO ses_emp VALUES (9, 'Ida', 1);
EXECUTE ses_insert;
DELETE FROM ses_emp WHERE id = 9;
SELECT ses_write();
SET temporal.as_of = :'then';
EXECUTE ses_insert;
SELECT ses_write();
-- what a trigger sets is seen by the capture of the statement that fired it
RESET temporal.as_of;
CREATE FUNCTION ses_sets() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('temporal.as_of', '2000-01-01', true); RETURN NEW; END $$;
CREATE TRIGGER sets BEFORE UPDATE ON ses_dept FOR EACH STATEMENT EXECUTE FUNCTION ses_sets();
UPDATE ses_dept SET name = 'none';
DROP TRIGGER sets ON ses_dept;
SET temporal.as_of = :'then';
\set VERBOSITY default
INSERT INTO ses_emp VALUES (9, 'Ida', 1);
-- others may be written, also with what is read of the past
CREATE TABLE ses_past AS SELECT id, name FROM ses_emp;
UPDATE ses_note SET note = e.name FROM ses_emp e WHERE e.id = ses_note.id;
DELETE FROM ses_past USING ses_emp e WHERE e.id = ses_past.id AND e.name = 'Ann';
MERGE INTO ses_past p USING ses_emp e ON e.id = p.id WHEN NOT MATCHED THEN INSERT VALUES (e.id, e.name || '!');
INSERT INTO ses_period VALUES (1);
UPDATE ses_period SET id = 2;
SELECT id FROM ses_period;
SELECT * FROM ses_past ORDER BY id;
SELECT * FROM ses_note ORDER BY id;
CREATE VIEW ses_checked AS SELECT * FROM ses_past WHERE name IN (SELECT name FROM ses_emp) WITH CHECK OPTION;
INSERT INTO ses_checked VALUES (7, 'Cid');
INSERT INTO ses_checked VALUES (8, 'Dan');
DROP VIEW ses_checked;
CREATE TABLE ses_empty (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
CREATE MATERIALIZED VIEW ses_stored AS SELECT name FROM ses_emp;
RESET temporal.as_of;
SELECT count(*) FROM ses_stored WHERE name = 'Cid';
SELECT string_agg(name, ' ' ORDER BY id) FROM ses_emp;

-- Foreign keys ask for what is there
SET temporal.as_of = :'then';
\set VERBOSITY terse
ALTER TABLE ses_note ADD CONSTRAINT ses_fk FOREIGN KEY (emp) REFERENCES ses_emp ON DELETE CASCADE ON UPDATE CASCADE;
INSERT INTO ses_note VALUES (4, 'four', 4);
INSERT INTO ses_note VALUES (3, 'three', 3);
UPDATE ses_note SET emp = 3 WHERE id = 4;
ALTER TABLE ses_note DROP CONSTRAINT ses_fk;
UPDATE ses_note SET emp = 3 WHERE id = 4;
ALTER TABLE ses_note ADD CONSTRAINT ses_fk FOREIGN KEY (emp) REFERENCES ses_emp;
ALTER TABLE ses_note ADD CONSTRAINT ses_fk FOREIGN KEY (emp) REFERENCES ses_emp NOT VALID;
ALTER TABLE ses_note VALIDATE CONSTRAINT ses_fk;
UPDATE ses_note SET emp = 4 WHERE id = 4;
ALTER TABLE ses_note VALIDATE CONSTRAINT ses_fk;
ALTER TABLE ses_note ALTER CONSTRAINT ses_fk DEFERRABLE INITIALLY DEFERRED;
BEGIN;
UPDATE ses_note SET emp = 3 WHERE id = 4;
COMMIT;
SELECT ses_names();
-- a cascade that arrives at a system-versioned table
CREATE TABLE ses_city (id integer PRIMARY KEY);
INSERT INTO ses_city VALUES (1), (2);
RESET temporal.as_of;
CREATE TABLE ses_house (id integer PRIMARY KEY, city integer REFERENCES ses_city ON DELETE CASCADE ON UPDATE CASCADE) WITH SYSTEM VERSIONING;
INSERT INTO ses_house VALUES (1, 1);
UPDATE ses_city SET id = 3 WHERE id = 1;
SET temporal.as_of = 'infinity';
DELETE FROM ses_city WHERE id = 3;
\echo :SQLSTATE
UPDATE ses_city SET id = 1 WHERE id = 3;
\echo :SQLSTATE
RESET temporal.as_of;
-- a trigger's own queries in a cascade read the past; its plans do not mix
CREATE TABLE ses_town (id integer PRIMARY KEY);
CREATE TABLE ses_street (id integer PRIMARY KEY, town integer REFERENCES ses_town ON DELETE CASCADE);
INSERT INTO ses_town VALUES (1), (2);
INSERT INTO ses_street VALUES (1, 1), (2, 2);
CREATE FUNCTION ses_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', ses_names(); RETURN OLD; END $$;
CREATE TRIGGER told BEFORE DELETE ON ses_street FOR EACH ROW EXECUTE FUNCTION ses_told();
SET temporal.as_of = :'then';
DELETE FROM ses_town WHERE id = 1;
RESET temporal.as_of;
DELETE FROM ses_town WHERE id = 2;
-- ALTER TABLE reads the present
CREATE FUNCTION ses_count(integer) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ses_names(); END $$;
SET temporal.as_of = :'then';
ALTER TABLE ses_past ALTER id TYPE text USING ses_count(id);
SELECT DISTINCT id FROM ses_past;
SELECT ses_names();
RESET temporal.as_of;
\set VERBOSITY default

-- What cannot be read so
SET temporal.as_of = :'then';
SELECT * FROM ses_emp TABLESAMPLE system (100);
\echo :SQLSTATE
SELECT ctid FROM ses_emp;
\echo :SQLSTATE
RESET temporal.as_of;
CREATE TABLE ses_late (id integer PRIMARY KEY);
INSERT INTO ses_late VALUES (1);
ALTER TABLE ses_late ADD SYSTEM VERSIONING;
SET temporal.as_of = '2000-01-01';
\set VERBOSITY sqlstate
SELECT * FROM ses_late;
\set VERBOSITY default
SELECT count(*) FROM ses_emp;
RESET temporal.as_of;

-- Partitions
CREATE TABLE ses_part (id integer, k integer, PRIMARY KEY (id, k)) WITH SYSTEM VERSIONING PARTITION BY LIST (k);
CREATE TABLE ses_part_1 PARTITION OF ses_part FOR VALUES IN (1);
CREATE TABLE ses_part_2 PARTITION OF ses_part FOR VALUES IN (2);
INSERT INTO ses_part VALUES (1, 1), (2, 2);
SELECT clock_timestamp() AS parted \gset
UPDATE ses_part SET k = 1;
SET temporal.as_of = :'parted';
SELECT (SELECT count(*) FROM ses_part) AS whole, (SELECT count(*) FROM ses_part_1) AS one, (SELECT count(*) FROM ses_part_2) AS two, (SELECT count(*) FROM ONLY ses_part) AS only;
COPY ses_part_2 TO STDOUT;
DELETE FROM ses_part_1;
\echo :SQLSTATE
TRUNCATE ses_part;
\echo :SQLSTATE
RESET temporal.as_of;

-- Privileges and policies are those of now
SET ROLE NONE;
CREATE ROLE regress_temporal_traveller;
GRANT USAGE ON SCHEMA public TO regress_temporal_traveller;
RESET ROLE;
CREATE TABLE ses_member (who name PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO ses_member VALUES ('regress_temporal_traveller');
SELECT clock_timestamp() AS member \gset
DELETE FROM ses_member;
ALTER TABLE ses_emp ENABLE ROW LEVEL SECURITY;
CREATE POLICY members ON ses_emp USING (EXISTS (SELECT FROM ses_member WHERE who = current_user));
CREATE TABLE ses_own (id integer);
ALTER TABLE ses_own ENABLE ROW LEVEL SECURITY;
CREATE POLICY members ON ses_own USING (true) WITH CHECK (EXISTS (SELECT FROM ses_member WHERE who = current_user));
GRANT SELECT (id, name) ON ses_emp TO regress_temporal_traveller;
GRANT SELECT ON ses_member TO regress_temporal_traveller;
GRANT INSERT ON ses_own TO regress_temporal_traveller;
SET ROLE regress_temporal_traveller;
SET temporal.as_of = :'member';
SELECT count(*) FROM ses_member;
SELECT id, name FROM ses_emp;
SELECT dept FROM ses_emp;
\echo :SQLSTATE
SELECT * FROM ses_house;
\echo :SQLSTATE
INSERT INTO ses_own VALUES (1);
\echo :SQLSTATE
RESET temporal.as_of;
RESET ROLE;
SET ROLE NONE;
DROP OWNED BY regress_temporal_traveller;
DROP ROLE regress_temporal_traveller;
RESET ROLE;
