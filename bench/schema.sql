-- What bench/run keeps in the database: how a slice is measured, and what is
-- compared with what.  :rows is the size of a table.

CREATE SCHEMA bench;

-- One measured slice: n units of work
CREATE TABLE bench.slice (
	candidate	text NOT NULL,
	operation	text NOT NULL,
	round		integer NOT NULL,
	n			bigint NOT NULL,
	seconds		double precision NOT NULL,
	cpu			double precision,			-- seconds, of the backend
	wal			double precision,			-- bytes, of the whole server
	past		text NOT NULL				-- the history asked, where there are
				DEFAULT coalesce(current_setting('bench.past', true), ''),
	place		serial
);

-- Bytes that versions take on disk: of relations, divided by versions
CREATE TABLE bench.space (
	candidate	text NOT NULL,
	what		text NOT NULL,
	bytes		double precision NOT NULL
);

-- What the histories of one past take on disk, in bytes.  A past is a way to
-- choose the rows that change, and a number of versions: 'uniform 2000000'.
CREATE TABLE bench.size (
	past		text NOT NULL,
	candidate	text NOT NULL,
	versions	bigint NOT NULL,			-- in history
	heap		bigint NOT NULL,			-- with its TOAST
	indexes		bigint NOT NULL,
	segments	bigint NOT NULL,			-- with TOAST and indexes
	PRIMARY KEY (past, candidate)
);

-- What is particular about a past
CREATE TABLE bench.past (
	past		text PRIMARY KEY,
	versions	bigint NOT NULL,
	transactions	bigint NOT NULL,
	most		bigint NOT NULL,			-- versions of the key with most
	long_lived	double precision NOT NULL	-- share that lived for half of it
);

-- CPU time this backend has used, in nanoseconds.  The scheduler's own count
-- where the kernel has it, else clock ticks (10 ms).
SELECT (pg_catalog.pg_stat_file('/proc/self/schedstat', true)).size IS NOT NULL AS schedstat
\gset
\if :schedstat
CREATE FUNCTION bench.cpu() RETURNS bigint LANGUAGE sql VOLATILE AS $$
SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint
$$;
\else
CREATE FUNCTION bench.cpu() RETURNS bigint LANGUAGE sql VOLATILE AS $$
SELECT (s[12]::bigint + s[13]::bigint) * 10000000
FROM string_to_array(regexp_replace(pg_read_file('/proc/self/stat'),
									'^.*\) ', ''), ' ') s
$$;
\endif

CREATE FUNCTION bench.start(OUT at double precision, OUT cpu bigint, OUT wal numeric)
LANGUAGE sql VOLATILE AS $$
SELECT extract(epoch FROM clock_timestamp()), bench.cpu(),
	   pg_current_wal_insert_lsn() - '0/0'
$$;

CREATE FUNCTION bench.finish(candidate text, operation text, round integer,
							 n bigint, at double precision, cpu bigint, wal numeric)
RETURNS void LANGUAGE sql VOLATILE AS $$
INSERT INTO bench.slice (candidate, operation, round, n, seconds, cpu, wal)
VALUES (candidate, operation, round, n,
		extract(epoch FROM clock_timestamp()) - at,
		(bench.cpu() - cpu) / 1e9,
		pg_current_wal_insert_lsn() - '0/0' - wal)
$$;

-- The rows every table is filled with
CREATE TABLE bench.source (
	id			integer PRIMARY KEY,
	referrer	integer NOT NULL,		-- another id: a permutation
	branch		integer NOT NULL,
	status		integer NOT NULL,
	balance		numeric(12,2) NOT NULL,
	note		text NOT NULL
);
INSERT INTO bench.source
SELECT i, (i::bigint * 7919) % :rows + 1, i % 100, i % 4,
	   round(((i::bigint * 104729) % 10000000) / 100.0, 2),
	   rpad('account ' || i || ' of ' || md5(i::text), 50, '.')
