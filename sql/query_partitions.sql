--
-- The past of partitioned tables
--
CREATE TABLE qpt (id integer, day date, v integer, PRIMARY KEY (id, day)) PARTITION BY RANGE (day) WITH SYSTEM VERSIONING;
CREATE TABLE qpt_1 PARTITION OF qpt FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
CREATE TABLE qpt_2 PARTITION OF qpt FOR VALUES FROM ('2020-02-01') TO ('2020-03-01');
CREATE TABLE qpt_other (v integer, extra integer, day date NOT NULL, sys_end timestamptz NOT NULL DEFAULT temporal.row_end(),
	id integer NOT NULL, sys_start timestamptz NOT NULL DEFAULT temporal.row_start());
ALTER TABLE qpt_other DROP COLUMN extra;
ALTER TABLE qpt ATTACH PARTITION qpt_other DEFAULT;
INSERT INTO qpt VALUES (1, '2020-01-10', 10), (2, '2020-02-10', 20), (3, '2021-01-01', 30);
SELECT clock_timestamp() AS then \gset
UPDATE qpt SET v = v + 1;
UPDATE qpt SET day = '2020-02-20' WHERE id = 1;
DELETE FROM qpt WHERE id = 3;

-- Through the parent
SELECT id, day, v FROM qpt FOR SYSTEM_TIME AS OF :'then' ORDER BY id;
SELECT id, day, v FROM qpt FOR SYSTEM_TIME AS OF clock_timestamp() ORDER BY id;
SELECT id, day, v, sys_end = 'infinity' AS is_current FROM qpt FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- A partition: what lay in its bounds then
SELECT id, day, v FROM qpt_1 FOR SYSTEM_TIME AS OF :'then' ORDER BY id;
SELECT id, day, v FROM qpt_1 FOR SYSTEM_TIME AS OF clock_timestamp() ORDER BY id;
SELECT id, day, v FROM qpt_2 FOR SYSTEM_TIME AS OF clock_timestamp() ORDER BY id;
SELECT id, day, v FROM qpt_2 FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
SELECT id, day, v FROM qpt_other FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
SELECT to_jsonb(p) - 'sys_start' - 'sys_end' AS row FROM qpt_other FOR SYSTEM_TIME AS OF :'then' p;
-- the parts make the whole, at any time
SELECT (SELECT count(*) FROM qpt FOR SYSTEM_TIME ALL) =
       (SELECT count(*) FROM qpt_1 FOR SYSTEM_TIME ALL) + (SELECT count(*) FROM qpt_2 FOR SYSTEM_TIME ALL) +
       (SELECT count(*) FROM qpt_other FOR SYSTEM_TIME ALL) AS whole;

-- ONLY the parent has no rows of its own, in the past neither
SELECT count(*) FROM ONLY qpt FOR SYSTEM_TIME ALL;

-- Partitions that cannot have the row are not in the plan
CREATE FUNCTION qpt_scans(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ ' on qpt|Subplans Removed' THEN
			RETURN NEXT regexp_replace(line, '^.*(on qpt[a-z_0-9]*|Subplans Removed: \d+).*$', '\1');
		END IF;
	END LOOP;
END $$;
SELECT DISTINCT qpt_scans($$SELECT * FROM qpt FOR SYSTEM_TIME AS OF '2022-01-01' WHERE day = '2020-01-10'$$) AS scans ORDER BY 1;
PREPARE qpt_day (date) AS SELECT * FROM qpt FOR SYSTEM_TIME AS OF '2022-01-01' WHERE day = $1;
SET plan_cache_mode = force_generic_plan;
SELECT DISTINCT qpt_scans($$EXECUTE qpt_day ('2020-01-10')$$) AS scans ORDER BY 1;
RESET plan_cache_mode;

-- Joins, sub-partitions, pruning by the joined table
SELECT a.id, a.v AS then, b.v AS now FROM qpt FOR SYSTEM_TIME AS OF :'then' a LEFT JOIN qpt b USING (id) ORDER BY 1;
CREATE TABLE qpt_sub PARTITION OF qpt FOR VALUES FROM ('2022-01-01') TO ('2023-01-01') PARTITION BY LIST (id);
CREATE TABLE qpt_sub_1 PARTITION OF qpt_sub FOR VALUES IN (1);
CREATE TABLE qpt_sub_2 PARTITION OF qpt_sub DEFAULT;
INSERT INTO qpt VALUES (1, '2022-05-05', 100), (2, '2022-05-05', 200);
UPDATE qpt SET v = v + 1 WHERE day = '2022-05-05';
SELECT id, v FROM qpt_sub FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
SELECT id, v FROM qpt_sub_1 FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
SELECT id, v FROM qpt_sub_2 FOR SYSTEM_TIME AS OF clock_timestamp() ORDER BY id;

-- Partitionwise joins
SET enable_partitionwise_join = on;
SELECT count(*) FROM qpt FOR SYSTEM_TIME ALL a JOIN qpt FOR SYSTEM_TIME ALL b USING (id, day, sys_start);
SELECT count(*) FROM qpt a JOIN qpt FOR SYSTEM_TIME AS OF clock_timestamp() b USING (id, day);
RESET enable_partitionwise_join;

-- A table that had rows before it was versioned, and a partition that comes later
CREATE TABLE qpt_late (id integer, v integer) PARTITION BY LIST (id);
CREATE TABLE qpt_late_1 PARTITION OF qpt_late FOR VALUES IN (1);
INSERT INTO qpt_late VALUES (1, 1);
ALTER TABLE qpt_late ADD SYSTEM VERSIONING;
CREATE TABLE qpt_late_2 PARTITION OF qpt_late FOR VALUES IN (2);
INSERT INTO qpt_late VALUES (2, 2);
UPDATE qpt_late SET v = v * 10;
SELECT id, v FROM qpt_late FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
SELECT id, v FROM qpt_late_2 FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
\set VERBOSITY sqlstate
SELECT count(*) FROM qpt_late_1 FOR SYSTEM_TIME AS OF '2000-01-01';
\set VERBOSITY default
