--
-- A clause behind a view: a sub-select whose condition the planner looks for
--
CREATE TABLE syn_item (id integer PRIMARY KEY, v text, at timestamptz) WITH SYSTEM VERSIONING;
CREATE TABLE syn_order (id integer, placed_at timestamptz, at timestamptz);
CREATE VIEW syn_view AS SELECT id, v, at FROM syn_item;
CREATE SCHEMA "syn Schema";
CREATE VIEW "syn Schema"."View" AS SELECT * FROM syn_view;
CREATE MATERIALIZED VIEW syn_stored AS SELECT id, v FROM syn_item;
CREATE SEQUENCE syn_sequence;

CREATE FUNCTION syn_stock(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	definition text;
BEGIN
	EXECUTE 'CREATE VIEW syn_stored_view AS ' || query;
	definition := regexp_replace(pg_get_viewdef('syn_stored_view'), '\s+', ' ', 'g');
	DROP VIEW syn_stored_view;
	-- select lists are printed differently since PostgreSQL 16
	RETURN substring(regexp_replace(definition, '\( SELECT .*? FROM', '(SELECT ... FROM', 'g')
		from ' FROM (.*);');
END $$;

-- Every kind of clause
SELECT syn_stock(format('SELECT e.id FROM syn_view %s e', x))
FROM unnest(ARRAY[
	$$ FOR SYSTEM_TIME AS OF '2999-01-01' $$,
	$$ FOR SYSTEM_TIME AS OF NOW $$,
	$$ FOR SYSTEM_TIME AS OF SCN 4711 $$,
	$$ FOR SYSTEM_TIME FROM now() TO 'infinity' $$,
	$$ FOR SYSTEM_TIME BETWEEN now() AND SNAPSHOT 'a' $$,
	$$ FOR SYSTEM_TIME BETWEEN SYMMETRIC now() AND 'infinity' $$,
	$$ FOR SYSTEM_TIME CONTAINED IN (now(), TIMESTAMP '2999-01-01') $$,
	$$ FOR SYSTEM_TIME ALL $$,
	$$ AS OF TIMESTAMP now() AS $$
]) AS x;

-- Every way to write a view, and its alias
SELECT syn_stock($$ SELECT syn_view.id FROM syn_view FOR SYSTEM_TIME ALL $$);
SELECT syn_stock($$ SELECT syn_view.id FROM public.syn_view AS OF NOW $$);
SELECT syn_stock($$ SELECT a, v FROM syn_view AS OF NOW e (a) $$);
SELECT syn_stock($$ SELECT "View".id FROM "syn Schema"."View" AS OF NOW $$);
SELECT syn_stock($$ SELECT id FROM ONLY syn_view AS OF NOW $$);
SET search_path = "syn Schema", public;
SELECT syn_stock($$ SELECT id FROM "View" AS OF NOW $$);
RESET search_path;

-- Columns of tables to its left
SELECT syn_stock($$ SELECT e.id FROM syn_order o JOIN syn_view FOR SYSTEM_TIME AS OF o.placed_at e USING (id) $$);
SELECT syn_stock($$ SELECT e.id FROM syn_order o, syn_view FOR SYSTEM_TIME AS OF placed_at e $$);
SELECT syn_stock($$ SELECT e.id FROM syn_order o, syn_view FOR SYSTEM_TIME FROM o.placed_at TO now() e $$);
SELECT syn_stock($$ SELECT (SELECT count(*) FROM syn_view FOR SYSTEM_TIME AS OF placed_at) FROM syn_order $$);

-- The time does not see the view's own columns, nor its name
SELECT syn_stock($$ SELECT e.id FROM syn_order o, syn_view FOR SYSTEM_TIME AS OF at e $$);
SELECT syn_stock($$ SELECT e.i, e.v FROM syn_order o, syn_view FOR SYSTEM_TIME AS OF at e (i) $$);
SELECT syn_stock($$ SELECT e.id FROM syn_order syn_view JOIN syn_view FOR SYSTEM_TIME AS OF syn_view.placed_at e ON true $$);
SELECT syn_stock($$ SELECT (SELECT v FROM syn_view FOR SYSTEM_TIME AS OF at) FROM syn_order $$);
SELECT syn_stock($$ SELECT e.id FROM syn_view FOR SYSTEM_TIME AS OF at e $$);
SELECT syn_stock($$ SELECT e.id FROM syn_view FOR SYSTEM_TIME AS OF (SELECT max(at) FROM syn_order WHERE id = 1) e $$);
CREATE FUNCTION syn_plpgsql(at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT count(*) FROM syn_view FOR SYSTEM_TIME AS OF at);
END $$;
SELECT syn_plpgsql(now());
DROP FUNCTION syn_plpgsql;

-- In statements of every kind: this one has no column "no", and every error is
-- at it
WITH w AS (SELECT no FROM syn_view AS OF NOW) SELECT 1;
SELECT (SELECT no FROM syn_view AS OF NOW);
SELECT id FROM syn_order UNION SELECT no FROM syn_view AS OF NOW;
INSERT INTO syn_order (id) SELECT no FROM syn_view AS OF NOW;
UPDATE syn_order o SET id = e.no FROM syn_view AS OF NOW e;
DELETE FROM syn_order USING syn_view AS OF NOW e WHERE e.no = 1;
MERGE INTO syn_order o USING syn_view AS OF NOW e ON e.no = o.id WHEN MATCHED THEN DELETE;
CREATE VIEW syn_other AS SELECT no FROM syn_view AS OF NOW;
CREATE MATERIALIZED VIEW syn_other AS SELECT no FROM syn_view AS OF NOW;
CREATE TABLE syn_other AS SELECT no FROM syn_view AS OF NOW;
COPY (SELECT no FROM syn_view AS OF NOW) TO stdout;
DECLARE c CURSOR FOR SELECT no FROM syn_view AS OF NOW;
EXPLAIN SELECT no FROM syn_view AS OF NOW;
PREPARE p AS SELECT no FROM syn_view AS OF NOW;
CREATE FUNCTION syn_f() RETURNS integer LANGUAGE sql AS 'SELECT no FROM syn_view AS OF NOW';
CREATE FUNCTION syn_f() RETURNS integer LANGUAGE sql RETURN (SELECT no FROM syn_view AS OF NOW);
SELECT 1 AS one\; SELECT no FROM syn_view AS OF NOW;
DO $$ BEGIN PERFORM no FROM syn_view AS OF NOW; END $$;

-- A name that WITH defines is not the view
WITH syn_view AS (SELECT 1) SELECT * FROM syn_view AS OF NOW;
SELECT syn_stock($$ WITH syn_view AS (SELECT 1) SELECT e.id FROM public.syn_view AS OF NOW e $$);

-- What has no versions, in words of what was typed (42809)
SELECT * FROM syn_stored FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT 'a' FROM public.syn_stored AS OF NOW;
SELECT * FROM syn_sequence AS OF NOW;
\echo :SQLSTATE
SELECT * FROM syn_view VERSIONS BETWEEN SCN 1 AND 2;
\echo :SQLSTATE
SELECT * FROM syn_stored VERSIONS BETWEEN SCN 1 AND 2;
SET ROLE NONE;
CREATE FOREIGN DATA WRAPPER syn_wrapper;
CREATE SERVER syn_server FOREIGN DATA WRAPPER syn_wrapper;
CREATE FOREIGN TABLE syn_foreign (id integer) SERVER syn_server;
SELECT * FROM syn_foreign FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM syn_foreign VERSIONS BETWEEN SCN 1 AND 2;
DROP FOREIGN DATA WRAPPER syn_wrapper CASCADE;
RESET ROLE;

-- Targets are no references
UPDATE syn_view FOR SYSTEM_TIME ALL SET v = 'b';
DELETE FROM syn_view AS OF NOW;

-- In an aborted transaction nothing is looked up
BEGIN;
SELECT 1 / 0;
SELECT * FROM syn_view FOR SYSTEM_TIME ALL;
SELECT * FROM syn_stored FOR SYSTEM_TIME ALL;
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT 1 / 0;
SELECT * FROM syn_stored FOR SYSTEM_TIME ALL;
ROLLBACK TO s;
SELECT * FROM syn_stored FOR SYSTEM_TIME ALL;
ROLLBACK;

-- A schema that may not be used is refused by name, and a function's
-- definition looks at no rights
SET ROLE NONE;
CREATE SCHEMA syn_closed;
CREATE VIEW syn_closed.syn_view AS SELECT 1 AS id;
RESET ROLE;
SELECT id FROM syn_closed.syn_view FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
CREATE FUNCTION syn_f() RETURNS integer LANGUAGE plpgsql AS
	'BEGIN RETURN (SELECT id FROM syn_closed.syn_view FOR SYSTEM_TIME ALL); END';
DROP FUNCTION syn_f;
SET ROLE NONE;
DROP SCHEMA syn_closed CASCADE;
RESET ROLE;

-- A temporary view comes first
CREATE TEMP VIEW syn_view AS SELECT 1 AS id;
SELECT syn_stock($$ SELECT id FROM pg_temp.syn_view AS OF NOW $$) = syn_stock($$ SELECT id FROM syn_view AS OF NOW $$) AS same;
DROP VIEW pg_temp.syn_view;

-- A view made in the same string is not there yet when the string is parsed
CREATE VIEW syn_late AS SELECT 1 AS id\; SELECT id FROM syn_late AS OF NOW;
\echo :SQLSTATE

DROP FUNCTION syn_stock;
SET client_min_messages = warning;
DROP SCHEMA "syn Schema" CASCADE;
DROP TABLE syn_item, syn_order CASCADE;
DROP SEQUENCE syn_sequence;
