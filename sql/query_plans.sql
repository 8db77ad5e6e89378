--
-- Plans: PostgreSQL's own, over the table and its history with their indexes
--
CREATE TABLE pln (id integer PRIMARY KEY, v integer, filler text) WITH SYSTEM VERSIONING;
CREATE TABLE pln_order (no integer PRIMARY KEY, id integer, at timestamptz);
CREATE TABLE pln_plain (id integer PRIMARY KEY, v integer, filler text, sys_start timestamptz NOT NULL, sys_end timestamptz NOT NULL);

-- What EXPLAIN says, without what differs from run to run
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		line := regexp_replace(line, '''[^'']*''::timestamp with time zone', 'TIME', 'g');
		line := regexp_replace(line, '''[^'']*''::(oid|regclass)', 'HISTORY', 'g');
		-- how a time that comes from a column is checked does not matter here
		line := regexp_replace(line, 'temporal\.\w+_time\(o\.at, HISTORY\)', 'o.at', 'g');
		-- PostgreSQL 17 writes the value of an InitPlan in another way
		line := regexp_replace(line, ' \(returns \$\d\)', '');
		line := replace(line, '(InitPlan 1).col1', '$0');
		line := replace(line, '(InitPlan 2).col1', '$1');
		RETURN NEXT replace(line, '(InitPlan 3).col1', '$2');
	END LOOP;
END $$;
-- How many blocks of a relation a query touched, and how often it was scanned
CREATE FUNCTION reads_of(query text, relation text, OUT blocks bigint, OUT scans bigint) LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, FORMAT json) ' || query INTO plan;
	WITH RECURSIVE node (n) AS (
		SELECT plan -> 0 -> 'Plan'
		UNION ALL
		SELECT p FROM node, json_array_elements(n -> 'Plans') p)
	SELECT coalesce(sum((n ->> 'Shared Hit Blocks')::bigint + (n ->> 'Shared Read Blocks')::bigint), 0),
	       coalesce(sum((n ->> 'Actual Loops')::bigint), 0)
	INTO blocks, scans
	FROM node WHERE n ->> 'Relation Name' = relation;
END $$;

INSERT INTO pln SELECT g, 0, repeat('x', 50) FROM generate_series(1, 2000) g;
SELECT clock_timestamp() AS t0 \gset
DO $$
BEGIN
	FOR i IN 1..9 LOOP
		UPDATE pln SET v = i;
		COMMIT;
	END LOOP;
END $$;
SELECT min(sys_end) AS t1 FROM pln_history \gset
INSERT INTO pln_order SELECT g, g, :'t1' FROM generate_series(1, 2000) g;
INSERT INTO pln_plain SELECT id, v, filler, sys_start, sys_end FROM pln;
SET ROLE NONE;
VACUUM ANALYZE pln, pln_history, pln_order, pln_plain;
RESET ROLE;
SELECT count(*) FROM pln_history;

-- One key: both indexes
SELECT plan_of(format('SELECT v FROM pln FOR SYSTEM_TIME AS OF %L WHERE id = 7', :'t1'));
SELECT plan_of($$SELECT v FROM pln FOR SYSTEM_TIME ALL WHERE id = 7$$);
SELECT plan_of(format('SELECT v FROM pln FOR SYSTEM_TIME FROM %L TO now() WHERE id = 7', :'t1'));
SELECT plan_of(format('SELECT v FROM pln FOR SYSTEM_TIME AS OF %L::timestamptz + (now() - now()) WHERE id IN (7, 8)', :'t1'));
SELECT v FROM pln FOR SYSTEM_TIME AS OF :'t1' WHERE id = 7;
SELECT blocks < 20 AS few_blocks FROM reads_of(format('SELECT v FROM pln FOR SYSTEM_TIME AS OF %L WHERE id = 7', :'t0'), 'pln_history');

