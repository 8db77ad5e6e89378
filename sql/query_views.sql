--
-- FOR SYSTEM_TIME on views: the clause is meant for every system-versioned
-- table inside that has none of its own
--
CREATE TABLE qv_emp (id integer PRIMARY KEY, name text, dept integer) WITH SYSTEM VERSIONING;
CREATE TABLE qv_dept (id integer PRIMARY KEY, name text) WITH SYSTEM VERSIONING;
CREATE TABLE qv_note (id integer PRIMARY KEY, note text);
CREATE TABLE qv_instant (n integer PRIMARY KEY, at timestamptz);
INSERT INTO qv_dept VALUES (1, 'Sales'), (2, 'Lab');
INSERT INTO qv_emp VALUES (1, 'Ann', 1), (2, 'Bob', 2), (3, 'Cid', NULL);
INSERT INTO qv_note VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO qv_instant VALUES (1, clock_timestamp());
SELECT at AS then FROM qv_instant \gset
UPDATE qv_dept SET name = 'Research' WHERE id = 2;
UPDATE qv_emp SET dept = 1 WHERE id = 2;
DELETE FROM qv_emp WHERE id = 3;
INSERT INTO qv_emp VALUES (4, 'Dan', 2);
INSERT INTO qv_instant VALUES (2, clock_timestamp());

CREATE VIEW qv AS SELECT e.id, e.name, d.name AS dept, p.note
FROM qv_emp e LEFT JOIN qv_dept d ON d.id = e.dept LEFT JOIN qv_note p ON p.id = e.id;

-- Both forms, every clause; what is not versioned is read as it is
SELECT * FROM qv ORDER BY id;
SELECT * FROM qv FOR SYSTEM_TIME AS OF :'then' ORDER BY id;
SELECT * FROM (SELECT * FROM qv WHERE temporal.as_of(:'then')) AS qv ORDER BY id;
SELECT id, name, dept FROM qv FOR SYSTEM_TIME ALL ORDER BY 1, 3;
SELECT id, name, dept FROM qv FOR SYSTEM_TIME FROM '-infinity' TO :'then' ORDER BY 1, 3;
SELECT count(*) FROM (SELECT * FROM qv WHERE temporal.from_to(:'then', :'then')) v;
SELECT count(*) FROM qv FOR SYSTEM_TIME BETWEEN '-infinity' AND 'infinity';
SELECT count(*) FROM (SELECT * FROM qv WHERE temporal.between_and('-infinity', 'infinity')) v;
SELECT count(*) FROM (SELECT * FROM qv WHERE temporal.between_symmetric('infinity', '-infinity')) v;
SELECT id, name, dept FROM qv FOR SYSTEM_TIME CONTAINED IN ('-infinity', clock_timestamp()) ORDER BY 1, 3;
SELECT count(*) FROM (SELECT * FROM qv WHERE temporal.contained_in('-infinity', 'infinity')) v;
SELECT id, name FROM qv FOR SYSTEM_TIME AS OF NOW ORDER BY 1;
SELECT v.name AS then, n.name AS now FROM qv FOR SYSTEM_TIME AS OF :'then' v FULL JOIN qv n USING (id) ORDER BY id;
-- a marker is for tables as well, and beside other conditions
SELECT id, name FROM (SELECT * FROM qv_emp WHERE temporal.as_of(:'then')) e ORDER BY 1;
SELECT e.name, d.name FROM qv_emp e JOIN qv_dept d ON d.id = e.dept
WHERE e.id < 9 AND (e.id > 1 AND temporal.as_of(:'then')) AND d.id > 0;

-- Views of every kind
CREATE VIEW qv_of_view AS SELECT * FROM qv WHERE id > 1;
CREATE VIEW qv_grouped AS SELECT dept, count(*), max(name) FROM qv GROUP BY dept;
CREATE VIEW qv_union AS SELECT name FROM qv_emp UNION SELECT name FROM qv_dept EXCEPT SELECT 'Ann';
CREATE VIEW qv_recursive AS WITH RECURSIVE r AS (
	SELECT id, name FROM qv_emp WHERE id = 1
	UNION ALL
	SELECT e.id, e.name FROM r JOIN qv_emp e ON e.id = r.id + 1)