FROM generate_series(1, :rows) i;
VACUUM ANALYZE bench.source;

-- When each of the transactions that made the past was committed
CREATE TABLE bench.instant (step serial PRIMARY KEY, at timestamptz NOT NULL);

-- Changes rows of the plain and the versioned table until there are so many
-- versions more, a batch in a transaction.  The rows are any ("uniform"), or
-- follow Zipf's law with exponent 1 but for every hundredth, which is left alone
-- ("skewed"), or are these, one after the other ("spared").
CREATE PROCEDURE bench.change(workload text, versions bigint, batch integer)
LANGUAGE plpgsql AS $$
DECLARE
	rows CONSTANT integer := (SELECT count(*) FROM bench.source);
	left_over bigint := versions;
	next_spared integer := 0;
	keys integer[];
	changed integer;
BEGIN
	WHILE left_over > 0 LOOP
		changed := least(batch, left_over);
		keys := CASE workload
			WHEN 'uniform' THEN
				ARRAY(SELECT DISTINCT 1 + floor(random() * rows)::integer
					  FROM generate_series(1, changed))
			WHEN 'skewed' THEN
				ARRAY(SELECT DISTINCT id
					  FROM (SELECT (floor(exp(random() * ln(rows + 1)))::bigint
									* 7919 % rows + 1)::integer
							FROM generate_series(1, changed)) k(id)
					  WHERE id % 100 > 0)
			WHEN 'spared' THEN
				ARRAY(SELECT 100 * (next_spared + i)
					  FROM generate_series(1, changed) i)
			END;
		UPDATE bench.past_plain
		SET balance = balance + 1, status = (status + 1) % 4
		WHERE id = ANY (keys);
		UPDATE bench.past_temporal
		SET balance = balance + 1, status = (status + 1) % 4
		WHERE id = ANY (keys);
		GET DIAGNOSTICS changed = ROW_COUNT;
		COMMIT;
		INSERT INTO bench.instant (at) VALUES (clock_timestamp());
		COMMIT;
		left_over := left_over - changed;
		next_spared := next_spared + changed;
	END LOOP;
END
$$;

-- Foreground work while maintenance does something, or nothing (bench/load): how
-- long the n transactions of a slice took, in microseconds
CREATE TABLE bench.load_slice (
	condition	text NOT NULL,
	share		integer NOT NULL,			-- temporal.worker_share
	round		integer NOT NULL,
	seconds		double precision NOT NULL,
	n			bigint NOT NULL,
	p50			double precision NOT NULL,
	p95			double precision NOT NULL,
	p99			double precision NOT NULL,
	worst		double precision NOT NULL
);

-- Steps of maintenance
CREATE TABLE bench.load_step (
	runner		text NOT NULL,				-- worker, by hand, at once
	condition	text NOT NULL,
	share		integer NOT NULL,
	versions	bigint NOT NULL,
	seconds		double precision NOT NULL
);

-- The worker's transactions, as far as somebody saw them
CREATE TABLE bench.load_transaction (
	pid			integer,
	began		timestamptz,
	seen		timestamptz NOT NULL,		-- at last
	PRIMARY KEY (pid, began)
);

-- How often one looked, and saw sessions wait for a lock: of anybody, of the worker
CREATE TABLE bench.load_wait (
	condition	text NOT NULL,
	looks		integer NOT NULL,
	waits		integer NOT NULL,
	worker_waits	integer NOT NULL,
	kinds		text						-- of locks
);

CREATE TABLE bench.load_setting (
	clients		integer,
	rate		text,						-- transactions a second, or unlimited
	share		integer,					-- the default
	versions	integer						-- of a slice of maintenance
);
INSERT INTO bench.load_setting DEFAULT VALUES;

-- Instructions of one statement
CREATE TABLE bench.instruction (
	candidate	text NOT NULL,
	operation	text NOT NULL,
	instructions	double precision NOT NULL,
	place		serial
);
