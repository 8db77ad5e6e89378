--
-- FOR SYSTEM_TIME wherever a table can stand in FROM
--
CREATE TABLE emp (id integer PRIMARY KEY, name text, dept integer) WITH SYSTEM VERSIONING;
CREATE TABLE dept (id integer PRIMARY KEY, name text) WITH SYSTEM VERSIONING;
CREATE TABLE hired (emp integer, at timestamptz);
INSERT INTO dept VALUES (1, 'Sales'), (2, 'Lab');
INSERT INTO emp VALUES (1, 'Ann', 1), (2, 'Bob', 2), (3, 'Cid', NULL);
SELECT clock_timestamp() AS then \gset
INSERT INTO hired SELECT id, :'then' FROM emp;
UPDATE dept SET name = 'Research' WHERE id = 2;
UPDATE emp SET dept = 1 WHERE id = 2;
DELETE FROM emp WHERE id = 3;
INSERT INTO emp VALUES (4, 'Dan', 2);
DELETE FROM dept WHERE id = 1;
INSERT INTO hired SELECT 4, clock_timestamp();

-- Joins of every kind, with one time, with two, with the present
SELECT e.name, d.name FROM emp FOR SYSTEM_TIME AS OF :'then' e JOIN dept FOR SYSTEM_TIME AS OF :'then' d ON d.id = e.dept ORDER BY 1;
SELECT e.name, d.name FROM emp FOR SYSTEM_TIME AS OF :'then' e LEFT JOIN dept d ON d.id = e.dept ORDER BY 1;
SELECT e.name, d.name FROM emp e RIGHT JOIN dept FOR SYSTEM_TIME AS OF :'then' d ON d.id = e.dept ORDER BY 1, 2;
SELECT e.name, d.name FROM emp FOR SYSTEM_TIME AS OF :'then' e FULL JOIN dept d ON d.id = e.dept ORDER BY 1, 2;
SELECT o.name AS then, n.name AS now FROM emp FOR SYSTEM_TIME AS OF :'then' o FULL JOIN emp n USING (id) ORDER BY id;
SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF :'then' e CROSS JOIN dept FOR SYSTEM_TIME ALL d;
SELECT name FROM emp FOR SYSTEM_TIME AS OF :'then' NATURAL JOIN (SELECT id FROM emp) e ORDER BY 1;
SELECT e.name, d.name
FROM (emp FOR SYSTEM_TIME AS OF :'then' e LEFT JOIN dept FOR SYSTEM_TIME AS OF :'then' d ON d.id = e.dept)
     LEFT JOIN dept n ON n.id = d.id WHERE n.id IS NULL ORDER BY 1;
-- the clause belongs to its table below an outer join: what it drops is NULL
SELECT e.name, d.name FROM emp e LEFT JOIN dept FOR SYSTEM_TIME AS OF '2000-01-01' d ON d.id = e.dept ORDER BY 1;
SELECT n.name AS now, o.name AS then FROM emp n LEFT JOIN emp FOR SYSTEM_TIME AS OF :'then' o ON o.id = n.id AND o.dept = n.dept ORDER BY 1;

-- The time from columns of tables to the left
SELECT h.emp, e.name, e.dept FROM hired h JOIN emp FOR SYSTEM_TIME AS OF h.at e ON e.id = h.emp ORDER BY 1;
SELECT h.emp, e.name, d.name
FROM hired h LEFT JOIN emp FOR SYSTEM_TIME AS OF h.at e ON e.id = h.emp
     LEFT JOIN dept FOR SYSTEM_TIME AS OF h.at d ON d.id = e.dept ORDER BY 1;
