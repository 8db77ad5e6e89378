--
-- VERSIONS BETWEEN, Oracle's flashback version query, and temporal.flashback_versions
--
CREATE TABLE rvf (id integer PRIMARY KEY, name text, salary integer) WITH SYSTEM VERSIONING;
CREATE TABLE rvf_step (scn bigint);
CREATE FUNCTION rvf_step(scn bigint) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM temporal.transactions t WHERE t.scn > (SELECT min(s.scn) FROM rvf_step s) AND t.scn <= $1 HAVING $1 IS NOT NULL';
INSERT INTO rvf_step VALUES (temporal.current_scn());

INSERT INTO rvf VALUES (1, 'Ann', 100), (2, 'Bob', 200);
UPDATE rvf SET salary = 110 WHERE id = 1;
SELECT clock_timestamp() AS a \gset
UPDATE rvf SET salary = 120 WHERE id = 1;
INSERT INTO rvf VALUES (3, 'Eve', 300);
DELETE FROM rvf WHERE id = 3;
BEGIN;
DELETE FROM rvf WHERE id = 2;
INSERT INTO rvf VALUES (2, 'Bill', 222);
COMMIT;
INSERT INTO rvf VALUES (3, 'Eva', 333);
SELECT clock_timestamp() AS b \gset
UPDATE rvf SET salary = 130 WHERE id = 1;
DELETE FROM rvf WHERE id = 2;

SELECT id, name, salary, rvf_step(versions_startscn) AS startscn, rvf_step(versions_endscn) AS endscn, versions_operation
FROM rvf VERSIONS BETWEEN TIMESTAMP :'a' AND :'b' ORDER BY id, versions_startscn NULLS FIRST, versions_endscn;
SELECT id, name, salary, rvf_step(versions_startscn) AS startscn, rvf_step(versions_endscn) AS endscn, versions_operation
FROM rvf VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE ORDER BY id, versions_startscn NULLS FIRST, versions_endscn;
-- the whole row, and all that is told of its transactions
SELECT count(*), count(*) FILTER (WHERE versions_starttime = temporal.scn_to_timestamp(versions_startscn)) AS starts,
	count(*) FILTER (WHERE versions_endtime = temporal.scn_to_timestamp(versions_endscn)) AS ends,
	count(t.xid) FILTER (WHERE t.xid = versions_xid) AS xids, count(versions_xid) AS told, count(version) AS rows
FROM temporal.flashback_versions(NULL::rvf, :'a', :'b') LEFT JOIN temporal.transactions t ON t.scn = versions_startscn;

-- Bounds are commits, and belong to the window
SELECT min(versions_startscn) AS first, max(versions_startscn) AS last FROM rvf VERSIONS BETWEEN TIMESTAMP :'a' AND :'b' \gset
SELECT count(*), count(versions_startscn) FROM rvf VERSIONS BETWEEN SCN :first AND :last;
SELECT count(*), count(versions_startscn) FROM rvf VERSIONS BETWEEN SCN :first + 1 AND :last - 1;
SELECT id, versions_operation FROM rvf VERSIONS BETWEEN SCN :last AND :last ORDER BY id;
-- and a bound that is a version's own start means the commit of what wrote it
SELECT sys_start AS s FROM rvf FOR SYSTEM_TIME ALL WHERE name = 'Eva' \gset
SELECT id, name, versions_operation, versions_startscn = :last AS is_last FROM rvf VERSIONS BETWEEN TIMESTAMP :'s' AND :'s' ORDER BY id;
-- the wrong way round there is nothing
SELECT count(*) FROM rvf VERSIONS BETWEEN TIMESTAMP :'b' AND :'a';

