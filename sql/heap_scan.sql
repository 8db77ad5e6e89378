--
-- Rows of a heap that were valid at a time: found from the end of a row
--
-- with nulls in front of the period, a column that is gone, and values that are
-- stored elsewhere
CREATE TABLE hsc (id integer PRIMARY KEY, gone integer, v integer, note text, long text) WITH SYSTEM VERSIONING;
ALTER TABLE hsc SET (temporal.compression = none);
CREATE TABLE hsc_moment (n integer PRIMARY KEY, at timestamptz);
INSERT INTO hsc SELECT g, g, 0, CASE WHEN g % 3 > 0 THEN repeat('x', 100 + g % 7) END,
	CASE WHEN g % 500 = 0 THEN (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) i) END
FROM generate_series(1, 3000) g;
DO $$
BEGIN
	INSERT INTO hsc_moment VALUES (0, clock_timestamp());
	COMMIT;
	FOR i IN 1..10 LOOP
		UPDATE hsc SET v = i, note = CASE WHEN id % 4 = i % 4 THEN NULL ELSE note END WHERE id % 5 = i % 5;
		COMMIT;
		DELETE FROM hsc WHERE id = i * 7;
		COMMIT;
		INSERT INTO hsc_moment VALUES (i, clock_timestamp());
		COMMIT;
	END LOOP;
END $$;
SET ROLE NONE;
VACUUM ANALYZE hsc, hsc_history;
RESET ROLE;

CREATE FUNCTION hsc_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		line := regexp_replace(line, '''[^'']*''::timestamp with time zone', 'TIME', 'g');
		line := regexp_replace(line, '''[^'']*''::(oid|regclass)', 'HISTORY', 'g');
		-- PostgreSQL 17 writes the value of an InitPlan in another way, and of a
		-- sub-select, and a join's condition the other way round
		line := regexp_replace(line, ' \(returns \$\d\)', '');
		FOR i IN 1..3 LOOP
			line := replace(line, format('(InitPlan %s).col1', i), '$' || i - 1);
		END LOOP;
		line := regexp_replace(line, '(Filter: ).*SubPlan.*', '\1SUB-SELECT');
		RETURN NEXT replace(line, 'hsc_moment.n = hsc.v', 'hsc.v = hsc_moment.n');
	END LOOP;
END $$;
-- The same by hand: a reference to the history is none to a time
CREATE FUNCTION hsc_by_hand(at timestamptz) RETURNS SETOF hsc LANGUAGE sql AS $$
	SELECT * FROM hsc WHERE sys_start <= at
	UNION ALL
	SELECT * FROM hsc_history WHERE sys_start <= at AND sys_end > at
$$;

SET max_parallel_workers_per_gather = 0;
SELECT at AS t3 FROM hsc_moment WHERE n = 3 \gset
SELECT at AS t7 FROM hsc_moment WHERE n = 7 \gset
SELECT hsc_plan(format('SELECT count(*), sum(v) FROM hsc FOR SYSTEM_TIME AS OF %L', :'t3'));
SELECT hsc_plan(format('SELECT * FROM hsc FOR SYSTEM_TIME FROM %L TO %L WHERE v > 2', :'t3', :'t7'));
-- whatever of a row is asked for
SELECT count(*), count(note), sum(v), count(long), sum(length(long)) FROM hsc FOR SYSTEM_TIME AS OF :'t3';
SELECT count(*) FROM (SELECT * FROM hsc FOR SYSTEM_TIME AS OF :'t3' EXCEPT ALL SELECT * FROM hsc_by_hand(:'t3')) x;
SELECT count(*) FROM (SELECT * FROM hsc_by_hand(:'t3') EXCEPT ALL SELECT * FROM hsc FOR SYSTEM_TIME AS OF :'t3') x;
SELECT count(h), count((h).note), count(h.*::text) FROM hsc FOR SYSTEM_TIME AS OF :'t3' h;
-- each row is taken, or not; of the history a part of the pages is read
CREATE FUNCTION hsc_nodes(query text) RETURNS TABLE (relation text, rows bigint, passed_over bigint, pages bigint) LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json, TIMING off) ' || query INTO plan;
	RETURN QUERY SELECT node ->> 'Relation Name', (node ->> 'Actual Rows')::numeric::bigint,
		(node ->> 'Rows Removed by Period Cond')::bigint, (node ->> 'Pages')::bigint
	FROM jsonb_path_query(plan, 'strict $.**{0 to last} ? (@."Custom Plan Provider" == "Temporal Heap")') node;
END $$;
SELECT relation, rows, rows + coalesce(passed_over, 0) = (SELECT count(*) FROM hsc) AS all_rows,
	pages = pg_relation_size('hsc') / current_setting('block_size')::integer AS all_pages
FROM hsc_nodes(format('SELECT v FROM hsc FOR SYSTEM_TIME AS OF %L', :'t7')) WHERE relation = 'hsc';
SELECT DISTINCT n.rows = (SELECT count(*) FROM hsc_history WHERE sys_start <= at AND sys_end > at) AS rows,
	coalesce(pages, 0) <= pg_relation_size('hsc_history') / current_setting('block_size')::integer AS pages