SELECT h.emp, e.name FROM hired h, emp FOR SYSTEM_TIME AS OF h.at - interval '1 day' e WHERE e.id = h.emp;
SELECT h.emp, e.name FROM hired h, LATERAL (SELECT name FROM emp FOR SYSTEM_TIME AS OF h.at e WHERE e.id = h.emp) e ORDER BY 1;
SELECT e.name, count(*) FROM emp e JOIN emp FOR SYSTEM_TIME FROM e.sys_start TO e.sys_end o ON true GROUP BY 1 ORDER BY 1;
SELECT h.emp, (SELECT name FROM emp FOR SYSTEM_TIME AS OF h.at e WHERE e.id = h.emp) FROM hired h ORDER BY 1;
SELECT emp FROM hired h WHERE EXISTS (SELECT FROM emp FOR SYSTEM_TIME AS OF h.at e WHERE e.id = h.emp AND e.dept IS NULL);
SELECT v.n, count(e.*) FROM (VALUES (1, timestamptz :'then'), (2, NULL), (3, now())) AS v (n, at)
     LEFT JOIN emp FOR SYSTEM_TIME AS OF v.at e ON true GROUP BY 1 ORDER BY 1;
-- (a NULL time joins nothing, as NULL does in any join)

-- Sub-selects, WITH, set operations
SELECT name FROM (SELECT * FROM emp FOR SYSTEM_TIME AS OF :'then') e ORDER BY 1;
SELECT name FROM emp WHERE id IN (SELECT id FROM emp FOR SYSTEM_TIME AS OF :'then') ORDER BY 1;
SELECT name FROM emp FOR SYSTEM_TIME AS OF :'then' WHERE id NOT IN (SELECT id FROM emp) ORDER BY 1;
SELECT name, (SELECT count(*) FROM emp FOR SYSTEM_TIME ALL h WHERE h.id = e.id) AS versions FROM emp e ORDER BY 1;
SELECT ARRAY(SELECT name FROM emp FOR SYSTEM_TIME AS OF :'then' ORDER BY 1);
WITH past AS (SELECT * FROM emp FOR SYSTEM_TIME AS OF :'then') SELECT name FROM past ORDER BY 1;
WITH past AS MATERIALIZED (SELECT * FROM emp FOR SYSTEM_TIME AS OF :'then') SELECT a.name FROM past a JOIN past b USING (id) ORDER BY 1;
WITH RECURSIVE r AS (
	SELECT id, name FROM emp FOR SYSTEM_TIME AS OF :'then' WHERE id = 1
	UNION ALL
	SELECT e.id, e.name FROM r JOIN emp FOR SYSTEM_TIME AS OF :'then' e ON e.id = r.id + 1)
SELECT name FROM r;
SELECT name FROM emp FOR SYSTEM_TIME AS OF :'then' EXCEPT SELECT name FROM emp;
SELECT id, dept FROM emp FOR SYSTEM_TIME AS OF :'then' INTERSECT SELECT id, dept FROM emp;
(SELECT name FROM emp FOR SYSTEM_TIME AS OF :'then' UNION SELECT name FROM dept FOR SYSTEM_TIME ALL) ORDER BY 1;
SELECT dept, count(*) FROM emp FOR SYSTEM_TIME AS OF :'then' GROUP BY ROLLUP (dept) HAVING count(*) > 0 ORDER BY 1, 2;
SELECT name, row_number() OVER (ORDER BY name DESC) FROM emp FOR SYSTEM_TIME AS OF :'then' ORDER BY 2 LIMIT 2;
SELECT DISTINCT ON (id) id, name FROM emp FOR SYSTEM_TIME ALL ORDER BY id, sys_start DESC;