SELECT * FROM r;
CREATE VIEW qv_with AS WITH e AS MATERIALIZED (SELECT * FROM qv_emp) SELECT a.name, count(*) FROM e a JOIN e b ON a.id <= b.id GROUP BY 1;
CREATE VIEW qv_sublinks AS SELECT id, (SELECT name FROM qv_dept d WHERE d.id = e.dept) AS dept,
	ARRAY(SELECT name FROM qv_dept ORDER BY name) AS depts
FROM qv_emp e WHERE EXISTS (SELECT FROM qv_emp x WHERE x.id = e.id) AND e.id IN (SELECT id FROM qv_emp);
CREATE VIEW qv_lateral AS SELECT d.name, e.names FROM qv_dept d CROSS JOIN LATERAL
	(SELECT string_agg(e.name, ' ' ORDER BY e.id) AS names FROM qv_emp e WHERE e.dept = d.id) e;
CREATE FUNCTION qv_function() RETURNS SETOF qv_emp LANGUAGE sql STABLE AS 'SELECT * FROM qv_emp';
CREATE VIEW qv_inlined AS SELECT name FROM qv_function();
CREATE VIEW qv_window AS SELECT name, row_number() OVER (ORDER BY name DESC) FROM qv_emp ORDER BY 2 LIMIT 2;
SELECT * FROM qv_of_view FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT * FROM qv_grouped FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT * FROM qv_union FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT * FROM qv_recursive FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT * FROM qv_with FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT * FROM qv_sublinks FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT * FROM qv_lateral FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT * FROM qv_inlined FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT * FROM qv_window FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;

-- What is written inside wins, and counts as something to apply the clause to
CREATE VIEW qv_mixed AS SELECT p.name AS past, n.name AS now
FROM qv_emp FOR SYSTEM_TIME AS OF '2000-01-01' p FULL JOIN qv_emp n USING (id);
CREATE VIEW qv_pinned AS SELECT name FROM qv_emp FOR SYSTEM_TIME AS OF NOW;
CREATE VIEW qv_nested AS SELECT e.name, d.name AS dept
FROM qv_emp e LEFT JOIN (SELECT * FROM qv_dept WHERE temporal.as_of('infinity')) d ON d.id = e.dept;
CREATE VIEW qv_of_nested AS SELECT * FROM qv_nested FOR SYSTEM_TIME AS OF '2000-01-01';
SELECT * FROM qv_mixed FOR SYSTEM_TIME AS OF :'then' ORDER BY 2;
SELECT * FROM qv_pinned FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT * FROM qv_nested FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT count(*) FROM qv_of_nested FOR SYSTEM_TIME AS OF :'then';
SELECT a.name, b.name FROM qv FOR SYSTEM_TIME AS OF :'then' a JOIN (SELECT * FROM qv_of_view FOR SYSTEM_TIME AS OF NOW) b USING (id);
CREATE VIEW qv_versions AS SELECT name, versions_operation AS op FROM qv_emp VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE;
SELECT * FROM qv_versions FOR SYSTEM_TIME AS OF '2000-01-01' ORDER BY 1, 2;

-- Stored views: the marker is what is stored, and what pg_dump prints
CREATE VIEW qv_stored AS SELECT v.name FROM qv FOR SYSTEM_TIME AS OF TIMESTAMP '2000-01-01' v;
SELECT substring(pg_get_viewdef('qv_stored') from 'WHERE .*') AS condition;
SELECT * FROM qv_stored;
CREATE FUNCTION qv_atomic(t timestamptz) RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT count(*) FROM qv FOR SYSTEM_TIME AS OF t;
END;
SELECT qv_atomic(:'then'), qv_atomic('2000-01-01');
CREATE FUNCTION qv_plpgsql(t timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT string_agg(name, ' ' ORDER BY id) FROM qv FOR SYSTEM_TIME AS OF t);
END $$;
SELECT qv_plpgsql(at) FROM qv_instant ORDER BY n;