FROM hsc_moment, hsc_nodes(format('SELECT v FROM hsc FOR SYSTEM_TIME AS OF %L', at)) n WHERE relation = 'hsc_history';
SELECT max(pages) FILTER (WHERE m.n = 9) < max(pages) FILTER (WHERE m.n = 0) AS fewer
FROM hsc_moment m, hsc_nodes(format('SELECT v FROM hsc FOR SYSTEM_TIME AS OF %L', at)) WHERE relation = 'hsc_history';
-- FROM, BETWEEN and what is not bounded
SELECT count(*) = (SELECT count(*) FROM (SELECT * FROM hsc UNION ALL SELECT * FROM hsc_history) y WHERE sys_start < :'t7' AND sys_end > :'t3') AS from_to
FROM hsc FOR SYSTEM_TIME FROM :'t3' TO :'t7';
SELECT count(*) = (SELECT count(*) FROM (SELECT * FROM hsc UNION ALL SELECT * FROM hsc_history) y WHERE sys_start <= :'t7' AND sys_end > :'t3') AS betweens
FROM hsc FOR SYSTEM_TIME BETWEEN :'t3' AND :'t7';
SELECT count(*) = (SELECT count(*) FROM hsc) + (SELECT count(*) FROM hsc_history) AS everything FROM hsc FOR SYSTEM_TIME ALL;

-- Other times come with parameters, and other pages with them
PREPARE hsc_at (timestamptz) AS SELECT count(*), sum(v), min(v), max(v) FROM hsc FOR SYSTEM_TIME AS OF $1;
SET plan_cache_mode = force_generic_plan;
SELECT hsc_plan(format('EXECUTE hsc_at (%L)', :'t3'));
EXECUTE hsc_at (:'t3');
EXECUTE hsc_at (:'t7');
EXECUTE hsc_at ('infinity');
EXECUTE hsc_at (NULL);
RESET plan_cache_mode;
SELECT n, o.count, o.sum, o.sum IS NOT DISTINCT FROM (SELECT sum(v) FROM hsc_by_hand(at)) AS same
FROM hsc_moment, LATERAL (SELECT count(*), sum(v) FROM hsc FOR SYSTEM_TIME AS OF at) o ORDER BY n;
-- several scans of the same
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT hsc_plan(format('SELECT n, count(*) FROM hsc_moment LEFT JOIN hsc FOR SYSTEM_TIME AS OF %L h ON h.v = n GROUP BY n', :'t3'));
SELECT n, count(h.id), count(h.id) = (SELECT count(*) FROM hsc_by_hand(:'t3') b WHERE b.v = n) AS same
FROM hsc_moment LEFT JOIN hsc FOR SYSTEM_TIME AS OF :'t3' h ON h.v = n GROUP BY n ORDER BY n;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
RESET enable_memoize;
-- a sub-select is shown once
SELECT hsc_plan(format('SELECT id IN (SELECT n FROM hsc_moment) FROM hsc FOR SYSTEM_TIME AS OF %L WHERE id <> ALL (SELECT n FROM hsc_moment)', :'t3'));
SELECT count(*), count(*) FILTER (WHERE is_moment) FROM (SELECT id IN (SELECT n + 10 FROM hsc_moment) AS is_moment FROM hsc FOR SYSTEM_TIME AS OF :'t3' WHERE id <> ALL (SELECT n FROM hsc_moment)) x;
RESET enable_indexscan;
RESET enable_bitmapscan;

-- By parallel workers
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT hsc_plan(format('SELECT count(*), sum(v) FROM hsc FOR SYSTEM_TIME AS OF %L', :'t3'));
SELECT count(*), sum(v), sum(v) = (SELECT sum(v) FROM hsc_by_hand(:'t3')) AS same FROM hsc FOR SYSTEM_TIME AS OF :'t3';
SET max_parallel_workers_per_gather = 0;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- A cursor, both ways; another reads while it does
BEGIN;
DECLARE hsc_rows SCROLL CURSOR FOR SELECT id FROM hsc FOR SYSTEM_TIME AS OF :'t3' ORDER BY id;
FETCH 2 FROM hsc_rows;
DELETE FROM hsc WHERE id = 3;
FETCH 2 FROM hsc_rows;
FETCH BACKWARD 3 FROM hsc_rows;
ROLLBACK;
-- serializable: what it read is the whole relation's
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM hsc FOR SYSTEM_TIME AS OF :'t3';
SELECT relation::regclass, locktype FROM pg_locks
WHERE pid = pg_backend_pid() AND mode = 'SIReadLock' AND relation IN ('hsc'::regclass, 'hsc_history'::regclass) ORDER BY 1;
ROLLBACK;
-- what is written is found by its place
BEGIN;
UPDATE hsc SET v = o.v + 100 FROM hsc FOR SYSTEM_TIME AS OF :'t3' o WHERE o.id = hsc.id AND o.v = 3 AND hsc.id % 2 = 0;
SELECT count(*), min(v), max(v) FROM hsc WHERE v >= 100;
ROLLBACK;