-- Whole rows, stars, names
SELECT e IS NOT NULL AS whole, (e).name FROM emp FOR SYSTEM_TIME AS OF :'then' e WHERE id = 1;
SELECT to_jsonb(e) - 'sys_start' - 'sys_end' AS row FROM emp FOR SYSTEM_TIME AS OF :'then' e ORDER BY id;
SELECT (SELECT row_to_json(x) FROM (SELECT e.id, e.name) x) FROM emp FOR SYSTEM_TIME AS OF :'then' AS e ORDER BY e.id;
SELECT pg_typeof(e) AS type_of_row FROM emp FOR SYSTEM_TIME AS OF :'then' e WHERE id = 1;
CREATE FUNCTION emp_label(emp) RETURNS text LANGUAGE sql AS $$ SELECT $1.name || '/' || coalesce($1.dept::text, '-') $$;
SELECT emp_label(e), e.emp_label FROM emp FOR SYSTEM_TIME AS OF :'then' e ORDER BY 1;
SELECT emp.name FROM emp FOR SYSTEM_TIME AS OF :'then' WHERE emp.id = 1;
SELECT "Period End", k FROM emp FOR SYSTEM_TIME AS OF :'then' AS "E" (k, "N", d, "S", "Period End") WHERE k = 1 AND "E"."Period End" = 'infinity';
SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF :'then' e1, emp FOR SYSTEM_TIME AS OF '2000-01-01' e2;

-- INSERT ... SELECT, UPDATE ... FROM, DELETE ... USING, MERGE ... USING
CREATE TABLE copy_of_emp (id integer, name text, dept integer);
INSERT INTO copy_of_emp SELECT id, name, dept FROM emp FOR SYSTEM_TIME AS OF :'then';
UPDATE copy_of_emp c SET name = n.name || '!' FROM emp n JOIN emp FOR SYSTEM_TIME AS OF :'then' o USING (id) WHERE c.id = n.id;
DELETE FROM copy_of_emp c USING emp FOR SYSTEM_TIME AS OF :'then' o WHERE o.id = c.id AND o.dept IS NULL;
MERGE INTO copy_of_emp c USING emp FOR SYSTEM_TIME AS OF :'then' o ON o.id = c.id
WHEN MATCHED THEN UPDATE SET dept = 10 * o.dept
WHEN NOT MATCHED THEN INSERT VALUES (o.id, o.name, -1);
SELECT * FROM copy_of_emp ORDER BY id;
INSERT INTO copy_of_emp VALUES ((SELECT max(id) FROM emp FOR SYSTEM_TIME AS OF :'then') + 100, 'computed') RETURNING id;
UPDATE copy_of_emp SET dept = (SELECT dept FROM emp FOR SYSTEM_TIME AS OF :'then' e WHERE e.id = copy_of_emp.id)
RETURNING id, (SELECT count(*) FROM emp FOR SYSTEM_TIME ALL h WHERE h.id = copy_of_emp.id) AS versions;

-- Views keep it in stock form, and it is part of them
CREATE VIEW emp_then AS SELECT id, name FROM emp FOR SYSTEM_TIME AS OF '2000-01-01 00:00+00' e;
SELECT stored[1] FROM regexp_matches(pg_get_viewdef('emp_then'), 'TABLESAMPLE [^)]*\)', 'g') AS stored;
SELECT count(*) FROM emp_then;
CREATE VIEW emp_history_of AS SELECT id, name, sys_start, sys_end FROM emp FOR SYSTEM_TIME ALL;
SELECT stored[1] FROM regexp_matches(pg_get_viewdef('emp_history_of'), 'TABLESAMPLE [^)]*\)', 'g') AS stored;
SELECT id, name FROM emp_history_of ORDER BY id, sys_start;
CREATE VIEW emp_since AS SELECT e.name, h.at FROM hired h JOIN emp FOR SYSTEM_TIME AS OF h.at e ON e.id = h.emp;
SELECT stored[1] FROM regexp_matches(pg_get_viewdef('emp_since'), 'TABLESAMPLE [^)]*\)', 'g') AS stored;
SELECT name FROM emp_since ORDER BY 1;
CREATE VIEW emp_range AS
	SELECT e.name FROM emp FOR SYSTEM_TIME FROM '-infinity' TO 'infinity' e
	UNION ALL SELECT d.name FROM dept FOR SYSTEM_TIME BETWEEN SYMMETRIC 'infinity' AND '-infinity' d
	UNION ALL SELECT d.name FROM dept FOR SYSTEM_TIME CONTAINED IN ('-infinity', 'infinity') AS d WHERE d.id = 1;