-- One key by parameter, custom and generic
PREPARE by_key (timestamptz, integer) AS SELECT v FROM pln FOR SYSTEM_TIME AS OF $1 WHERE id = $2;
SET plan_cache_mode = force_generic_plan;
SELECT plan_of($$EXECUTE by_key ('2001-01-01', 7)$$);
EXECUTE by_key (:'t1', 7);
RESET plan_cache_mode;

-- A join has parameterised inner index scans on both
SELECT plan_of(format('SELECT o.no, p.v FROM pln_order o JOIN pln FOR SYSTEM_TIME AS OF %L p ON p.id = o.id WHERE o.no < 5', :'t1'));
SELECT plan_of($$SELECT o.no, p.v FROM pln_order o JOIN pln FOR SYSTEM_TIME AS OF o.at p ON p.id = o.id WHERE o.no < 5$$);
SELECT plan_of(format('SELECT o.no, p.v FROM pln_order o LEFT JOIN pln FOR SYSTEM_TIME AS OF %L p ON p.id = o.id WHERE o.no = 5', :'t1'));
SELECT o.no, p.v FROM pln_order o JOIN pln FOR SYSTEM_TIME AS OF o.at p ON p.id = o.id WHERE o.no < 4 ORDER BY 1;

-- AS OF a time after the last change reads no page of history, whatever the
-- time looks like
SELECT * FROM reads_of('SELECT sum(v) FROM pln FOR SYSTEM_TIME AS OF now()', 'pln_history');
SELECT * FROM reads_of('SELECT sum(v) FROM pln FOR SYSTEM_TIME AS OF clock_timestamp()', 'pln_history');
SELECT * FROM reads_of('SELECT sum(v) FROM pln FOR SYSTEM_TIME AS OF ''infinity''', 'pln_history');
SELECT * FROM reads_of('SELECT v FROM pln FOR SYSTEM_TIME AS OF now() WHERE id = 7', 'pln_history');
SELECT * FROM reads_of('SELECT v FROM pln FOR SYSTEM_TIME AS OF (SELECT max(sys_start) FROM pln) WHERE id = 7', 'pln_history');
SELECT * FROM reads_of('SELECT sum(v) FROM pln FOR SYSTEM_TIME FROM now() TO ''infinity''', 'pln_history');
SELECT * FROM reads_of('SELECT sum(v) FROM pln FOR SYSTEM_TIME BETWEEN now() AND ''infinity''', 'pln_history');
SET plan_cache_mode = force_generic_plan;
SELECT scans FROM reads_of('EXECUTE by_key (clock_timestamp(), 7)', 'pln_history');
SELECT scans > 0 AS scanned FROM reads_of(format('EXECUTE by_key (%L, 7)', :'t0'), 'pln_history');
RESET plan_cache_mode;
SELECT * FROM reads_of('SELECT count(*) FROM pln_order o JOIN pln FOR SYSTEM_TIME AS OF now() p ON p.id = o.id', 'pln_history');
-- ... and the moment something changes, it does
UPDATE pln SET v = 10 WHERE id = 7;
SELECT max(sys_end) - interval '1 microsecond' AS just_before FROM pln_history \gset
SELECT v FROM pln FOR SYSTEM_TIME AS OF :'just_before' WHERE id = 7;
SELECT v FROM pln FOR SYSTEM_TIME AS OF now() WHERE id = 7;
SELECT scans > 0 AS scanned FROM reads_of(format('SELECT v FROM pln FOR SYSTEM_TIME AS OF %L WHERE id = 7', :'just_before'), 'pln_history');

-- Without a clause: the plan a plain table has
SELECT a.line AS versioned, a.line = replace(b.line, 'pln_plain', 'pln') AS as_plain
FROM (SELECT row_number() OVER (), * FROM plan_of('SELECT v FROM pln WHERE id = 7') AS line) a
     FULL JOIN (SELECT row_number() OVER (), * FROM plan_of('SELECT v FROM pln_plain WHERE id = 7') AS line) b USING (row_number);