-- Partitioned tables, ONLY
CREATE TABLE qv_part (id integer, k integer, PRIMARY KEY (id, k)) WITH SYSTEM VERSIONING PARTITION BY LIST (k);
CREATE TABLE qv_part_1 PARTITION OF qv_part FOR VALUES IN (1);
CREATE TABLE qv_part_2 PARTITION OF qv_part FOR VALUES IN (2);
INSERT INTO qv_part VALUES (1, 1), (2, 2);
SELECT clock_timestamp() AS parted \gset
UPDATE qv_part SET k = 1;
CREATE VIEW qv_of_part AS SELECT id, k, 'all' AS part FROM qv_part
	UNION ALL SELECT id, k, 'one' FROM qv_part_1
	UNION ALL SELECT id, k, 'only' FROM ONLY qv_part;
SELECT * FROM qv_of_part FOR SYSTEM_TIME AS OF :'parted' ORDER BY 3, 1;

-- Times: parameters, generic plans, sub-selects, columns further left
PREPARE qv_past(timestamptz) AS SELECT name, dept FROM qv FOR SYSTEM_TIME AS OF $1 ORDER BY id;
EXECUTE qv_past(:'then');
SET plan_cache_mode = force_generic_plan;
EXECUTE qv_past(:'then');
EXECUTE qv_past('infinity');
RESET plan_cache_mode;
SELECT count(*) FROM qv FOR SYSTEM_TIME AS OF (SELECT at FROM qv_instant WHERE n = 1) WHERE name = 'Cid';
SELECT count(*) FROM qv_grouped FOR SYSTEM_TIME AS OF now() - interval '1 century';
SELECT i.n, v.id, v.name, v.dept FROM qv_instant i CROSS JOIN qv FOR SYSTEM_TIME AS OF i.at v ORDER BY 1, 2;
SELECT i.n, v.* FROM qv_instant i CROSS JOIN qv_grouped FOR SYSTEM_TIME AS OF i.at + interval '0' v ORDER BY 1, 2;
SELECT i.n, (SELECT string_agg(name, ' ' ORDER BY id) FROM qv_of_view FOR SYSTEM_TIME AS OF i.at) FROM qv_instant i ORDER BY 1;
SELECT i.n FROM qv_instant i WHERE EXISTS (SELECT FROM qv FOR SYSTEM_TIME AS OF i.at WHERE name = 'Cid');
SELECT i.n, count(v.id) FROM (VALUES (1, timestamptz :'then'), (2, NULL)) AS i (n, at) LEFT JOIN qv FOR SYSTEM_TIME AS OF i.at v ON true GROUP BY 1 ORDER BY 1;
SELECT (SELECT max(v.id) FROM (SELECT * FROM qv_grouped, qv WHERE temporal.as_of(max(i.at))) v) FROM qv_instant i;
-- the index is used with a time from a column, too
CREATE VIEW qv_plain AS SELECT e.id, e.name FROM qv_emp e;
CREATE FUNCTION qv_scans(query text) RETURNS SETOF text LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Loop|Append|Scan' THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END $$;
SELECT * FROM qv_scans('SELECT v.name FROM qv_instant i JOIN qv_plain FOR SYSTEM_TIME AS OF i.at v ON v.id = i.n WHERE i.n = 2');
-- a volatile time is computed once, however many tables there are
CREATE SEQUENCE qv_calls;
CREATE FUNCTION qv_volatile(t timestamptz) RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM nextval('qv_calls'); RETURN t; END $$;
SELECT name, dept FROM qv FOR SYSTEM_TIME AS OF qv_volatile(:'then') ORDER BY 1;
SELECT currval('qv_calls') AS calls;
SELECT count(*) FROM qv_sublinks FOR SYSTEM_TIME FROM qv_volatile('-infinity') TO qv_volatile('infinity');
SELECT currval('qv_calls') - 1 AS calls;
WITH RECURSIVE a AS (SELECT 1 AS n) SELECT count(*) FROM (WITH b AS (SELECT * FROM qv) SELECT * FROM b, a WHERE temporal.as_of(qv_volatile(:'then'))) v;
SELECT currval('qv_calls') - 3 AS calls;