SELECT stored[1] FROM regexp_matches(pg_get_viewdef('emp_range'), 'TABLESAMPLE [^)]*\)', 'g') AS stored;
SELECT name, count(*) FROM emp_range GROUP BY 1 ORDER BY 1;
-- what a view prints, makes the same view again
DO $$
BEGIN
	EXECUTE 'CREATE VIEW emp_range_again AS ' || pg_get_viewdef('emp_range');
END $$;
SELECT pg_get_viewdef('emp_range') = pg_get_viewdef('emp_range_again') AS same;
CREATE RECURSIVE VIEW emp_chain (id, name) AS
	SELECT id, name FROM emp FOR SYSTEM_TIME ALL WHERE id = 1
	UNION SELECT e.id, e.name FROM emp_chain c JOIN emp FOR SYSTEM_TIME ALL e ON e.id = c.id + 1;
SELECT name FROM emp_chain ORDER BY 1;
-- a view over the past cannot be written
DELETE FROM emp_history_of;
\echo :SQLSTATE
CREATE MATERIALIZED VIEW emp_stored AS SELECT id, name FROM emp FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
UPDATE emp SET name = 'Dana' WHERE id = 4;
SELECT count(*) FROM emp_stored;
REFRESH MATERIALIZED VIEW emp_stored;
SELECT count(*) FROM emp_stored;
CREATE TABLE emp_as AS SELECT id, name FROM emp FOR SYSTEM_TIME AS OF :'then' ORDER BY id;
SELECT * FROM emp_as;
SELECT id, name INTO emp_into FROM emp FOR SYSTEM_TIME AS OF :'then';
SELECT count(*) FROM emp_into;
CREATE TEMP TABLE emp_temp AS TABLE emp_as;
CREATE RULE hired_rule AS ON DELETE TO hired DO INSTEAD SELECT name FROM emp FOR SYSTEM_TIME AS OF OLD.at e WHERE e.id = OLD.emp ORDER BY 1;
DELETE FROM hired;
DROP RULE hired_rule ON hired;

-- Cursors, COPY, EXPLAIN, VALUES
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT name FROM emp FOR SYSTEM_TIME AS OF :'then' ORDER BY id;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
MOVE LAST FROM c;
FETCH RELATIVE 0 FROM c;
DECLARE held CURSOR WITH HOLD FOR SELECT name FROM emp FOR SYSTEM_TIME AS OF :'then' ORDER BY id;
COMMIT;
FETCH ALL FROM held;
CLOSE held;
COPY (SELECT id, name FROM emp FOR SYSTEM_TIME AS OF :'then' ORDER BY id) TO stdout (FORMAT csv);
VALUES ((SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF :'then'), (SELECT count(*) FROM emp));

-- Prepared statements: custom plans, a generic plan, types of parameters
PREPARE at (timestamptz, integer) AS SELECT name, dept FROM emp FOR SYSTEM_TIME AS OF $1 e WHERE e.id = $2;
SET plan_cache_mode = force_custom_plan;
EXECUTE at (:'then', 2);
EXECUTE at (clock_timestamp(), 2);
SET plan_cache_mode = force_generic_plan;
EXECUTE at (:'then', 2);
EXECUTE at (clock_timestamp(), 2);
EXECUTE at ('2000-01-01', 2);
RESET plan_cache_mode;
PREPARE untyped AS SELECT count(*) FROM emp FOR SYSTEM_TIME FROM $1 TO $2;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'untyped';
EXECUTE untyped ('-infinity', 'infinity');
PREPARE days (integer) AS SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF now() + $1 * interval '1 day';
EXECUTE days (1);
EXECUTE days (-1);

-- A cached plan sees what changes: the time passes, rows come
SET plan_cache_mode = force_generic_plan;
PREPARE present AS SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF clock_timestamp();
EXECUTE present;
INSERT INTO emp VALUES (5, 'Eve', 2);
EXECUTE present;
DELETE FROM emp WHERE id = 5;
EXECUTE present;
-- ... and a table that is versioned no more, or again
PREPARE everything AS SELECT count(*) FROM dept FOR SYSTEM_TIME ALL;
EXECUTE everything;
ALTER TABLE dept DROP SYSTEM VERSIONING CASCADE;
EXECUTE everything;
ALTER TABLE dept ADD SYSTEM VERSIONING;
EXECUTE everything;
UPDATE dept SET name = 'Lab';
EXECUTE everything;
RESET plan_cache_mode;
DEALLOCATE ALL;

