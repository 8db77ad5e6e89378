--
-- Functions in FROM that are queries in the plan
--
CREATE TABLE rvp (id integer PRIMARY KEY, v integer, filler text) WITH SYSTEM VERSIONING;
-- How a query is run: which functions are called, which relations are read, and how many of their blocks
CREATE FUNCTION rvp_nodes(query text) RETURNS TABLE (node text, relation text, blocks bigint, rows bigint) LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, FORMAT json) ' || query INTO plan;
	RETURN QUERY WITH RECURSIVE nodes (n) AS (
		SELECT plan -> 0 -> 'Plan'
		UNION ALL
		SELECT p FROM nodes, json_array_elements(n -> 'Plans') p)
	SELECT n ->> 'Node Type', coalesce(n ->> 'Relation Name', n ->> 'Function Name'),
		(n ->> 'Shared Hit Blocks')::bigint + (n ->> 'Shared Read Blocks')::bigint, (n ->> 'Actual Rows')::numeric::bigint
	FROM nodes WHERE (n ->> 'Actual Loops')::numeric > 0;
END $$;
CREATE FUNCTION rvp_calls(query text) RETURNS SETOF text LANGUAGE sql AS $$
SELECT relation FROM rvp_nodes(query) WHERE node = 'Function Scan' AND relation <> 'unnest' UNION SELECT 'ProjectSet' FROM rvp_nodes(query) WHERE node = 'ProjectSet' ORDER BY 1 $$;

-- 20,000 versions, by 200 transactions in which each row is changed ten times
INSERT INTO rvp SELECT g, 0, repeat('x', 100) FROM generate_series(1, 2000) g;
DO $$
BEGIN
	FOR i IN 1..120 LOOP
		UPDATE rvp SET v = i WHERE id % 20 = i % 20;
		COMMIT;
	END LOOP;
END $$;
SELECT clock_timestamp() AS a \gset
UPDATE rvp SET v = -1 WHERE id % 200 = 7;
DELETE FROM rvp WHERE id = 20;
INSERT INTO rvp VALUES (3000, 0, 'new');
SELECT clock_timestamp() AS b \gset
DO $$
BEGIN
	FOR i IN 121..200 LOOP
		UPDATE rvp SET v = i WHERE id % 20 = i % 20;
		COMMIT;
	END LOOP;
END $$;
SET ROLE NONE;
VACUUM ANALYZE rvp, rvp_history, temporal.transaction_log;
RESET ROLE;
SELECT count(*) FROM rvp_history;

-- In FROM, with a table that is known, nothing is called
SELECT rvp_calls($$SELECT * FROM temporal.versions('rvp')$$);
SELECT rvp_calls($$SELECT * FROM temporal.changes('rvp')$$);
SELECT rvp_calls($$SELECT * FROM temporal.diff('rvp', now() - interval '1 second', now())$$);
SELECT rvp_calls($$SELECT * FROM temporal.diff_stat('rvp', now(), 'infinity')$$);
SELECT rvp_calls($$SELECT * FROM temporal.flashback_versions(NULL::rvp, '-infinity', now())$$);
PREPARE rvp_custom (regclass) AS SELECT * FROM temporal.versions($1);
SET plan_cache_mode = force_custom_plan;
SELECT rvp_calls($$EXECUTE rvp_custom ('rvp')$$);
-- with one that is not, or elsewhere, it is
SET plan_cache_mode = force_generic_plan;
SELECT rvp_calls($$EXECUTE rvp_custom ('rvp')$$);
RESET plan_cache_mode;
SELECT rvp_calls($$SELECT * FROM temporal.versions('rvp') WITH ORDINALITY$$);
SELECT rvp_calls($$SELECT temporal.versions('rvp')$$);
SELECT rvp_calls($$SELECT r, n.scn FROM (VALUES ('rvp'::regclass)) AS v (r), LATERAL (SELECT count(scn) AS scn FROM temporal.versions(r)) n WHERE random() < 2$$);

