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
	place		serial
);

-- Bytes that versions take on disk: of relations, divided by versions
CREATE TABLE bench.space (
	candidate	text NOT NULL,
	what		text NOT NULL,
	bytes		double precision NOT NULL
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

-- Instructions of one statement
CREATE TABLE bench.instruction (
	candidate	text NOT NULL,
	operation	text NOT NULL,
	instructions	double precision NOT NULL,
	place		serial
);