-- SQL functions: strings, BEGIN ATOMIC, inlined or not, scalar or a set
CREATE FUNCTION names_at(t timestamptz) RETURNS SETOF text STABLE LANGUAGE sql AS
$$ SELECT name FROM emp FOR SYSTEM_TIME AS OF t ORDER BY id $$;
CREATE FUNCTION names_at_atomic(t timestamptz) RETURNS SETOF text STABLE LANGUAGE sql
BEGIN ATOMIC
	SELECT name FROM emp FOR SYSTEM_TIME AS OF t ORDER BY id;
END;
CREATE FUNCTION emp_at(timestamptz) RETURNS SETOF emp STABLE LANGUAGE sql AS
$$ SELECT * FROM emp FOR SYSTEM_TIME AS OF $1 $$;
CREATE FUNCTION how_many(t timestamptz) RETURNS bigint LANGUAGE sql RETURN
	(SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF t);
CREATE FUNCTION how_many_volatile(t timestamptz) RETURNS bigint VOLATILE LANGUAGE sql AS
$$ SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF $1 $$;
SELECT * FROM names_at(:'then');
SELECT * FROM names_at_atomic(:'then');
SELECT names_at('2000-01-01');
SELECT id, name FROM emp_at(:'then') ORDER BY id;
SELECT e.id, e.name FROM hired h, emp_at(h.at) e WHERE e.id = h.emp ORDER BY 1;
SELECT how_many(:'then'), how_many_volatile(:'then'), how_many(NULL);
\echo :SQLSTATE
SELECT how_many(at) FROM hired ORDER BY at;
SELECT stored[1] FROM regexp_matches(pg_get_functiondef('how_many'::regproc), 'TABLESAMPLE [^)]*\)', 'g') AS stored;
CREATE FUNCTION nested_at(t timestamptz) RETURNS TABLE (n text) STABLE LANGUAGE sql AS
$$ SELECT name FROM emp_at(t) WHERE id IN (SELECT id FROM emp_at(t)) ORDER BY 1 $$;
SELECT * FROM nested_at(:'then');
CREATE FUNCTION write_from_past(t timestamptz) RETURNS bigint LANGUAGE sql AS
$$ WITH c AS (INSERT INTO copy_of_emp SELECT id, name, 0 FROM emp FOR SYSTEM_TIME AS OF t RETURNING 1) SELECT count(*) FROM c $$;
SELECT write_from_past(:'then');