-- Rows that a role may not see are not shown to what it calls
CREATE FUNCTION hsc_leak(id integer) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
	RAISE NOTICE 'saw %', CASE WHEN id IN (1, 2) THEN 'one of them' ELSE id::text END;
	RETURN true;
END $$;
SET ROLE NONE;
CREATE ROLE regress_hsc_reader;
RESET ROLE;
GRANT SELECT ON hsc TO regress_hsc_reader;
CREATE POLICY hsc_some ON hsc FOR SELECT TO regress_hsc_reader USING (id IN (1, 2));
ALTER TABLE hsc ENABLE ROW LEVEL SECURITY;
SET ROLE regress_hsc_reader;
SELECT id FROM hsc FOR SYSTEM_TIME AS OF :'t3' WHERE hsc_leak(id) ORDER BY id;
RESET ROLE;
ALTER TABLE hsc DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON hsc FROM regress_hsc_reader;
DROP POLICY hsc_some ON hsc;
SET ROLE NONE;
DROP ROLE regress_hsc_reader;
RESET ROLE;

-- Other indexes, or none of pages
PREPARE hsc_then AS SELECT count(*), sum(v) FROM hsc FOR SYSTEM_TIME FROM '-infinity' TO 'infinity' WHERE note IS NULL;
EXECUTE hsc_then;
ALTER TABLE hsc SET (temporal.history_index = gist);
EXECUTE hsc_then;
SELECT hsc_plan(format('SELECT count(*), sum(v) FROM hsc FOR SYSTEM_TIME AS OF %L WHERE note IS NULL OR v > 0', :'t3')) AS plan
OFFSET 3 LIMIT 100;
SELECT count(*), sum(v) FROM hsc FOR SYSTEM_TIME AS OF :'t3' WHERE note IS NULL OR v > 0;
ALTER TABLE hsc SET (temporal.history_index = none);
EXECUTE hsc_then;
SELECT count(*), sum(v) FROM hsc FOR SYSTEM_TIME AS OF :'t3' WHERE note IS NULL OR v > 0;
ALTER TABLE hsc RESET (temporal.history_index);
EXECUTE hsc_then;
EXECUTE hsc_at (:'t7');

-- The period is not at the end, or the table is small: PostgreSQL's own scans
CREATE TABLE hsc_front (sys_start timestamptz GENERATED ALWAYS AS ROW START, sys_end timestamptz GENERATED ALWAYS AS ROW END, id integer PRIMARY KEY, note text,
	PERIOD FOR SYSTEM_TIME (sys_start, sys_end)) WITH SYSTEM VERSIONING;
INSERT INTO hsc_front (id, note) SELECT g, repeat('x', 100) FROM generate_series(1, 3000) g;
CREATE TABLE hsc_small (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO hsc_small VALUES (1, 1);
SET ROLE NONE;
VACUUM ANALYZE hsc_front, hsc_small;
RESET ROLE;
SELECT hsc_plan(format('SELECT count(note) FROM hsc_front FOR SYSTEM_TIME AS OF %L', now())) AS plan LIMIT 5;
SELECT hsc_plan(format('SELECT count(*) FROM hsc_small FOR SYSTEM_TIME AS OF %L', now())) AS plan LIMIT 5;

-- Partitions have their columns where they have them
CREATE TABLE hsc_parted (id integer, v integer, note text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE hsc_part_1 PARTITION OF hsc_parted FOR VALUES FROM (0) TO (1000);
CREATE TABLE hsc_part_2 (note text, extra integer, v integer, id integer NOT NULL);
ALTER TABLE hsc_part_2 DROP COLUMN extra;
ALTER TABLE hsc_parted ATTACH PARTITION hsc_part_2 FOR VALUES FROM (1000) TO (2000);
INSERT INTO hsc_parted SELECT g, 0, repeat('x', 100) FROM generate_series(0, 1999) g;
ALTER TABLE hsc_parted ADD SYSTEM VERSIONING;
SELECT clock_timestamp() AS before \gset
UPDATE hsc_parted SET v = 1 WHERE id % 2 = 0;
SET ROLE NONE;
VACUUM ANALYZE hsc_parted;
RESET ROLE;
SELECT hsc_plan(format('SELECT count(note), sum(v) FROM hsc_parted FOR SYSTEM_TIME AS OF %L', :'before')) AS plan;
SELECT count(note), sum(v) FROM hsc_parted FOR SYSTEM_TIME AS OF :'before';
SELECT count(note), sum(v) FROM hsc_parted FOR SYSTEM_TIME AS OF now();

SET client_min_messages = warning;
DROP TABLE hsc, hsc_moment, hsc_front, hsc_small, hsc_parted CASCADE;
DROP FUNCTION hsc_plan, hsc_nodes, hsc_leak;