-- A narrow window reads little of the history, and no current rows where rows ended
SELECT operation, count(*) FROM temporal.changes('rvp', :'a', :'b') GROUP BY 1 ORDER BY 1;
SELECT operation, count(*) FROM temporal.diff('rvp', :'a', :'b') GROUP BY 1 ORDER BY 1;
SELECT pg_relation_size('rvp_history') / current_setting('block_size')::integer AS history_blocks \gset
SELECT coalesce(sum(blocks), 0) < :history_blocks / 4 AS few, count(*) FILTER (WHERE node = 'Seq Scan') AS whole
FROM rvp_nodes(format('SELECT * FROM temporal.changes(%L, %L, %L)', 'rvp', :'a', :'b')) WHERE relation = 'rvp_history';
SELECT coalesce(sum(blocks), 0) < :history_blocks / 4 AS few, count(*) FILTER (WHERE node = 'Seq Scan') AS whole
FROM rvp_nodes(format('SELECT * FROM temporal.versions(%L, %L, %L)', 'rvp', :'a', :'b')) WHERE relation = 'rvp_history';
SELECT coalesce(sum(blocks), 0) < :history_blocks / 4 AS few, count(*) FILTER (WHERE node = 'Seq Scan') AS whole
FROM rvp_nodes(format('SELECT * FROM temporal.diff(%L, %L, %L)', 'rvp', :'a', :'b')) WHERE relation = 'rvp_history';
SELECT count(*) AS current_scans FROM rvp_nodes(format('SELECT * FROM temporal.changes(%L, %L, %L)', 'rvp', :'a', :'b')) WHERE relation = 'rvp';
SELECT count(*) AS current_scans FROM rvp_nodes(format('SELECT * FROM temporal.diff(%L, %L, %L)', 'rvp', :'a', :'b')) WHERE relation = 'rvp';
-- also when its bounds are known only as it runs
SELECT coalesce(sum(blocks), 0) < :history_blocks / 4 AS few
FROM rvp_nodes(format('SELECT * FROM temporal.diff(%L, (SELECT timestamptz %L), (SELECT timestamptz %L))', 'rvp', :'a', :'b')) WHERE relation = 'rvp_history';
-- a key is looked up
SELECT sum(blocks) < :history_blocks / 4 AS few FROM rvp_nodes(format('SELECT * FROM temporal.flashback_versions(NULL::rvp, %L, %L) WHERE (version).id = 7', '-infinity', 'infinity'))
WHERE relation IN ('rvp', 'rvp_history');
-- the first rows come without the last, as far as the order allows; columns that nobody asks for are not made
SELECT max(rows) FROM rvp_nodes($$SELECT * FROM temporal.changes('rvp') LIMIT 3$$) WHERE node IN ('Limit', 'Subquery Scan');
CREATE FUNCTION rvp_mentions(query text, what text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan text;
BEGIN
	EXECUTE 'EXPLAIN (VERBOSE, FORMAT json) ' || query INTO plan;
	RETURN strpos(plan, what) > 0;
END $$;
SELECT rvp_mentions($$SELECT count(*) FROM temporal.changes('rvp')$$, 'to_jsonb') AS counting, rvp_mentions($$SELECT old_row FROM temporal.changes('rvp')$$, 'to_jsonb') AS rows;

-- Where nothing of a current row can match, it is not read: the end of all of them is infinity
SELECT DISTINCT relation FROM rvp_nodes($$SELECT count(*) FROM rvp FOR SYSTEM_TIME ALL WHERE sys_end < 'infinity'$$) WHERE relation ~ '^rvp' ORDER BY 1;
SELECT DISTINCT relation FROM rvp_nodes($$SELECT count(*) FROM rvp FOR SYSTEM_TIME ALL WHERE sys_end <= 'infinity'$$) WHERE relation ~ '^rvp' ORDER BY 1;
SELECT count(*) = (SELECT count(*) FROM rvp) AS all_of_them FROM rvp FOR SYSTEM_TIME ALL WHERE sys_end = 'infinity';