-- PL/pgSQL: static, dynamic, loops, variables as times
CREATE FUNCTION pl_at(t timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	n integer;
	result text := '';
	since interval := interval '0';
BEGIN
	SELECT count(*) INTO n FROM emp FOR SYSTEM_TIME AS OF t - since;
	FOR r IN SELECT * FROM emp FOR SYSTEM_TIME AS OF t e ORDER BY id LOOP
		result := result || r.name || ' ';
	END LOOP;
	IF EXISTS (SELECT FROM emp FOR SYSTEM_TIME AS OF t WHERE id = 3) THEN
		result := result || 'with Cid ';
	END IF;
	n := n + (SELECT count(*) FROM dept FOR SYSTEM_TIME AS OF 'infinity');
	EXECUTE 'SELECT $2 || count(*)::text FROM emp FOR SYSTEM_TIME AS OF $1' INTO result USING t, result;
	PERFORM 1 FROM emp FOR SYSTEM_TIME AS OF t;
	RETURN result || ' ' || n;
END $$;
SELECT pl_at(:'then');
SELECT pl_at(clock_timestamp());
CREATE FUNCTION pl_set(t timestamptz) RETURNS SETOF emp LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT * FROM emp FOR SYSTEM_TIME AS OF t ORDER BY id;
END $$;
SELECT id, name FROM pl_set(:'then');

-- In functions that defaults and constraints call
CREATE FUNCTION emp_was(k integer, t timestamptz) RETURNS text STABLE LANGUAGE sql AS
$$ SELECT name FROM emp FOR SYSTEM_TIME AS OF t e WHERE e.id = k $$;
CREATE TABLE uses (id integer, name text DEFAULT emp_was(1, now()), CHECK (emp_was(id, 'infinity') IS NOT NULL));
INSERT INTO uses VALUES (1);
INSERT INTO uses VALUES (99);
\echo :SQLSTATE
SELECT * FROM uses;

-- The time itself from the past of another table
SELECT name FROM emp FOR SYSTEM_TIME AS OF (SELECT min(sys_start) FROM emp FOR SYSTEM_TIME ALL e) ORDER BY 1;
SELECT name FROM emp FOR SYSTEM_TIME AS OF (SELECT max(sys_end) - interval '1 microsecond' FROM emp FOR SYSTEM_TIME ALL e WHERE id = 3) ORDER BY 1;

-- Sub-selects wherever a statement can have one
CREATE TABLE visit (id integer PRIMARY KEY, at timestamptz, n integer);
INSERT INTO visit SELECT g, :'then' FROM generate_series(1, 3) g;
INSERT INTO visit VALUES (1) ON CONFLICT (id) DO UPDATE SET n = (SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF visit.at) RETURNING n;
UPDATE visit SET n = 10 + (SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF visit.at)
WHERE id IN (SELECT id FROM emp FOR SYSTEM_TIME AS OF visit.at) AND id > 1 RETURNING id, n;
MERGE INTO visit USING (SELECT 1) s ON visit.id = 2
WHEN MATCHED AND (SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF visit.at) = 3 THEN
	UPDATE SET n = (SELECT max(id) FROM emp FOR SYSTEM_TIME AS OF visit.at);
SELECT n FROM visit WHERE id = 2;
SELECT id FROM emp ORDER BY (SELECT count(*) FROM emp FOR SYSTEM_TIME ALL h WHERE h.id = emp.id), id
LIMIT (SELECT count(*) FROM emp FOR SYSTEM_TIME AS OF :'then');
SELECT count(*) FILTER (WHERE g IN (SELECT id FROM emp FOR SYSTEM_TIME AS OF :'then')) FROM generate_series(1, 5) g;
CREATE VIEW visit_of_emp AS SELECT * FROM visit WHERE id IN (SELECT id FROM emp FOR SYSTEM_TIME AS OF at) WITH CHECK OPTION;
\set VERBOSITY terse
UPDATE visit_of_emp SET at = '2000-01-01' WHERE id = 3;
\echo :SQLSTATE
\set VERBOSITY default

-- The table itself as it was
UPDATE emp SET dept = o.dept FROM emp FOR SYSTEM_TIME AS OF :'then' o WHERE o.id = emp.id RETURNING emp.id, emp.dept;
DELETE FROM emp USING emp FOR SYSTEM_TIME AS OF :'then' o WHERE o.id = emp.id AND o.name = 'Ann' RETURNING emp.name;
WITH back AS (INSERT INTO emp (id, name, dept) SELECT id, name, dept FROM emp FOR SYSTEM_TIME AS OF :'then'
	ON CONFLICT (id) DO NOTHING RETURNING name)
SELECT name FROM back ORDER BY 1;

-- Functions beside others in FROM
SELECT min(f.ord), max(f.ord), count(f.name) FROM emp_at(:'then') WITH ORDINALITY f (id, name, dept, s, e, ord);
SELECT count(*) FROM ROWS FROM (emp_at(:'then'), generate_series(1, 4)) AS f;
SELECT count(e.id), count(*) FROM generate_series(1, 5) g LEFT JOIN emp_at(:'then') e ON e.id = g;
SELECT (emp_at(:'then')).name ORDER BY 1;
