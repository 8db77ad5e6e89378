-- From slices to ratios.  Everything here is a median: of a slice's time, and
-- of the ratio of a slice's time to that of the plain table's slice of the
-- same round (for one-row statements: of the same turn).

CREATE TABLE bench.operation (
	place		serial,
	part		text NOT NULL,
	operation	text PRIMARY KEY,
	baseline	text NOT NULL,			-- operation of the plain table
	title		text NOT NULL
);
INSERT INTO bench.operation (part, operation, baseline, title) VALUES
	('write', 'insert_one', 'insert_one', 'INSERT, one row'),
	('write', 'insert_durable', 'insert_durable', 'INSERT, one row, durable'),
	('write', 'copy', 'copy', 'COPY'),
	('write', 'insert_computed', 'insert_computed', 'INSERT ... SELECT'),
	('write', 'insert_select', 'insert_select', 'INSERT ... SELECT, rows as they are'),
	('write', 'update_one', 'update_one', 'UPDATE, one row by key'),
	('write', 'update_durable', 'update_durable', 'UPDATE, one row by key, durable'),
	('write', 'update_bulk', 'update_bulk', 'UPDATE, all rows'),
	('write', 'delete_bulk', 'delete_bulk', 'DELETE, all rows'),
	('read', 'key_current', 'key_current', 'one key, no clause'),
	('read', 'key_middle', 'key_current', 'one key, AS OF middle'),
	('read', 'key_early', 'key_current', 'one key, AS OF early'),
	('read', 'key_all', 'key_current', 'one key, all versions'),
	('read', 'server_current', 'server_current', 'one key in a loop in the server, no clause'),
	('read', 'server_middle', 'server_current', 'one key in a loop in the server, AS OF middle'),
	('read', 'whole_current', 'whole_current', 'whole table, no clause'),
	('read', 'whole_early', 'whole_current', 'whole table, AS OF early'),
	('read', 'whole_middle', 'whole_current', 'whole table, AS OF middle'),
	('read', 'whole_recent', 'whole_current', 'whole table, AS OF recent'),
	('read', 'whole_late', 'whole_current', 'whole table, AS OF after the last change'),
	('read', 'joinkey_current', 'joinkey_current', 'join of one key, no clause'),
	('read', 'joinkey_middle', 'joinkey_current', 'join of one key, AS OF middle'),
	('read', 'join_current', 'join_current', 'join of whole tables, no clause'),
	('read', 'join_middle', 'join_current', 'join of whole tables, AS OF middle'),
	('read', 'changed_hour', 'whole_current', 'keys changed in an hour of 10,000'),
	('read', 'changes_hour', 'whole_current', 'temporal.changes, an hour of 10,000'),
	('build', 'compress', 'compress', 'temporal.compress_history'),
	('build', 'decompress', 'decompress', 'temporal.decompress_history'),
	('review', 'review_diff', 'review_diff', 'temporal.diff'),
	('review', 'review_diffstat', 'review_diffstat', 'temporal.diff_stat'),
	('review', 'review_restore', 'review_restore', 'temporal.restore, rows reported'),
	('review', 'review_flashback', 'review_restore', 'FLASHBACK TABLE'),
	('instructions', 'pgbench_select', 'pgbench_select', 'pgbench -S, table not versioned');

CREATE TABLE bench.target (
	candidate	text,
	operation	text,
	throughput	double precision,		-- at least
	"time"		double precision,		-- at most
	PRIMARY KEY (candidate, operation)
);
INSERT INTO bench.target VALUES
	('temporal', 'insert_one', 0.93, NULL),	-- 0.95 without the log of transactions
	('temporal', 'insert_durable', 0.95, NULL),
	('temporal', 'copy', 0.92, NULL),
	('temporal', 'insert_computed', 0.92, NULL),
	('temporal', 'insert_select', 0.92, NULL),
	('temporal', 'update_one', 0.78, NULL),	-- 0.80 without it
	('temporal', 'update_durable', 0.80, NULL),
	('temporal', 'update_bulk', 0.60, NULL),
	('temporal', 'delete_bulk', 0.25, NULL),
	('temporal', 'key_middle', NULL, 1.5),
	('temporal', 'server_middle', NULL, 3),
	('temporal', 'whole_early', NULL, 4),
	('temporal', 'whole_middle', NULL, 4),
	('temporal', 'whole_recent', NULL, 4),
	('temporal', 'whole_late', NULL, 1.5),
	('temporal', 'joinkey_middle', NULL, 1.6),
	('temporal_compressed', 'key_middle', NULL, 1.6),
	('temporal_compressed', 'key_early', NULL, 1.6),
	('temporal_compressed', 'key_all', NULL, 1.6),
	('temporal_compressed', 'whole_early', NULL, 1.5),
	('temporal_compressed', 'whole_middle', NULL, 1.5),
	('temporal_compressed', 'whole_recent', NULL, 1.5),
	('temporal_compressed', 'whole_late', NULL, 1.5),
	('temporal_compressed', 'joinkey_middle', NULL, 1.6),
	('temporal_compressed', 'join_middle', NULL, 1.5),
	('temporal_compressed', 'changed_hour', NULL, 3),
	('temporal', 'review_diff', NULL, 3),
	('temporal', 'review_diffstat', NULL, 3),
	('temporal', 'review_restore', NULL, 3),
	('temporal', 'review_flashback', NULL, 3);

