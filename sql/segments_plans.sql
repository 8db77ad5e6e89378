--
-- Plans of a compressed history: what is read of it, and how well that is known
--
CREATE TABLE spl (id integer PRIMARY KEY, v integer, filler text) WITH SYSTEM VERSIONING;
CREATE TABLE spl_order (no integer PRIMARY KEY, id integer);
CREATE TABLE spl_moment (n integer PRIMARY KEY, at timestamptz);
-- 40,000 versions in 20 transactions; then what lived through all of them
INSERT INTO spl SELECT g, 0, repeat(md5(g::text) || md5(random()::text), 4) FROM generate_series(1, 4000) g;
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		UPDATE spl SET v = i, filler = CASE WHEN i % 4 = 0 THEN md5(random()::text) || filler ELSE filler END WHERE id % 2 = i % 2 AND id % 100 <> 1;
		COMMIT;
		INSERT INTO spl_moment VALUES (i, clock_timestamp());
		COMMIT;
	END LOOP;
	DELETE FROM spl WHERE id % 100 = 1;
	INSERT INTO spl_order SELECT g, g * 7 % 4000 FROM generate_series(1, 4000) g;
END $$;
SELECT versions, segments > 5 AS some FROM temporal.compress_history('spl', (SELECT at FROM spl_moment WHERE n = 10));
SELECT versions, segments > 5 AS some FROM temporal.compress_history('spl', now());
-- The heap keeps its pages while somebody, as autovacuum, could see what was
-- in them
CREATE PROCEDURE spl_wait_alone() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..1000000 LOOP
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()
				AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL));
		COMMIT;
	END LOOP;
END $$;
SET ROLE NONE;
CALL spl_wait_alone();
VACUUM spl_history;
CALL spl_wait_alone();
VACUUM ANALYZE spl, spl_history, spl_order;
RESET ROLE;
SELECT pg_relation_size('spl_history') AS heap;

CREATE FUNCTION spl_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		line := regexp_replace(line, '''[^'']*''::timestamp with time zone', 'TIME', 'g');
		line := regexp_replace(line, '''[^'']*''::(oid|regclass)', 'HISTORY', 'g');
		-- PostgreSQL 17 writes the value of an InitPlan in another way, and a
		-- join's condition the other way round
		line := regexp_replace(line, ' \(returns \$\d\)', '');
		FOR i IN 1..3 LOOP
			line := replace(line, format('(InitPlan %s).col1', i), '$' || i - 1);
		END LOOP;
		RETURN NEXT regexp_replace(line, '\((o\.id) = ((spl_history\.)?id)\)', '(\2 = \1)');
	END LOOP;
END $$;
-- The nodes of a plan that was executed; for the segments' what EXPLAIN adds
CREATE FUNCTION spl_nodes(query text) RETURNS TABLE (node text, provider text, estimate float8, actual float8, loops float8, total bigint, read bigint, versions bigint, selected bigint, bytes bigint)
LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT json) ' || query INTO plan;
	RETURN QUERY WITH RECURSIVE nodes (n) AS (
		SELECT plan -> 0 -> 'Plan'
		UNION ALL
		SELECT p FROM nodes, json_array_elements(n -> 'Plans') p)
	SELECT n ->> 'Node Type', n ->> 'Custom Plan Provider', (n ->> 'Plan Rows')::float8, (n ->> 'Actual Rows')::float8, (n ->> 'Actual Loops')::float8, (n ->> 'Segments Total')::bigint,
		(n ->> 'Segments Read')::bigint, (n ->> 'Versions Decompressed')::bigint, (n ->> 'Versions Selected')::bigint, (n ->> 'Segment Bytes')::bigint FROM nodes;
END $$;