-- Forms
SELECT count(*) FROM (SELECT temporal.flashback_versions(NULL::rvf, :'a', :'b')) s;
SELECT count(*) FROM temporal.flashback_versions(NULL::rvf, :'a', :'b') WITH ORDINALITY;
SELECT n, count(f.version) FROM (VALUES (1, timestamptz :'a'), (2, :'b')) AS v (n, t) LEFT JOIN LATERAL temporal.flashback_versions(NULL::rvf, v.t, 'infinity') f ON true GROUP BY 1 ORDER BY 1;
PREPARE rvf_by (timestamptz, timestamptz) AS SELECT count(*), count(versions_startscn) FROM rvf VERSIONS BETWEEN TIMESTAMP $1 AND $2;
SET plan_cache_mode = force_generic_plan;
EXECUTE rvf_by (:'a', :'b');
EXECUTE rvf_by (:'a', NULL);
\echo :SQLSTATE
RESET plan_cache_mode;
CREATE VIEW rvf_view AS SELECT id, salary, versions_operation AS op FROM rvf VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE WHERE id = 1;
SELECT * FROM rvf_view ORDER BY salary;

-- By the stored period
SET temporal.as_of_mode = period;
SELECT id, name, salary, versions_operation FROM rvf VERSIONS BETWEEN TIMESTAMP :'a' AND :'b' ORDER BY id, versions_startscn NULLS FIRST, versions_endscn;
RESET temporal.as_of_mode;

-- A key is looked up in table and history
CREATE FUNCTION rvf_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ ' Scan ' THEN
			RETURN NEXT regexp_replace(line, '^\W*', '');
		END IF;
	END LOOP;
END $$;
SET enable_seqscan = off;
SELECT count(*) > 0 AS scans, count(*) FILTER (WHERE p ~ '^Seq Scan') AS whole
FROM rvf_plan(format('SELECT salary FROM rvf VERSIONS BETWEEN TIMESTAMP %L AND %L WHERE id = 1', :'a', :'b')) p WHERE p ~ ' rvf(_history)?( |$)';
RESET enable_seqscan;

-- A history that began later: all that is known, from its beginning on
CREATE TABLE rvf_late (id integer PRIMARY KEY, v integer);
INSERT INTO rvf_late VALUES (1, 1);
ALTER TABLE rvf_late ADD SYSTEM VERSIONING;
UPDATE rvf_late SET v = 2;
SELECT id, v, versions_operation FROM rvf_late VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE ORDER BY v;
SELECT id, v, versions_operation FROM rvf_late VERSIONS BETWEEN TIMESTAMP :'a' AND now() ORDER BY v;
SELECT id, v, versions_operation FROM rvf_late VERSIONS BETWEEN TIMESTAMP :'a' AND :'b' ORDER BY v;

-- Without a primary key nobody knows which version follows which
CREATE TABLE rvf_keyless (v integer) WITH SYSTEM VERSIONING;
INSERT INTO rvf_keyless VALUES (1), (2);
UPDATE rvf_keyless SET v = 3 WHERE v = 1;
DELETE FROM rvf_keyless WHERE v = 2;
SELECT v, versions_startscn IS NULL AS before, versions_endscn IS NULL AS after, versions_operation FROM rvf_keyless VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE ORDER BY v;

-- What is refused
CREATE TYPE rvf_type AS (a integer);
CREATE TABLE rvf_plain (id integer);
CREATE DOMAIN rvf_domain AS rvf;
SELECT * FROM temporal.flashback_versions(NULL::integer, :'a', :'b');
\echo :SQLSTATE
SELECT * FROM temporal.flashback_versions(NULL::rvf_type, :'a', :'b');
\echo :SQLSTATE
SELECT * FROM temporal.flashback_versions(NULL::rvf_domain, :'a', :'b');
\echo :SQLSTATE
SELECT * FROM temporal.flashback_versions(NULL, :'a', :'b');
\echo :SQLSTATE
SELECT * FROM rvf_plain VERSIONS BETWEEN TIMESTAMP :'a' AND :'b';
\echo :SQLSTATE
SELECT * FROM rvf_history VERSIONS BETWEEN TIMESTAMP :'a' AND :'b';
\echo :SQLSTATE
SELECT temporal.flashback_versions(NULL::integer, :'a', :'b');
\echo :SQLSTATE
SELECT * FROM temporal.flashback_versions(NULL::rvf, :'a', NULL);
\echo :SQLSTATE