-- Of each past by itself; without one it is the whole of the default size
CREATE VIEW bench.past_ratio AS
WITH s AS (
	SELECT s.past, s.candidate, o.operation, s.place,
		   s.seconds / s.n AS seconds,
		   nullif(s.cpu, 0) / s.n AS cpu,
		   s.wal / s.n AS wal,
		   (s.seconds / s.n) / (p.seconds / p.n) AS time_ratio,
		   (nullif(s.cpu, 0) / s.n) / (nullif(p.cpu, 0) / p.n) AS cpu_ratio
	FROM bench.slice s
		 JOIN bench.operation o USING (operation)
		 LEFT JOIN bench.slice p
			ON p.candidate = CASE WHEN s.candidate LIKE 'mariadb%'
								  THEN 'mariadb_plain'
								  WHEN o.part = 'review' THEN 'by_hand'
								  ELSE 'plain' END
			AND p.operation = o.baseline AND p.round = s.round
			AND p.past = s.past
), m AS (
	SELECT past, candidate, operation, count(*) AS slices, min(place) AS place,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY wal) AS wal,
		   percentile_cont(ARRAY[0.25, 0.5, 0.75])
				WITHIN GROUP (ORDER BY time_ratio) AS time_ratio,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu_ratio) AS cpu_ratio
	FROM s GROUP BY past, candidate, operation
)
SELECT m.past, o.part, o.operation, o.title, m.candidate, m.slices,
	   round((1e6 * m.seconds)::numeric, 2) AS microseconds,
	   round((1e6 * m.cpu)::numeric, 2) AS cpu_microseconds,
	   round((1 / m.time_ratio[2])::numeric, 3) AS throughput_ratio,
	   round(m.time_ratio[2]::numeric, 2) AS time_ratio,
	   round(m.time_ratio[1]::numeric, 2) AS time_ratio_q1,
	   round(m.time_ratio[3]::numeric, 2) AS time_ratio_q3,
	   round(m.cpu_ratio::numeric, 2) AS cpu_ratio,
	   round(m.wal::numeric) AS wal_bytes,
	   coalesce('>= ' || t.throughput, '<= ' || t."time") AS target,
	   CASE WHEN t.throughput IS NOT NULL
			THEN 1 / m.time_ratio[2] >= t.throughput
			ELSE m.time_ratio[2] <= t."time" END AS met,
	   o.place AS operation_place, m.place
FROM m JOIN bench.operation o USING (operation)
	 LEFT JOIN bench.target t USING (candidate, operation);

CREATE VIEW bench.ratio AS
SELECT * FROM bench.past_ratio WHERE past = '' AND part <> 'build';

-- How time grows with history: the ratio to the plain table, which stays as it
-- is, and that in the ratio with the smallest history.
CREATE VIEW bench.growth AS
SELECT split_part(r.past, ' ', 1) AS workload,
	   split_part(r.past, ' ', 2)::bigint AS versions,
	   r.operation, r.title, r.candidate, r.slices,
	   r.microseconds, r.cpu_microseconds,
	   r.time_ratio, r.time_ratio_q1, r.time_ratio_q3,
	   round(r.time_ratio / nullif(first_value(r.time_ratio) OVER w, 0), 2) AS growth,
	   -- where ten times the history does not have more to say
	   CASE WHEN r.candidate = 'temporal_compressed'
				AND r.operation <> 'key_all'
				AND split_part(r.past, ' ', 2)::bigint =
					10 * first_value(split_part(r.past, ' ', 2)::bigint) OVER w
			THEN 1.2 END AS target,
	   r.operation_place, r.place
FROM bench.past_ratio r
WHERE r.past <> '' AND r.part = 'read'
WINDOW w AS (PARTITION BY split_part(r.past, ' ', 1), r.operation, r.candidate
			 ORDER BY split_part(r.past, ' ', 2)::bigint);

-- One backend, and so one core
CREATE VIEW bench.building AS
SELECT r.past, r.operation, r.title, r.slices,
	   r.microseconds, r.cpu_microseconds, r.wal_bytes,
	   round(1e6 / r.microseconds) AS versions_per_second,
	   CASE WHEN r.operation = 'compress' THEN '>= 200000' END AS target,
	   CASE WHEN r.operation = 'compress'
			THEN 1e6 / r.microseconds >= 200000 END AS met
FROM bench.past_ratio r
WHERE r.part = 'build';