SELECT a.line AS versioned, a.line = replace(b.line, 'pln_plain', 'pln') AS as_plain
FROM (SELECT row_number() OVER (), * FROM plan_of('SELECT o.no, sum(v) FROM pln_order o JOIN pln p USING (id) WHERE no < 5 GROUP BY 1') AS line) a
     FULL JOIN (SELECT row_number() OVER (), * FROM plan_of('SELECT o.no, sum(v) FROM pln_order o JOIN pln_plain p USING (id) WHERE no < 5 GROUP BY 1') AS line) b USING (row_number);
SELECT plan_of('UPDATE pln SET v = 1 WHERE id = 7');
SELECT plan_of('DELETE FROM pln WHERE id = 7');
SELECT plan_of('INSERT INTO pln VALUES (0, 0)');

-- Parallel
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT line ~ 'Gather' AS parallel FROM plan_of(format('SELECT count(*), sum(v) FROM pln FOR SYSTEM_TIME AS OF %L', :'t1')) AS line WHERE line ~ 'Gather';
SELECT count(*), sum(v) FROM pln FOR SYSTEM_TIME AS OF :'t1';
SELECT count(*), sum(v) FROM pln FOR SYSTEM_TIME AS OF :'t0';
SELECT count(*), sum(v) FROM pln FOR SYSTEM_TIME AS OF (SELECT min(sys_end) FROM pln_history);
SELECT count(*) FROM pln FOR SYSTEM_TIME ALL;
SELECT count(*) FROM pln_order o JOIN pln FOR SYSTEM_TIME AS OF o.at p ON p.id = o.id;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- Whatever is forbidden, the answer is the same
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT sum(p.v), count(*) FROM pln_order o JOIN pln FOR SYSTEM_TIME AS OF o.at p ON p.id = o.id;
RESET enable_indexscan;
RESET enable_bitmapscan;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT sum(p.v), count(*) FROM pln_order o JOIN pln FOR SYSTEM_TIME AS OF :'t1' p ON p.id = o.id;
RESET enable_nestloop;
SET enable_seqscan = off;
SET enable_mergejoin = off;
SELECT sum(p.v), count(*) FROM pln_order o JOIN pln FOR SYSTEM_TIME AS OF :'t1' p ON p.id = o.id;
RESET enable_seqscan;
RESET enable_hashjoin;
RESET enable_mergejoin;

-- temporal.history_index: gist has an index of whole periods, none has no
-- index of the key; the answers are the same
ALTER TABLE pln SET (temporal.history_index = gist);
SELECT plan_of($$SELECT v FROM pln_history WHERE tstzrange(sys_start, sys_end) @> timestamptz '2001-01-01'$$);
SELECT sum(v), count(*) FROM pln FOR SYSTEM_TIME AS OF :'t1';
SELECT v FROM pln FOR SYSTEM_TIME AS OF :'t1' WHERE id = 7;
ALTER TABLE pln SET (temporal.history_index = none);
SELECT sum(v), count(*) FROM pln FOR SYSTEM_TIME AS OF :'t1';
SELECT v FROM pln FOR SYSTEM_TIME AS OF :'t1' WHERE id = 7;
SELECT amname FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam
WHERE indrelid = 'pln_history'::regclass ORDER BY 1;
ALTER TABLE pln RESET (temporal.history_index);
SELECT amname, pg_get_indexdef(indexrelid, 1, true) AS first, pg_get_indexdef(indexrelid, 2, true) AS second
FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam
WHERE indrelid = 'pln_history'::regclass ORDER BY 1;
SELECT v FROM pln FOR SYSTEM_TIME AS OF :'t1' WHERE id = 7;

-- Row estimates know what a period is: one version of each key is valid
CREATE FUNCTION estimate(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;
SELECT estimate(format('SELECT * FROM pln FOR SYSTEM_TIME AS OF %L', :'t1')) BETWEEN 1000 AND 4000 AS about_2000;
SELECT estimate('SELECT * FROM pln FOR SYSTEM_TIME ALL') BETWEEN 19000 AND 21000 AS about_20000;