-- Scope: FROM of the sub-select, its own WITH queries, and nothing else
SELECT v.name, v.now FROM (SELECT name, (SELECT count(*) FROM qv_emp WHERE name = 'Cid') AS now FROM qv_emp WHERE temporal.as_of(:'then')) v ORDER BY 1;
WITH outside AS (SELECT name FROM qv_emp) SELECT count(*) FROM (SELECT o.name FROM outside o, qv_emp e WHERE o.name = e.name AND temporal.as_of(:'then')) v;
SELECT count(*) FROM (WITH inside AS (SELECT name FROM qv_emp) SELECT o.name FROM inside o, qv_emp e WHERE o.name = e.name AND temporal.as_of(:'then')) v;
SELECT name FROM qv_emp e JOIN (SELECT id AS other FROM qv_emp WHERE temporal.as_of(:'then')) v ON v.other = e.id ORDER BY 1;
-- the tables of the time are not the view's
SELECT string_agg(name, ' ' ORDER BY id) FROM qv FOR SYSTEM_TIME AS OF (SELECT max(i.at) FROM qv_instant i, qv_emp e WHERE e.name = 'Cid' OR i.n = 1);

-- Wherever a table can stand
CREATE TABLE qv_copy AS SELECT id, name FROM qv FOR SYSTEM_TIME AS OF :'then';
UPDATE qv_copy SET name = v.dept FROM qv FOR SYSTEM_TIME AS OF :'then' v WHERE v.id = qv_copy.id AND v.dept IS NOT NULL;
DELETE FROM qv_copy USING qv FOR SYSTEM_TIME AS OF :'then' v WHERE v.id = qv_copy.id AND v.name = 'Cid';
MERGE INTO qv_copy c USING (SELECT * FROM qv FOR SYSTEM_TIME AS OF :'then') v ON v.id = c.id WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.name) WHEN MATCHED THEN UPDATE SET name = c.name || '!';
INSERT INTO qv_copy SELECT id + 10, name FROM qv FOR SYSTEM_TIME AS OF :'then';
SELECT * FROM qv_copy ORDER BY id;
CREATE MATERIALIZED VIEW qv_frozen AS SELECT name FROM qv FOR SYSTEM_TIME AS OF :'then';
SELECT count(*) FROM qv_frozen WHERE name = 'Cid';
BEGIN;
DECLARE qv_cursor CURSOR FOR SELECT name FROM qv FOR SYSTEM_TIME AS OF :'then' ORDER BY id;
FETCH 2 FROM qv_cursor;
UPDATE qv_emp SET name = 'Bill' WHERE id = 2;
FETCH ALL FROM qv_cursor;
ROLLBACK;
COPY (SELECT name FROM qv FOR SYSTEM_TIME AS OF TIMESTAMP '2000-01-01') TO STDOUT;
-- a view that cannot be written through because of its clause
CREATE VIEW qv_past_emp AS SELECT * FROM qv_emp WHERE temporal.as_of('infinity');
SELECT count(*) FROM qv_past_emp;
DELETE FROM qv_past_emp;
\echo :SQLSTATE
INSERT INTO qv_past_emp (id) VALUES (7);
DELETE FROM qv_emp WHERE id = 7;