-- Bytes a version, and the uncompressed history with its key index = 1
CREATE VIEW bench.size_ratio AS
SELECT z.past, z.candidate, z.versions,
	   round(z.heap::numeric / z.versions, 1) AS heap,
	   round(z.indexes::numeric / z.versions, 1) AS indexes,
	   round(z.segments::numeric / z.versions, 1) AS segments,
	   round((z.heap + z.indexes + z.segments)::numeric / z.versions, 1) AS bytes,
	   round((z.heap + z.indexes + z.segments)::numeric
			 / (t.heap + t.indexes + t.segments), 3) AS ratio,
	   CASE WHEN z.candidate = 'temporal_compressed'
			THEN '<= 1/6' END AS target,
	   CASE WHEN z.candidate = 'temporal_compressed'
			THEN 6 * (z.heap + z.indexes + z.segments)
				<= t.heap + t.indexes + t.segments END AS met
FROM bench.size z
	 JOIN bench.size t ON t.past = z.past AND t.candidate = 'temporal';

CREATE VIEW bench.instruction_ratio AS
SELECT coalesce(o.title, i.operation) AS title, i.operation, i.candidate,
	   round(i.instructions) AS instructions,
	   round((i.instructions / b.instructions)::numeric, 4) AS ratio,
	   CASE WHEN i.operation = 'pgbench_select' AND i.candidate = 'preloaded'
			THEN '<= 1.01' END AS target,
	   CASE WHEN i.operation = 'pgbench_select' AND i.candidate = 'preloaded'
			THEN i.instructions / b.instructions <= 1.01 END AS met,
	   i.place
FROM bench.instruction i
	 LEFT JOIN bench.operation o USING (operation)
	 JOIN bench.instruction b
		ON b.operation = coalesce(o.baseline, i.operation)
		AND b.candidate IN ('plain', 'stock');

-- Foreground work beside maintenance: medians of the slices, and of their ratios
-- to the slices alone of the same round and share
CREATE VIEW bench.load_ratio AS
WITH s AS (
	SELECT s.*, s.p50 / a.p50 AS ratio50, s.p95 / a.p95 AS ratio95,
		   s.p99 / a.p99 AS ratio99
	FROM bench.load_slice s
		 JOIN (SELECT round, share, avg(p50) AS p50, avg(p95) AS p95, avg(p99) AS p99
			   FROM bench.load_slice WHERE condition = 'alone'
			   GROUP BY round, share) a USING (round, share)
), m AS (
	SELECT condition, share, count(*) AS slices, sum(n) AS transactions,
		   sum(n) / nullif(sum(seconds), 0) AS rate,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY p50) AS p50,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY p95) AS p95,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY p99) AS p99,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio50) AS ratio50,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio95) AS ratio95,
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio99) AS ratio99
	FROM s GROUP BY condition, share
)
SELECT m.condition,
	   CASE m.condition WHEN 'alone' THEN 'alone'
			WHEN 'heap' THEN 'retention, from the heap'
			WHEN 'segments' THEN 'retention, from segments'
			WHEN 'compress' THEN 'compression' END AS title,
	   m.share, m.slices, m.transactions, round(m.rate::numeric) AS per_second,
	   round(m.p50::numeric) AS p50, round(m.p95::numeric) AS p95,
	   round(m.p99::numeric) AS p99,
	   round(m.ratio50::numeric, 2) AS ratio50,
	   round(m.ratio95::numeric, 2) AS ratio95,
	   round(m.ratio99::numeric, 2) AS ratio99,
	   CASE WHEN t.applies THEN '<= 1.2' END AS target,
	   CASE WHEN t.applies THEN m.ratio99 <= 1.2 END AS met
FROM m, bench.load_setting l,
	 LATERAL (SELECT m.share = l.share AND m.condition <> 'alone' AS applies) t
ORDER BY m.share, m.condition <> 'alone', m.condition <> 'compress', m.condition;

-- What maintenance does by itself.  The rate is that of the steps that found
-- something: in the end each run looks through the rest of the heap.
CREATE VIEW bench.load_work AS
SELECT runner, load_step.condition, share, count(*) AS steps, sum(versions) AS versions,
	   round((60 * sum(versions) / sum(seconds) FILTER (WHERE versions > 0))::numeric)
		AS versions_per_minute,
	   round((1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::numeric, 1) AS ms50,
	   round((1000 * percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds))::numeric, 1) AS ms99,
	   round((1000 * max(seconds))::numeric, 1) AS ms_most,
	   t.least AS target,
	   60 * sum(versions) / sum(seconds) FILTER (WHERE versions > 0) >= t.least AS met,
	   CASE WHEN s.batch THEN 2 * b.ms END AS target_ms99,
	   CASE WHEN s.batch
			THEN 1000 * percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds) <= 2 * b.ms
			END AS met_ms99
FROM bench.load_step
	 LEFT JOIN (VALUES ('heap', 20000000), ('segments', 500000000), ('compress', 12000000))
		t(condition, least) ON t.condition = load_step.condition AND runner <> 'worker',
	 LATERAL (SELECT runner <> 'at once' AND load_step.condition <> 'compress') s(batch),
	 (SELECT setting::integer FROM pg_settings
	  WHERE name = 'temporal.retention_batch_time') b(ms)
GROUP BY runner, load_step.condition, share, t.least, s.batch, b.ms
ORDER BY load_step.condition, runner, share;