-- All, a time, a key, both; columns of integers decide before rows are made
SELECT spl_plan('SELECT * FROM spl_history');
SELECT spl_plan('SELECT count(*) FROM ONLY spl_history WHERE v = 3 AND filler > ''0''');
SELECT spl_plan(format('SELECT * FROM spl FOR SYSTEM_TIME AS OF %L', at)) FROM spl_moment WHERE n = 3;
SELECT spl_plan(format('SELECT * FROM spl FOR SYSTEM_TIME AS OF %L WHERE id = 7', at)) FROM spl_moment WHERE n = 3;
SELECT spl_plan('SELECT * FROM spl FOR SYSTEM_TIME ALL WHERE id = 7');
SELECT spl_plan('SELECT * FROM spl FOR SYSTEM_TIME AS OF now()');
PREPARE spl_one (timestamptz, integer) AS SELECT v FROM spl FOR SYSTEM_TIME AS OF $1 WHERE id = $2;
SET plan_cache_mode = force_generic_plan;
SELECT spl_plan('EXECUTE spl_one (''2001-01-01'', 7)');
RESET plan_cache_mode;
-- Joins: the key comes from the other table
SELECT spl_plan(format('SELECT o.no, p.v FROM spl_order o JOIN spl FOR SYSTEM_TIME AS OF %L p ON p.id = o.id WHERE o.no < 5', at)) FROM spl_moment WHERE n = 3;
SELECT spl_plan('SELECT o.no, h.v FROM spl_order o LEFT JOIN spl_history h ON h.id = o.id WHERE o.no = 5');
-- Parallel
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT spl_plan('SELECT count(*), sum(v) FROM spl_history');
SELECT count(*), sum(v) FROM spl_history;
SELECT actual * loops AS rows, read = total AS all_read, versions = selected AS all_versions FROM spl_nodes('SELECT count(*), sum(v) FROM spl_history') WHERE provider IS NOT NULL;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- What EXPLAIN ANALYZE adds, as text
CREATE FUNCTION spl_analyze(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS) ' || query LOOP
		IF line ~ 'Segment' THEN
			RETURN NEXT regexp_replace(regexp_replace(line, '\d+(\.\d+)?', 'N', 'g'), '''[^'']*''::timestamp with time zone', 'TIME', 'g');
		END IF;
	END LOOP;
END $$;
SELECT spl_analyze('SELECT v FROM spl_history WHERE id = 7');
-- and in FORMAT JSON, with nothing left out
SELECT total > 0 AS total, read < total / 2 AS few, versions > 0 AS versions, selected, bytes > 0 AS bytes FROM spl_nodes('SELECT v FROM spl_history WHERE id = 7') WHERE provider IS NOT NULL;
-- and how many there are, if they are not looked for: the time is that of the table
SELECT total > 0 AS total, read, versions, selected, bytes FROM spl_nodes('SELECT * FROM spl FOR SYSTEM_TIME AS OF now()') WHERE provider = 'Temporal Segments';

-- What is read: of a key, a segment of each run; of a key at a time, fewer
SELECT n, selected BETWEEN 3900 AND 4100 AS those
FROM spl_moment, spl_nodes(format('SELECT * FROM spl FOR SYSTEM_TIME AS OF %L', at)) WHERE n IN (2, 6) AND provider = 'Temporal Segments' ORDER BY n;
SELECT read < total / 2 AS few, selected FROM spl_nodes('SELECT * FROM spl_history WHERE id = 8') WHERE provider IS NOT NULL;
SELECT max(read) < max(total) / 2 AS few, max(selected) FROM spl_moment, spl_nodes(format('SELECT * FROM spl FOR SYSTEM_TIME AS OF %L WHERE id = 8', at)) WHERE n < 20 AND provider = 'Temporal Segments';
SELECT read, bytes FROM spl_nodes('SELECT * FROM spl_history WHERE id = 100000') WHERE provider IS NOT NULL;
SELECT read, bytes FROM spl_nodes('SELECT * FROM spl_history WHERE sys_end < ''2001-01-01''') WHERE provider IS NOT NULL;
SELECT read, bytes FROM spl_nodes('SELECT * FROM spl_history WHERE id = NULL::integer + 1 OR id = (SELECT id FROM spl_order WHERE no < 0)') WHERE provider IS NOT NULL;
-- Estimates: within a factor of three, at early, middle and late times
SELECT n, provider, node, estimate, actual FROM spl_moment,
	spl_nodes(format('SELECT * FROM spl FOR SYSTEM_TIME AS OF %L', at)) WHERE n IN (1, 3, 5, 8, 10, 11, 13, 15, 18) AND provider = 'Temporal Segments' AND NOT (greatest(estimate, 10) BETWEEN actual / 3 AND greatest(actual, 10) * 3);
SELECT n, node, estimate, actual FROM spl_moment,
	spl_nodes(format('SELECT * FROM spl FOR SYSTEM_TIME AS OF %L WHERE id BETWEEN 1000 AND 2000', at)) WHERE n IN (1, 5, 10, 15, 18) AND provider = 'Temporal Segments' AND NOT (greatest(estimate, 10) BETWEEN actual / 3 AND greatest(actual, 10) * 3);
SELECT a.n, node, estimate, actual FROM spl_moment a JOIN spl_moment b ON b.n = a.n + 3,
	spl_nodes(format('SELECT * FROM spl FOR SYSTEM_TIME FROM %L TO %L', a.at, b.at)) WHERE a.n IN (1, 4, 8, 12, 15) AND provider = 'Temporal Segments' AND NOT (estimate BETWEEN actual / 3 AND actual * 3);
SELECT estimate, actual FROM spl_nodes('SELECT * FROM spl_history') WHERE node IN ('Custom Scan', 'Append') AND NOT (estimate BETWEEN actual / 1.1 AND actual * 1.1);
SELECT estimate, actual FROM spl_nodes('SELECT * FROM spl FOR SYSTEM_TIME ALL WHERE id = 8') WHERE node IN ('Custom Scan') AND NOT (estimate BETWEEN actual / 3 AND actual * 3);
SELECT node, estimate, actual FROM spl_moment, spl_nodes(format('SELECT o.no, p.v FROM spl_order o JOIN spl FOR SYSTEM_TIME AS OF %L p ON p.id = o.id', at)) WHERE n IN (3, 17) AND node ~ 'Join|Nested' AND NOT (estimate BETWEEN actual / 3 AND actual * 3);
SET client_min_messages = warning;
DROP TABLE spl CASCADE;
DROP TABLE spl_order, spl_moment;