-- Errors
CREATE VIEW qv_unversioned AS SELECT * FROM qv_note;
SELECT * FROM qv_unversioned FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
SELECT * FROM (SELECT * FROM qv_note WHERE temporal.all_versions(true)) v;
\echo :SQLSTATE
SELECT * FROM (SELECT * FROM qv_frozen WHERE temporal.all_versions(true)) v;
\echo :SQLSTATE
SELECT * FROM (SELECT * FROM qv_note a, qv_note b WHERE temporal.all_versions(true)) v;
\echo :SQLSTATE
SELECT * FROM (SELECT 1 WHERE temporal.all_versions(true)) v;
\echo :SQLSTATE
SELECT * FROM qv FOR SYSTEM_TIME AS OF NULL;
\echo :SQLSTATE
SELECT * FROM (SELECT * FROM qv WHERE temporal.as_of(qv.note::timestamptz)) v;
\echo :SQLSTATE
SELECT * FROM (SELECT * FROM qv WHERE temporal.as_of('infinity') AND temporal.all_versions(true)) v;
\echo :SQLSTATE
SELECT * FROM qv FOR SYSTEM_TIME AS OF 'infinity' FOR UPDATE;
\echo :SQLSTATE
SELECT n.note FROM qv FOR SYSTEM_TIME AS OF 'infinity', qv_note n WHERE n.id = qv.id AND n.id = 1 FOR UPDATE OF n;
CREATE VIEW qv_sampled AS SELECT * FROM qv_emp TABLESAMPLE system (100);
SELECT count(*) FROM qv_sampled FOR SYSTEM_TIME AS OF 'infinity';
\echo :SQLSTATE
CREATE VIEW qv_ctid AS SELECT ctid, id FROM qv_emp;
SELECT count(ctid) FROM qv_ctid FOR SYSTEM_TIME AS OF 'infinity';
\echo :SQLSTATE
CREATE VIEW qv_by_key AS SELECT id, name FROM qv_emp GROUP BY id;
SELECT count(*) FROM qv_by_key FOR SYSTEM_TIME AS OF 'infinity';
SELECT count(*) FROM qv_by_key FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
UPDATE qv_emp SET name = 'x' WHERE temporal.as_of('infinity');
\echo :SQLSTATE
WITH gone AS (DELETE FROM qv_copy RETURNING id) SELECT gone.id FROM gone, qv_emp e WHERE temporal.as_of('infinity');
\echo :SQLSTATE
-- a marker where it means nothing
SELECT * FROM qv WHERE temporal.as_of('infinity') OR true;
\echo :SQLSTATE
SELECT * FROM qv WHERE id = 1 AND NOT temporal.as_of('infinity');
\echo :SQLSTATE
SELECT count(*) FROM qv JOIN qv_note n ON temporal.as_of('infinity');
\echo :SQLSTATE
SELECT temporal.all_versions(true);
\echo :SQLSTATE
SELECT * FROM qv GROUP BY 1, 2, 3, 4 HAVING temporal.from_to('-infinity', 'infinity');
\echo :SQLSTATE

-- Privileges: those on the view; of the columns that are used
SET ROLE NONE;
CREATE ROLE regress_temporal_viewer;
GRANT USAGE ON SCHEMA public TO regress_temporal_viewer;
RESET ROLE;
GRANT SELECT (id, name) ON qv TO regress_temporal_viewer;
GRANT SELECT ON qv_instant TO regress_temporal_viewer;
CREATE VIEW qv_invoker WITH (security_invoker) AS SELECT id, name, dept FROM qv_emp;
GRANT SELECT ON qv_invoker TO regress_temporal_viewer;
SET ROLE regress_temporal_viewer;
SELECT id, name FROM qv FOR SYSTEM_TIME AS OF :'then' WHERE id > 1 ORDER BY 1;
SELECT count(*) FROM qv FOR SYSTEM_TIME AS OF 'infinity';
SELECT v.name FROM qv_instant i JOIN qv FOR SYSTEM_TIME AS OF i.at v ON v.id = i.n ORDER BY i.n;
SELECT dept FROM qv FOR SYSTEM_TIME AS OF 'infinity';
\echo :SQLSTATE
SELECT name FROM qv FOR SYSTEM_TIME AS OF 'infinity' ORDER BY dept;
\echo :SQLSTATE
SELECT v FROM qv FOR SYSTEM_TIME AS OF 'infinity' v;
\echo :SQLSTATE
SELECT v.id FROM (SELECT * FROM qv WHERE temporal.as_of('infinity') AND dept = 'Lab') v;
\echo :SQLSTATE
SELECT name FROM (VALUES (1, 'one')) AS i (id, note) NATURAL JOIN qv FOR SYSTEM_TIME AS OF 'infinity';
\echo :SQLSTATE
SELECT 1 FROM qv_of_view FOR SYSTEM_TIME AS OF 'infinity';
\echo :SQLSTATE
SELECT 1 FROM qv_invoker FOR SYSTEM_TIME AS OF 'infinity';
\echo :SQLSTATE
SELECT 1 FROM (SELECT * FROM qv_emp WHERE temporal.as_of('infinity')) e;
\echo :SQLSTATE
RESET ROLE;
GRANT SELECT (id, name, dept) ON qv_emp TO regress_temporal_viewer;
SET ROLE regress_temporal_viewer;
SELECT name FROM qv_invoker FOR SYSTEM_TIME AS OF :'then' ORDER BY 1;
SELECT name FROM (SELECT * FROM qv_emp WHERE temporal.as_of(:'then')) e ORDER BY 1;
SELECT sys_start FROM (SELECT * FROM qv_emp WHERE temporal.as_of('infinity')) e;
\echo :SQLSTATE
RESET ROLE;

-- Row-level security inside; a policy decides by what is now
CREATE TABLE qv_doc (id integer PRIMARY KEY, team text, body text) WITH SYSTEM VERSIONING;
CREATE TABLE qv_member (team text, who name, PRIMARY KEY (team, who)) WITH SYSTEM VERSIONING;
INSERT INTO qv_doc VALUES (1, 'red', 'first'), (2, 'blue', 'second');
INSERT INTO qv_member VALUES ('red', 'regress_temporal_viewer'), ('blue', 'regress_temporal_viewer');
SELECT clock_timestamp() AS member \gset
UPDATE qv_doc SET body = 'later ' || body;
DELETE FROM qv_member WHERE team = 'blue';
ALTER TABLE qv_doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY members ON qv_doc USING (EXISTS (SELECT FROM qv_member m WHERE m.team = qv_doc.team AND m.who = current_user));
CREATE VIEW qv_of_doc WITH (security_invoker) AS SELECT id, team, body FROM qv_doc;
GRANT SELECT ON qv_doc, qv_member, qv_of_doc TO regress_temporal_viewer;
SET ROLE regress_temporal_viewer;
SELECT * FROM qv_of_doc FOR SYSTEM_TIME AS OF :'member' ORDER BY 1;
SELECT * FROM qv_of_doc FOR SYSTEM_TIME ALL ORDER BY 1, 3;
RESET ROLE;

-- A security barrier: nothing that the view hides shows, not even how much it is
CREATE VIEW qv_barrier WITH (security_barrier) AS SELECT id, body FROM qv_doc WHERE team = 'red';
INSERT INTO qv_doc SELECT i, 'green', 'hidden' FROM generate_series(10, 19) i;
GRANT SELECT ON qv_barrier TO regress_temporal_viewer;
SET ROLE regress_temporal_viewer;
CREATE FUNCTION pg_temp.leak(text) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END $$;
CREATE FUNCTION pg_temp.counted(t timestamptz) RETURNS timestamptz STABLE COST 0.0000001 LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'called'; RETURN t; END $$;
SELECT id FROM qv_barrier FOR SYSTEM_TIME AS OF :'member' WHERE pg_temp.leak(body);
SELECT id FROM qv_barrier FOR SYSTEM_TIME AS OF 'infinity' WHERE pg_temp.leak(body);
SELECT i.n, v.id FROM (VALUES (1, timestamptz 'infinity')) AS i (n, at), qv_barrier FOR SYSTEM_TIME AS OF pg_temp.counted(i.at) v;
RESET ROLE;
SET ROLE NONE;
DROP OWNED BY regress_temporal_viewer;
DROP ROLE regress_temporal_viewer;
RESET ROLE;
