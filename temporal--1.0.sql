/* temporal--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION temporal" to load this file. \quit

GRANT USAGE ON SCHEMA temporal TO PUBLIC;

--
-- Catalog
--

CREATE TABLE temporal.versioned_table (
	relation		regclass PRIMARY KEY,
	history			regclass UNIQUE,
	start_column	name NOT NULL,
	end_column		name NOT NULL,
	history_start	timestamptz NOT NULL,
	history_index	text NOT NULL CHECK (history_index IN ('key', 'gist', 'none')),
	skip_unchanged	boolean NOT NULL,
	exclude_columns	name[] NOT NULL,
	compression		text NOT NULL CHECK (compression IN ('zstd', 'none')),
	compression_level	smallint NOT NULL,
	compress_after	interval NOT NULL
);
COMMENT ON TABLE temporal.versioned_table IS
'One row for each table with a SYSTEM_TIME period; read it through temporal.tables';
COMMENT ON COLUMN temporal.versioned_table.history IS
'where old versions are kept; NULL: the table has a period but no system versioning';
COMMENT ON COLUMN temporal.versioned_table.history_start IS
'nothing is known of the time before; -infinity when the table was created with its history';
SELECT pg_catalog.pg_extension_config_dump('temporal.versioned_table', '');
GRANT SELECT ON temporal.versioned_table TO PUBLIC;

-- What histories with segments are read by: see src/history/history_access.c
CREATE FUNCTION temporal.history_handler(internal) RETURNS table_am_handler
LANGUAGE C STRICT
AS 'MODULE_PATHNAME', 'temporal_history_handler';
COMMENT ON FUNCTION temporal.history_handler(internal) IS
'heap, for histories that have segments: refuses to read them where the library is not preloaded, because it would read only a part';
CREATE ACCESS METHOD temporal_history TYPE TABLE HANDLER temporal.history_handler;
COMMENT ON ACCESS METHOD temporal_history IS
'heap of a history that has segments besides';

-- Compressed history: see src/catalog/segment_table.c, which knows the columns
-- by number.  Neither table is dumped: a dump has the versions themselves.
CREATE TABLE temporal.segment_store (
	history			regclass PRIMARY KEY,
	segments		regclass NOT NULL UNIQUE,
	start_column	smallint NOT NULL,
	end_column		smallint NOT NULL,
	key_column		smallint NOT NULL
) USING heap;
COMMENT ON TABLE temporal.segment_store IS
'which histories have segments, and the relations that hold them; read it through temporal.compression';
COMMENT ON COLUMN temporal.segment_store.key_column IS
'number of the column whose range is known of each segment; 0: none';
CREATE TABLE temporal.segment_run (
	history			regclass NOT NULL,
	run				integer NOT NULL,
	slice			integer NOT NULL,
	starts			timestamptz NOT NULL,
	ends			timestamptz NOT NULL,
	versions		bigint NOT NULL,
	segments		integer NOT NULL,
	bytes			bigint NOT NULL,
	raw_bytes		bigint NOT NULL,
	start_quantiles	timestamptz[] NOT NULL,
	end_quantiles	timestamptz[] NOT NULL,
	PRIMARY KEY (history, run)
) USING heap;
COMMENT ON TABLE temporal.segment_run IS
'segments that were built together: when their versions were valid, how many and how large they are; read it through temporal.compression';
COMMENT ON COLUMN temporal.segment_run.start_quantiles IS
'times that divide the versions of the run into parts of equal number, by their start';

-- Which old versions may go: see src/catalog/retention_policy.c, which knows
-- the columns by number
CREATE TABLE temporal.retention_policy (
	relation		regclass PRIMARY KEY,
	period			interval,
	max_size		bigint CHECK (max_size > 0),
	max_versions	integer CHECK (max_versions > 0),
	condition		text,
	archive			boolean NOT NULL,
	archive_location	text,
	schedule		interval NOT NULL
) USING heap;
COMMENT ON TABLE temporal.retention_policy IS
'which old versions of a table may go, and when; read it through temporal.retention';
SELECT pg_catalog.pg_extension_config_dump('temporal.retention_policy', '');

-- Every tick this database was ever given is below the sequence's value, in
-- microseconds since 2000-01-01 UTC.  See src/time/tick_reserve.c.
CREATE SEQUENCE temporal.tick_reserve MINVALUE 0 START 0;
COMMENT ON SEQUENCE temporal.tick_reserve IS
'upper bound of the ticks given so far, in microseconds since 2000-01-01 UTC; keeps the clock from running back over restarts';
SELECT pg_catalog.setval('temporal.tick_reserve', 0);
SELECT pg_catalog.pg_extension_config_dump('temporal.tick_reserve', '');

--
-- The log of transactions: see src/time/transaction_log.c, which knows the
-- columns by number
--

CREATE TABLE temporal.transaction_log (
	committed_at		timestamptz NOT NULL,
	system_time			timestamptz NOT NULL,
	settled				timestamptz NOT NULL,
	arrived				timestamptz NOT NULL,
	xid					bigint NOT NULL,
	lifetime			smallint NOT NULL,
	ticks				timestamptz[],
	"session_user"		text NOT NULL,
	role				text NOT NULL,
	application_name	text,
	client_addr			inet,
	context				jsonb,
	prepared_by			bigint
) USING heap;
COMMENT ON TABLE temporal.transaction_log IS
'one row for each transaction that changed a versioned table, in commit order; read it through temporal.transactions';
COMMENT ON COLUMN temporal.transaction_log.committed_at IS
'the commit tick C; the SCN is the same in microseconds since 2000-01-01 UTC';
COMMENT ON COLUMN temporal.transaction_log.system_time IS
'the system time S: its versions start, and those it replaced end, at S or at one of ticks';
COMMENT ON COLUMN temporal.transaction_log.settled IS
'no other transaction that had a tick at or before this time was in flight when this one committed';
COMMENT ON COLUMN temporal.transaction_log.arrived IS
'every other transaction with a commit tick at or before this time had ended when this one committed';
COMMENT ON COLUMN temporal.transaction_log.lifetime IS
'order of magnitude of C - S: from 4^n to 4^(n+1) microseconds';
COMMENT ON COLUMN temporal.transaction_log.prepared_by IS
'the system identifier of the cluster that committed it by COMMIT PREPARED; NULL: it was not prepared';
COMMENT ON COLUMN temporal.transaction_log.ticks IS
'further ticks of the transaction, for rows last written by one with a later system time; NULL: none';
CREATE INDEX transaction_log_slow ON temporal.transaction_log (lifetime, committed_at)
	WHERE lifetime >= 8;
CREATE INDEX transaction_log_order ON temporal.transaction_log
	USING brin (committed_at, system_time, xid)
	WITH (pages_per_range = 16, autosummarize = on);
-- CREATE INDEX summarizes the first pages, empty as they are: every row would
-- have to be added to that summary.
SELECT pg_catalog.brin_desummarize_range('temporal.transaction_log_order', 0);
SELECT pg_catalog.pg_extension_config_dump('temporal.transaction_log', '');
-- what temporal.transaction_ticks shows everybody, with its statistics
GRANT SELECT (committed_at, system_time, xid, ticks, role) ON temporal.transaction_log TO PUBLIC;

CREATE FUNCTION temporal.append_transaction() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'temporal_append_transaction';
COMMENT ON FUNCTION temporal.append_transaction() IS
'keeps the rows of the log in order when a dump is restored';
CREATE TRIGGER append BEFORE INSERT ON temporal.transaction_log
	FOR EACH ROW EXECUTE FUNCTION temporal.append_transaction();
ALTER TABLE temporal.transaction_log ENABLE ALWAYS TRIGGER append;

CREATE TABLE temporal.prepared_transaction (LIKE temporal.transaction_log) USING heap;
COMMENT ON TABLE temporal.prepared_transaction IS
'what temporal.transaction_log will say of prepared transactions; see src/time/transaction_prepared.c';

CREATE FUNCTION temporal.scn_to_timestamp(scn bigint) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_scn_to_timestamp';
COMMENT ON FUNCTION temporal.scn_to_timestamp(bigint) IS
'the time of a system change number, which counts microseconds since 2000-01-01 UTC; 22008 if it is none';

CREATE FUNCTION temporal.timestamp_to_scn("time" timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_timestamp_to_scn';
COMMENT ON FUNCTION temporal.timestamp_to_scn(timestamptz) IS
'the system change number of a time: microseconds since 2000-01-01 UTC; 22008 before that and for infinity';

CREATE FUNCTION temporal.current_scn() RETURNS bigint
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_current_scn';
COMMENT ON FUNCTION temporal.current_scn() IS
'SCN of the last transaction that the calling statement sees: AS OF SCN of it shows what the statement sees; 0 before the first';

CREATE FUNCTION temporal.stable_time() RETURNS timestamptz
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_stable_time';
COMMENT ON FUNCTION temporal.stable_time() IS
'a time at or before which nothing can change any more, and the calling statement sees all that did: the watermark for exports';

CREATE VIEW temporal.transactions WITH (security_barrier) AS
SELECT temporal.timestamp_to_scn(l.committed_at) AS scn,
       l.system_time,
       l.committed_at,
       l.xid::text::xid8 AS xid,
       l."session_user",
       l.role,
       CASE WHEN p.may_see THEN l.application_name END AS application_name,
       CASE WHEN p.may_see THEN l.client_addr END AS client_addr,
       CASE WHEN p.may_see THEN l.context END AS context
FROM temporal.transaction_log l
     CROSS JOIN LATERAL (
		SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
			OR coalesce(pg_catalog.pg_has_role(pg_catalog.to_regrole(pg_catalog.quote_ident(l.role)), 'USAGE'), false)
			OR coalesce(pg_catalog.pg_has_role(pg_catalog.to_regrole(pg_catalog.quote_ident(l."session_user")), 'USAGE'), false)
	 ) AS p(may_see);
COMMENT ON VIEW temporal.transactions IS
'transactions that changed versioned tables: when each was committed, by whom, and for its own roles and pg_read_all_stats from where and why (temporal.context)';
GRANT SELECT ON temporal.transactions TO PUBLIC;

CREATE VIEW temporal.transaction_ticks AS
SELECT l.system_time AS tick,
       temporal.timestamp_to_scn(l.committed_at) AS scn,
       l.committed_at, l.xid, l.role
FROM temporal.transaction_log l
UNION ALL
SELECT t.tick, temporal.timestamp_to_scn(l.committed_at), l.committed_at, l.xid, l.role
FROM temporal.transaction_log l CROSS JOIN LATERAL pg_catalog.unnest(l.ticks) AS t(tick)
WHERE l.ticks IS NOT NULL;
COMMENT ON VIEW temporal.transaction_ticks IS
'the transaction that each start and end of a version belongs to: its system time, and its further ticks where it needed any';
GRANT SELECT ON temporal.transaction_ticks TO PUBLIC;

CREATE FUNCTION temporal.time_of_scn(scn bigint) RETURNS timestamptz
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_time_of_scn';
COMMENT ON FUNCTION temporal.time_of_scn(bigint) IS
'AS OF SCN n: AS OF the time of the system change number; 02000 if it is none or lies in the future';

CREATE FUNCTION temporal.time_of_transaction(xid bigint) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_at timestamptz;
BEGIN
	SELECT CASE WHEN current_setting('temporal.as_of_mode') = 'period'
				THEN min(t.tick) ELSE max(t.committed_at) END
	INTO found_at
	FROM temporal.transaction_ticks t
	WHERE t.xid = time_of_transaction.xid;
	IF found_at IS NULL THEN
		RAISE EXCEPTION 'transaction % changed no system-versioned table, or its record has expired', xid
			USING ERRCODE = '02000',
				  HINT = 'temporal.transactions lists the transactions that are known.';
	END IF;
	RETURN found_at;
END
$$;
COMMENT ON FUNCTION temporal.time_of_transaction(bigint) IS
'AS OF TRANSACTION n: AS OF the time at which it was committed; 02000 if it is not known';

CREATE FUNCTION temporal.time_of_transaction(xid xid8) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS 'SELECT temporal.time_of_transaction($1::pg_catalog.text::pg_catalog.int8)';
COMMENT ON FUNCTION temporal.time_of_transaction(xid8) IS
'the same for the type that pg_current_xact_id() returns';

--
-- Periods of rows being written (DEFAULTs of the period columns)
--

CREATE FUNCTION temporal.row_start() RETURNS timestamptz
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_row_start';
COMMENT ON FUNCTION temporal.row_start() IS
'start of a row version written now: the system time of this transaction (GENERATED ALWAYS AS ROW START; SQL:2011 part 2, 11.4)';

CREATE FUNCTION temporal.row_start(history regclass) RETURNS timestamptz
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_row_start_insert';
COMMENT ON FUNCTION temporal.row_start(regclass) IS
'the same for a row inserted into the table with that history: later than all that ended there';

CREATE FUNCTION temporal.row_start(previous timestamptz, history regclass, new_key boolean) RETURNS timestamptz
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_row_start_after';
COMMENT ON FUNCTION temporal.row_start(timestamptz, regclass, boolean) IS
'start of a row version that replaces one which started at the given time: later than it, unless this transaction wrote both; with a new key also later than all that ended in that history';

CREATE FUNCTION temporal.row_end() RETURNS timestamptz
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_row_end';
COMMENT ON FUNCTION temporal.row_end() IS
'end of a current row version: infinity (GENERATED ALWAYS AS ROW END; SQL:2011 part 2, 11.4)';

CREATE FUNCTION temporal.system_time() RETURNS timestamptz
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_system_time';
COMMENT ON FUNCTION temporal.system_time() IS
'the time at which all versions written by this transaction start; NULL before its first write to a versioned table';

--
-- Triggers
--

CREATE FUNCTION temporal.capture_statement() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'temporal_capture_statement';
COMMENT ON FUNCTION temporal.capture_statement() IS
'moves the versions that an UPDATE, DELETE or TRUNCATE replaced into history';

CREATE FUNCTION temporal.capture_row() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'temporal_capture_row';
COMMENT ON FUNCTION temporal.capture_row() IS
'the same row by row, for session_replication_role = replica and logical replication';

CREATE FUNCTION temporal.guard_row() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'temporal_guard_row';
COMMENT ON FUNCTION temporal.guard_row() IS
'gives the period columns their values after all other BEFORE triggers had their say; applies temporal.skip_unchanged and temporal.exclude_columns';

CREATE FUNCTION temporal.protect_history() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'temporal_protect_history';
COMMENT ON FUNCTION temporal.protect_history() IS
'refuses every write to a history table but those made by versioning itself';

--
-- FOR SYSTEM_TIME in stock grammar: FROM t a TABLESAMPLE temporal.as_of(x)
--

CREATE FUNCTION temporal.as_of(internal) RETURNS tsm_handler
LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'temporal_tsm_as_of';
COMMENT ON FUNCTION temporal.as_of(internal) IS
'FROM t TABLESAMPLE temporal.as_of(x): FOR SYSTEM_TIME AS OF x (SQL:2011 part 2, 7.6): start <= x and end > x';

CREATE FUNCTION temporal.from_to(internal) RETURNS tsm_handler
LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'temporal_tsm_from_to';
COMMENT ON FUNCTION temporal.from_to(internal) IS
'FROM t TABLESAMPLE temporal.from_to(a, b): FOR SYSTEM_TIME FROM a TO b (SQL:2011 part 2, 7.6): start < b and end > a';

CREATE FUNCTION temporal.between_and(internal) RETURNS tsm_handler
LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'temporal_tsm_between_and';
COMMENT ON FUNCTION temporal.between_and(internal) IS
'FROM t TABLESAMPLE temporal.between_and(a, b): FOR SYSTEM_TIME BETWEEN a AND b (SQL:2011 part 2, 7.6): start <= b and end > a';

CREATE FUNCTION temporal.between_symmetric(internal) RETURNS tsm_handler
LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'temporal_tsm_between_symmetric';
COMMENT ON FUNCTION temporal.between_symmetric(internal) IS
'FROM t TABLESAMPLE temporal.between_symmetric(a, b): FOR SYSTEM_TIME BETWEEN SYMMETRIC a AND b: as BETWEEN, with the bounds in order';

CREATE FUNCTION temporal.contained_in(internal) RETURNS tsm_handler
LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'temporal_tsm_contained_in';
COMMENT ON FUNCTION temporal.contained_in(internal) IS
'FROM t TABLESAMPLE temporal.contained_in(a, b): FOR SYSTEM_TIME CONTAINED IN (a, b): start >= a and end <= b';

CREATE FUNCTION temporal.all_versions(internal) RETURNS tsm_handler
LANGUAGE C STRICT AS 'MODULE_PATHNAME', 'temporal_tsm_all_versions';
COMMENT ON FUNCTION temporal.all_versions(internal) IS
'FROM t TABLESAMPLE temporal.all_versions(true): FOR SYSTEM_TIME ALL: current and historical rows';

--
-- The same for views, which take no TABLESAMPLE:
-- FROM (SELECT * FROM v WHERE temporal.as_of(x)) a
--

CREATE FUNCTION temporal.as_of("time" timestamptz) RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_clause_marker';
COMMENT ON FUNCTION temporal.as_of(timestamptz) IS
'FROM (SELECT * FROM v WHERE temporal.as_of(x)) a: FOR SYSTEM_TIME AS OF of every system-versioned table in the view; never executed';

CREATE FUNCTION temporal.from_to("from" timestamptz, "to" timestamptz) RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_clause_marker';
COMMENT ON FUNCTION temporal.from_to(timestamptz, timestamptz) IS
'FROM (SELECT * FROM v WHERE temporal.from_to(a, b)) a: FOR SYSTEM_TIME FROM TO of every system-versioned table in the view; never executed';

CREATE FUNCTION temporal.between_and(a timestamptz, b timestamptz) RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_clause_marker';
COMMENT ON FUNCTION temporal.between_and(timestamptz, timestamptz) IS
'FROM (SELECT * FROM v WHERE temporal.between_and(a, b)) a: FOR SYSTEM_TIME BETWEEN of every system-versioned table in the view; never executed';

CREATE FUNCTION temporal.between_symmetric(a timestamptz, b timestamptz) RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_clause_marker';
COMMENT ON FUNCTION temporal.between_symmetric(timestamptz, timestamptz) IS
'FROM (SELECT * FROM v WHERE temporal.between_symmetric(a, b)) a: FOR SYSTEM_TIME BETWEEN SYMMETRIC of every system-versioned table in the view; never executed';

CREATE FUNCTION temporal.contained_in("from" timestamptz, "to" timestamptz) RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_clause_marker';
COMMENT ON FUNCTION temporal.contained_in(timestamptz, timestamptz) IS
'FROM (SELECT * FROM v WHERE temporal.contained_in(a, b)) a: FOR SYSTEM_TIME CONTAINED IN of every system-versioned table in the view; never executed';

CREATE FUNCTION temporal.all_versions("all" boolean) RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_clause_marker';
COMMENT ON FUNCTION temporal.all_versions(boolean) IS
'FROM (SELECT * FROM v WHERE temporal.all_versions(true)) a: FOR SYSTEM_TIME ALL of every system-versioned table in the view; never executed';

--
-- What the clauses become in a plan
--

CREATE FUNCTION temporal.clause_time("time" timestamptz, relation regclass) RETURNS timestamptz
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_clause_time';
COMMENT ON FUNCTION temporal.clause_time(timestamptz, regclass) IS
'checks the time of an AS OF clause: 22004 when it is NULL, 22023 when the history of the table starts later';

CREATE FUNCTION temporal.column_time("time" timestamptz, relation regclass) RETURNS timestamptz
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_clause_time';
COMMENT ON FUNCTION temporal.column_time(timestamptz, regclass) IS
'the same for a time made of columns of other tables: a null time matches no version';

CREATE FUNCTION temporal.clause_bound("time" timestamptz) RETURNS timestamptz
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_clause_bound';
COMMENT ON FUNCTION temporal.clause_bound(timestamptz) IS
'checks a bound of a FROM, BETWEEN or CONTAINED IN clause: 22004 when it is NULL';

CREATE FUNCTION temporal.instant("time" timestamptz, relation regclass) RETURNS timestamptz[]
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_instant';
COMMENT ON FUNCTION temporal.instant(timestamptz, regclass) IS
'what was committed at the time of an AS OF clause: the time, then the system times of the transactions that were in flight; checks the time as clause_time() does';

CREATE FUNCTION temporal.instant_lower("time" timestamptz, relation regclass) RETURNS timestamptz
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_instant_lower';
COMMENT ON FUNCTION temporal.instant_lower(timestamptz, regclass) IS
'a time that all versions shown by AS OF the time end after';

CREATE FUNCTION temporal.instant_upper("time" timestamptz, relation regclass) RETURNS timestamptz
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_instant_upper';
COMMENT ON FUNCTION temporal.instant_upper(timestamptz, regclass) IS
'a time that all versions shown by AS OF the time start at or before';

CREATE FUNCTION temporal.column_instant("time" timestamptz, relation regclass) RETURNS timestamptz[]
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_instant';
COMMENT ON FUNCTION temporal.column_instant(timestamptz, regclass) IS
'instant() for a time made of columns of other tables: a null time matches no version';

CREATE FUNCTION temporal.column_lower("time" timestamptz, relation regclass) RETURNS timestamptz
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_instant_lower';
COMMENT ON FUNCTION temporal.column_lower(timestamptz, regclass) IS
'instant_lower() for a time made of columns of other tables';

CREATE FUNCTION temporal.column_upper("time" timestamptz, relation regclass) RETURNS timestamptz
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_instant_upper';
COMMENT ON FUNCTION temporal.column_upper(timestamptz, regclass) IS
'instant_upper() for a time made of columns of other tables';

CREATE FUNCTION temporal.shows_support(internal) RETURNS internal
LANGUAGE C STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_shows_support';
COMMENT ON FUNCTION temporal.shows_support(internal) IS
'tells the planner that shows() passes nearly every row';

CREATE FUNCTION temporal.shows(row_start timestamptz, row_end timestamptz, instant timestamptz[]) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 2 SUPPORT temporal.shows_support
AS 'MODULE_PATHNAME', 'temporal_shows';
COMMENT ON FUNCTION temporal.shows(timestamptz, timestamptz, timestamptz[]) IS
'could a version with this period be read at the instant, as instant() returns it?';

CREATE FUNCTION temporal.history_reaches(history regclass, "time" timestamptz) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_history_reaches';
COMMENT ON FUNCTION temporal.history_reaches(regclass, timestamptz) IS
'can the history table hold a version that ended after the time? Decides whether a plan reads it at all';

CREATE FUNCTION temporal.history_reaches(history regclass, "time" timestamptz, instant timestamptz) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_history_holds';
COMMENT ON FUNCTION temporal.history_reaches(regclass, timestamptz, timestamptz) IS
'the same for a plan that was made to read AS OF the instant: 22023 if what it needs was removed meanwhile';

CREATE FUNCTION temporal.history_reaches_or_warns(history regclass, "time" timestamptz, instant timestamptz) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_history_warns';
COMMENT ON FUNCTION temporal.history_reaches_or_warns(regclass, timestamptz, timestamptz) IS
'the same where temporal.allow_truncated_history is on: a WARNING, and false';

--
-- Introspection
--

CREATE VIEW temporal.tables AS
SELECT n.nspname AS schema_name,
       c.relname AS table_name,
       v.relation,
       v.history,
       v.history IS NOT NULL AS system_versioned,
       v.start_column,
       v.end_column,
       v.history_start,
       v.history_index,
       v.skip_unchanged,
       v.exclude_columns,
       v.compression,
       v.compression_level,
       v.compress_after,
       pg_catalog.pg_get_userbyid(c.relowner) AS owner
FROM temporal.versioned_table v
     JOIN pg_catalog.pg_class c ON c.oid = v.relation
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;
COMMENT ON VIEW temporal.tables IS
'tables with a SYSTEM_TIME period, their history and their options';
GRANT SELECT ON temporal.tables TO PUBLIC;

--
-- Compressed history
--

CREATE FUNCTION temporal.compress_history(relation regclass, before timestamptz DEFAULT NULL,
	OUT versions bigint, OUT segments integer, OUT bytes_before bigint, OUT bytes_after bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'temporal_compress_history';
COMMENT ON FUNCTION temporal.compress_history(regclass, timestamptz) IS
'moves old versions of a table into compressed segments: those that ended at or before the time, by default temporal.compress_after ago; for the table''s owner; 55000 if temporal.compression is none';

CREATE FUNCTION temporal.decompress_history(relation regclass,
	OUT versions bigint, OUT segments integer, OUT bytes_before bigint, OUT bytes_after bigint)
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'temporal_decompress_history';
COMMENT ON FUNCTION temporal.decompress_history(regclass) IS
'moves all versions of a table out of segments again; for the table''s owner';

CREATE VIEW temporal.compression AS
SELECT v.relation, v.history, v.compression, v.compression_level, v.compress_after,
       coalesce(r.versions, 0) AS compressed_versions,
       coalesce(r.segments, 0) AS segments,
       coalesce(r.runs, 0) AS runs,
       CASE WHEN p.may_select THEN r.starts END AS period_start,
       CASE WHEN p.may_select THEN r.ends END AS period_end,
       coalesce(r.raw_bytes, 0) AS bytes_before,
       coalesce(r.bytes, 0) AS bytes_after,
       round(r.raw_bytes / nullif(r.bytes, 0), 1) AS ratio,
       pg_catalog.pg_total_relation_size(v.history) AS heap_bytes,
       coalesce(pg_catalog.pg_total_relation_size(s.segments), 0) AS segment_bytes
FROM temporal.versioned_table v
     LEFT JOIN temporal.segment_store s USING (history)
     LEFT JOIN LATERAL (
		SELECT sum(r.versions)::bigint AS versions, sum(r.segments)::bigint AS segments,
			   count(*) AS runs, min(r.starts) AS starts, max(r.ends) AS ends,
			   sum(r.raw_bytes) AS raw_bytes, sum(r.bytes) AS bytes
		FROM temporal.segment_run r
		WHERE r.history = v.history
		HAVING count(*) > 0
	 ) r ON true
     CROSS JOIN LATERAL (
		SELECT pg_catalog.has_table_privilege(v.relation, 'SELECT')
	 ) p(may_select)
WHERE v.history IS NOT NULL;
COMMENT ON VIEW temporal.compression IS
'how far the history of each table is compressed: versions, what they took in the heap and take in segments, and both relations with all that belongs to them';
GRANT SELECT ON temporal.compression TO PUBLIC;

--
-- Archives: see src/catalog/archive_table.c, which knows the columns by number
--

CREATE TABLE temporal.archive_file (
	file		text COLLATE "C" PRIMARY KEY,
	schema_name	name NOT NULL,
	table_name	name NOT NULL,
	versions	bigint NOT NULL,
	bytes		bigint NOT NULL,
	first_start	timestamptz NOT NULL,
	first_end	timestamptz NOT NULL,
	last_end	timestamptz NOT NULL,
	removed		boolean NOT NULL,
	made_at		timestamptz NOT NULL,
	xid			xid8 NOT NULL
) USING heap;
COMMENT ON TABLE temporal.archive_file IS
'files with old versions; read it through temporal.archives';
COMMENT ON COLUMN temporal.archive_file.removed IS
'the transaction that wrote the row removed the versions from the history';
SELECT pg_catalog.pg_extension_config_dump('temporal.archive_file', '');

CREATE VIEW temporal.archives WITH (security_barrier) AS
SELECT a.file, a.schema_name, a.table_name, a.versions, a.bytes,
       a.first_start, a.first_end, a.last_end, a.removed, a.made_at, a.xid
FROM temporal.archive_file a
WHERE pg_catalog.pg_has_role('pg_read_server_files', 'USAGE')
   OR pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW temporal.archives IS
'files with old versions that were written by transactions that committed; for pg_read_server_files and pg_monitor';
GRANT SELECT ON temporal.archives TO PUBLIC;

CREATE FUNCTION temporal.archive_history(relation regclass, before timestamptz, location text,
	OUT file text, OUT versions bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'temporal_archive_history';
COMMENT ON FUNCTION temporal.archive_history(regclass, timestamptz, text) IS
'writes the versions of a table that ended at or before the time to a file in a directory of temporal.archive_directories, and removes nothing; for the table''s owner, if he may write files of the server';
REVOKE EXECUTE ON FUNCTION temporal.archive_history(regclass, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION temporal.archive_history(regclass, timestamptz, text) TO pg_write_server_files;

CREATE FUNCTION temporal.read_archive(file text) RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100000
AS 'MODULE_PATHNAME', 'temporal_read_archive';
COMMENT ON FUNCTION temporal.read_archive(text) IS
'the versions in an archive, as rows of a column definition list: columns are found by name, and are null if the archive does not have them';
REVOKE EXECUTE ON FUNCTION temporal.read_archive(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION temporal.read_archive(text) TO pg_read_server_files;

CREATE FUNCTION temporal.read_archive(file text, "row" anyelement) RETURNS SETOF anyelement
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100000
AS 'MODULE_PATHNAME', 'temporal_read_archive';
COMMENT ON FUNCTION temporal.read_archive(text, anyelement) IS
'the versions in an archive, as rows of a table: temporal.read_archive(file, NULL::t)';
REVOKE EXECUTE ON FUNCTION temporal.read_archive(text, anyelement) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION temporal.read_archive(text, anyelement) TO pg_read_server_files;

CREATE FUNCTION temporal.archive_info(file text,
	OUT database text, OUT schema_name text, OUT table_name text, OUT columns text,
	OUT start_column text, OUT end_column text, OUT made_at timestamptz, OUT system_identifier numeric,
	OUT versions bigint, OUT first_start timestamptz, OUT first_end timestamptz, OUT last_end timestamptz,
	OUT checksum_ok boolean, OUT damage text, OUT recorded boolean)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'temporal_archive_info';
COMMENT ON FUNCTION temporal.archive_info(text) IS
'what an archive holds, after reading all of it: whether it is damaged, and whether the transaction that wrote it committed in this database';
REVOKE EXECUTE ON FUNCTION temporal.archive_info(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION temporal.archive_info(text) TO pg_read_server_files;

--
-- Maintenance: see src/catalog/job_table.c, which knows the columns by number
--

CREATE TABLE temporal.job (
	relation	regclass NOT NULL,
	kind		text COLLATE "C" NOT NULL,
	state		text NOT NULL CHECK (state IN ('idle', 'running', 'failed', 'postponed')),
	last_start	timestamptz,
	last_end	timestamptz,
	next_run	timestamptz,
	failures	integer NOT NULL,
	last_error	text,
	PRIMARY KEY (relation, kind)
) USING heap;
COMMENT ON TABLE temporal.job IS
'how the maintenance of each table stands; read it through temporal.jobs';
CREATE TABLE temporal.job_run (
	relation	regclass NOT NULL,
	kind		text COLLATE "C" NOT NULL,
	started		timestamptz NOT NULL,
	ended		timestamptz NOT NULL,
	role		name,
	steps		integer NOT NULL,
	versions	bigint NOT NULL,
	bytes		bigint NOT NULL,
	detail		text,
	error		text
) USING heap;
COMMENT ON TABLE temporal.job_run IS
'runs of maintenance that did something or failed, the last ones of each job; read it through temporal.job_runs';
COMMENT ON COLUMN temporal.job_run.role IS
'who called temporal.run_maintenance(); NULL: a worker';
CREATE INDEX job_run_order ON temporal.job_run (relation, kind, ended);

CREATE FUNCTION temporal.job_is_running(relation regclass, kind text) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_job_is_running';
COMMENT ON FUNCTION temporal.job_is_running(regclass, text) IS
'is any process at this maintenance of the table?';

CREATE FUNCTION temporal.job_progress(OUT pid integer, OUT database oid, OUT relation regclass,
	OUT kind text, OUT phase text, OUT started timestamptz, OUT steps bigint,
	OUT versions bigint, OUT versions_total bigint)
RETURNS SETOF record
LANGUAGE C STABLE ROWS 2 PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_job_progress';
COMMENT ON FUNCTION temporal.job_progress() IS
'what temporal.progress shows';

CREATE VIEW temporal.jobs WITH (security_barrier) AS
SELECT j.relation,
       j.kind,
       CASE WHEN j.state = 'running' AND NOT temporal.job_is_running(j.relation, j.kind)
            THEN 'interrupted' ELSE j.state END AS state,
       j.last_start,
       j.last_end,
       j.next_run,
       j.failures,
       CASE WHEN p.may_see THEN j.last_error END AS last_error
FROM temporal.job j
     JOIN temporal.versioned_table v ON v.relation = j.relation
     JOIN pg_catalog.pg_class c ON c.oid = j.relation
     CROSS JOIN LATERAL (
		SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE')
			OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
	 ) AS p(may_see)
WHERE v.history IS NOT NULL
  AND CASE j.kind
	  WHEN 'compress' THEN v.compression <> 'none'
	  WHEN 'retain' THEN EXISTS (
		SELECT FROM temporal.retention_policy r
		WHERE r.relation = j.relation
		  AND (r.period IS NOT NULL OR r.max_size IS NOT NULL OR r.max_versions IS NOT NULL))
	  END;
COMMENT ON VIEW temporal.jobs IS
'the maintenance of each table: when it ran, when it will, and for the table''s owner and pg_read_all_stats what went wrong';
GRANT SELECT ON temporal.jobs TO PUBLIC;

CREATE VIEW temporal.job_runs WITH (security_barrier) AS
SELECT r.relation, r.kind, r.started, r.ended, r.role, r.steps, r.versions, r.bytes, r.detail, r.error
FROM temporal.job_run r
     JOIN temporal.versioned_table v ON v.relation = r.relation
     JOIN pg_catalog.pg_class c ON c.oid = r.relation
WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')
   OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW temporal.job_runs IS
'the last runs of maintenance that did something or failed, of tables of the caller; pg_read_all_stats sees those of all';
GRANT SELECT ON temporal.job_runs TO PUBLIC;

CREATE VIEW temporal.progress AS
SELECT p.pid, d.datname, p.relation, p.kind, p.phase, p.started, p.steps, p.versions, p.versions_total
FROM temporal.job_progress() p
     LEFT JOIN pg_catalog.pg_database d ON d.oid = p.database;
COMMENT ON VIEW temporal.progress IS
'maintenance that is being done now, in all databases; what and how far for the table''s owner and pg_read_all_stats';
GRANT SELECT ON temporal.progress TO PUBLIC;

CREATE PROCEDURE temporal.run_maintenance(relation regclass DEFAULT NULL)
LANGUAGE C
AS 'MODULE_PATHNAME', 'temporal_run_maintenance';
COMMENT ON PROCEDURE temporal.run_maintenance(regclass) IS
'does now what a maintenance worker would do some time, for a table or all tables of the caller; commits after each step';

--
-- The audit log: see src/catalog/audit_table.c, which knows the columns by
-- number
--

CREATE TABLE temporal.audit_entry (
	logged_at		timestamptz NOT NULL,
	xid				bigint,
	action			text NOT NULL,
	relid			oid,
	relation		text,
	versions		bigint,
	first_end		timestamptz,
	last_end		timestamptz,
	reason			text,
	"session_user"	text,
	role			text,
	application_name	text,
	client_addr		inet,
	context			jsonb
) USING heap;
COMMENT ON TABLE temporal.audit_entry IS
'what was done to histories, by whom and why; read it through temporal.audit_log';

CREATE FUNCTION temporal.protect_audit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'temporal_protect_audit';
COMMENT ON FUNCTION temporal.protect_audit() IS
'refuses every statement that would write the audit log';
CREATE TRIGGER protect BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON temporal.audit_entry
	FOR EACH STATEMENT EXECUTE FUNCTION temporal.protect_audit();
ALTER TABLE temporal.audit_entry ENABLE ALWAYS TRIGGER protect;

CREATE FUNCTION temporal.audit_waiting() RETURNS SETOF temporal.audit_entry
LANGUAGE C VOLATILE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_audit_waiting';
COMMENT ON FUNCTION temporal.audit_waiting() IS
'refused writes that no transaction has taken to the audit log yet, as far as they are the caller''s to see; read them through temporal.audit_log';

CREATE VIEW temporal.audit_log WITH (security_barrier) AS
SELECT a.logged_at, a.xid::text::xid8 AS xid, a.action, a.relid, a.relation, a.versions,
       a.first_end, a.last_end, a.reason,
       a."session_user", a.role, a.application_name, a.client_addr, a.context
FROM (SELECT * FROM temporal.audit_entry
      UNION ALL
      SELECT * FROM temporal.audit_waiting()) a
WHERE pg_catalog.pg_has_role('pg_read_all_data', 'USAGE')
   OR pg_catalog.pg_has_role('pg_monitor', 'USAGE')
   OR EXISTS (SELECT FROM pg_catalog.pg_class c
			  JOIN temporal.versioned_table v ON v.relation = c.oid
			  WHERE a.relid IN (v.relation, v.history) AND pg_catalog.pg_has_role(c.relowner, 'USAGE'));
COMMENT ON VIEW temporal.audit_log IS
'what was done to histories: versions removed, compressed or decompressed, policies changed, refused writes; owners see what concerns their tables, pg_read_all_data and pg_monitor everything';
GRANT SELECT ON temporal.audit_log TO PUBLIC;

CREATE FUNCTION temporal.trim_audit_log(before timestamptz) RETURNS bigint
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'temporal_trim_audit_log';
COMMENT ON FUNCTION temporal.trim_audit_log(timestamptz) IS
'removes the rows of the audit log that are older, and leaves one that says so; returns how many; for superusers and whom they grant it to';
REVOKE ALL ON FUNCTION temporal.trim_audit_log(timestamptz) FROM PUBLIC;

--
-- Retention
--

CREATE VIEW temporal.retention AS
SELECT p.relation, p.period, p.max_size, p.max_versions,
       CASE WHEN o.may_see THEN p.condition END AS condition,
       p.archive AS archive_before_delete,
       CASE WHEN o.may_see THEN p.archive_location END AS archive_location,
       p.schedule
FROM temporal.retention_policy p
     JOIN pg_catalog.pg_class c ON c.oid = p.relation
     CROSS JOIN LATERAL (
		SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE')
			   OR pg_catalog.pg_has_role('pg_monitor', 'USAGE')
	 ) o(may_see);
COMMENT ON VIEW temporal.retention IS
'retention policies: which old versions of each table may go; condition and location are for owners and pg_monitor';
GRANT SELECT ON temporal.retention TO PUBLIC;

CREATE FUNCTION temporal.enforce_retention(relation regclass,
	OUT versions bigint, OUT archived bigint, OUT bytes bigint, OUT duration interval)
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'temporal_enforce_retention';
COMMENT ON FUNCTION temporal.enforce_retention(regclass) IS
'removes now, in this transaction, all versions of a table that its policy lets go; for the table''s owner';

CREATE FUNCTION temporal.retention_preview(relation regclass,
	OUT versions bigint, OUT bytes bigint, OUT first_end timestamptz, OUT last_end timestamptz,
	OUT horizon timestamptz)
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'temporal_retention_preview';
COMMENT ON FUNCTION temporal.retention_preview(regclass) IS
'what temporal.enforce_retention() would remove now, and from when on AS OF would answer then; removes nothing; for the table''s owner';

--
-- What versioning does with a table
--

CREATE FUNCTION temporal.describe(relation regclass)
RETURNS TABLE (property text, value text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	t temporal.tables;
BEGIN
	SELECT * INTO t FROM temporal.tables v WHERE v.relation = describe.relation;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table "%" is not system-versioned', relation
			USING ERRCODE = 'wrong_object_type',
				  HINT = format('ALTER TABLE %s ADD SYSTEM VERSIONING starts its history.', relation);
	END IF;
	RETURN QUERY
	SELECT p.property, p.value
	FROM (VALUES
		(1, 'table', format('%I.%I', t.schema_name, t.table_name)),
		(2, 'system versioning', CASE WHEN t.system_versioned THEN 'on' ELSE 'off (period only)' END),
		(3, 'period', format('SYSTEM_TIME (%I, %I)', t.start_column, t.end_column)),
		(4, 'history', (SELECT format('%I.%I', n.nspname, c.relname)
						FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
						WHERE c.oid = t.history)),
		(5, 'history starts', CASE WHEN t.history_start = '-infinity' THEN 'with the table'
								   ELSE t.history_start::text END),
		(6, 'history index', t.history_index),
		(7, 'unchanged rows', CASE WHEN t.skip_unchanged THEN 'left alone' ELSE 'make a version' END),
		(8, 'columns without history', nullif(array_to_string(t.exclude_columns, ', '), '')),
		(9, 'compression', CASE WHEN t.system_versioned THEN
				CASE t.compression WHEN 'none' THEN 'none'
				ELSE format('%s, level %s, after %s', t.compression, t.compression_level, t.compress_after) END END),
		(10, 'compressed versions', (SELECT nullif(c.compressed_versions, 0)::text
						FROM temporal.compression c WHERE c.relation = t.relation)),
		(11, 'retention', (SELECT nullif(concat_ws(', ', p.period::text,
						pg_size_pretty(p.max_size) || ' at most',
						p.max_versions || ' versions of each key',
						'only where ' || p.condition), '')
						FROM temporal.retention p WHERE p.relation = t.relation)),
		(12, 'retention archive', (SELECT CASE WHEN p.archive_before_delete THEN p.archive_location END
						FROM temporal.retention p WHERE p.relation = t.relation)),
		(13, 'retention schedule', (SELECT 'every ' || p.schedule
						FROM temporal.retention p WHERE p.relation = t.relation)),
		(14, 'table size', pg_size_pretty((
				SELECT sum(pg_total_relation_size(m.relid))
				FROM (SELECT t.relation::oid AS relid
					  UNION SELECT pt.relid FROM pg_partition_tree(t.relation) pt) m))),
		(15, 'history size', (SELECT pg_size_pretty(c.heap_bytes + c.segment_bytes)
						FROM temporal.compression c WHERE c.relation = t.relation))
	) AS p(place, property, value)
	WHERE p.value IS NOT NULL
	ORDER BY p.place;
END
$$;
COMMENT ON FUNCTION temporal.describe(regclass) IS
'what versioning does with a table: its history, period columns, options and sizes';

--
-- What changed, and going back
--

CREATE FUNCTION temporal.given_time("time" timestamptz, argument text) RETURNS timestamptz
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_given_time';
COMMENT ON FUNCTION temporal.given_time(timestamptz, text) IS
'checks a time that a function was given: 22004 when it is NULL';

CREATE FUNCTION temporal.tick_committed_at(tick timestamptz) RETURNS timestamptz
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_tick_committed_at';
COMMENT ON FUNCTION temporal.tick_committed_at(timestamptz) IS
'when the transaction with that tick was committed; the tick itself if the log does not know it';

CREATE FUNCTION temporal.tick_xid(tick timestamptz) RETURNS xid8
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_tick_xid';
COMMENT ON FUNCTION temporal.tick_xid(timestamptz) IS
'the transaction with that tick; NULL if the log does not know it';

CREATE FUNCTION temporal.tick_siblings(tick timestamptz) RETURNS timestamptz[]
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_tick_siblings';
COMMENT ON FUNCTION temporal.tick_siblings(timestamptz) IS
'all ticks of the transaction with that tick, if it has several; else NULL';

CREATE FUNCTION temporal.changed_columns(old record, new record) RETURNS text[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_changed_columns';
COMMENT ON FUNCTION temporal.changed_columns(record, record) IS
'names of the columns in which two rows of one type differ, byte by byte';

CREATE FUNCTION temporal.versions(relation regclass, "from" timestamptz DEFAULT '-infinity', "to" timestamptz DEFAULT 'infinity')
RETURNS TABLE (scn bigint, committed_at timestamptz, xid xid8, role text,
	inserted bigint, updated bigint, deleted bigint)
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_review';
COMMENT ON FUNCTION temporal.versions(regclass, timestamptz, timestamptz) IS
'the log of a table: one row for each transaction that changed it and was committed from the one time to before the other, in commit order';

CREATE FUNCTION temporal.changes(relation regclass, "from" timestamptz DEFAULT '-infinity', "to" timestamptz DEFAULT 'infinity')
RETURNS TABLE (scn bigint, committed_at timestamptz, xid xid8, role text,
	operation "char", key jsonb, old_row jsonb, new_row jsonb, changed_columns text[])
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_review';
COMMENT ON FUNCTION temporal.changes(regclass, timestamptz, timestamptz) IS
'one row for each change (I, U, D) of a table that was committed from the one time to before the other, in commit order';

CREATE FUNCTION temporal.diff(relation regclass, t1 timestamptz, t2 timestamptz)
RETURNS TABLE (operation "char", key jsonb, changed_columns text[], old_row jsonb, new_row jsonb)
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_review';
COMMENT ON FUNCTION temporal.diff(regclass, timestamptz, timestamptz) IS
'what makes the table AS OF t2 out of the table AS OF t1: one row for each key that differs';

CREATE FUNCTION temporal.diff_stat(relation regclass, t1 timestamptz, t2 timestamptz)
RETURNS TABLE (inserted bigint, updated bigint, deleted bigint, columns jsonb)
LANGUAGE C STABLE ROWS 1 PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_review';
COMMENT ON FUNCTION temporal.diff_stat(regclass, timestamptz, timestamptz) IS
'how many rows differ between two times of a table, and in how many updated rows each column does';

CREATE FUNCTION temporal.flashback_versions(relation anyelement, lower timestamptz, upper timestamptz)
RETURNS TABLE (version anyelement, versions_startscn bigint, versions_starttime timestamptz,
	versions_endscn bigint, versions_endtime timestamptz, versions_xid xid8, versions_operation "char")
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_review';
COMMENT ON FUNCTION temporal.flashback_versions(anyelement, timestamptz, timestamptz) IS
'FROM t VERSIONS BETWEEN TIMESTAMP a AND b, as temporal.flashback_versions(NULL::t, a, b): the versions that could be read at some time of [a, b], and what wrote them';

CREATE FUNCTION temporal.transaction_changes(xid bigint)
RETURNS TABLE (relation regclass, scn bigint, committed_at timestamptz, xid xid8, role text,
	operation "char", key jsonb, old_row jsonb, new_row jsonb, changed_columns text[])
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_transaction_changes';
COMMENT ON FUNCTION temporal.transaction_changes(bigint) IS
'what a transaction changed in all versioned tables that the caller may read, as temporal.changes() tells it; 02000 if it is not known';

CREATE FUNCTION temporal.transaction_changes(xid xid8)
RETURNS TABLE (relation regclass, scn bigint, committed_at timestamptz, xid xid8, role text,
	operation "char", key jsonb, old_row jsonb, new_row jsonb, changed_columns text[])
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'temporal_transaction_changes';
COMMENT ON FUNCTION temporal.transaction_changes(xid8) IS
'the same for the type that pg_current_xact_id() returns';

CREATE FUNCTION temporal.undo_transaction(xid bigint, dry_run boolean DEFAULT true)
RETURNS TABLE (relation regclass, operation "char", key jsonb, changed_columns text[],
	old_row jsonb, new_row jsonb, conflict text)
LANGUAGE C VOLATILE
AS 'MODULE_PATHNAME', 'temporal_undo_transaction';
COMMENT ON FUNCTION temporal.undo_transaction(bigint, boolean) IS
'undoes what a transaction changed in versioned tables, or with dry_run says what it would do and which later changes are in the way';

CREATE FUNCTION temporal.undo_transaction(xid xid8, dry_run boolean DEFAULT true)
RETURNS TABLE (relation regclass, operation "char", key jsonb, changed_columns text[],
	old_row jsonb, new_row jsonb, conflict text)
LANGUAGE C VOLATILE
AS 'MODULE_PATHNAME', 'temporal_undo_transaction';
COMMENT ON FUNCTION temporal.undo_transaction(xid8, boolean) IS
'the same for the type that pg_current_xact_id() returns';

CREATE FUNCTION temporal.restore(relation regclass, "time" timestamptz, "where" text DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (operation "char", key jsonb, changed_columns text[], old_row jsonb, new_row jsonb)
LANGUAGE C VOLATILE
AS 'MODULE_PATHNAME', 'temporal_restore';
COMMENT ON FUNCTION temporal.restore(regclass, timestamptz, text, boolean) IS
'makes the rows of a table, or those for which a condition is or was true, what they were AS OF a time, by ordinary DML; returns what it did, or with dry_run would do';

CREATE PROCEDURE temporal.flashback_table(relations regclass[], "time" timestamptz)
LANGUAGE C
AS 'MODULE_PATHNAME', 'temporal_flashback_table';
COMMENT ON PROCEDURE temporal.flashback_table(regclass[], timestamptz) IS
'FLASHBACK TABLE t, u TO TIMESTAMP x: restores several tables in one statement, so that foreign keys between them hold';

CREATE TABLE temporal.snapshot (
	name		text COLLATE "C" PRIMARY KEY,
	"time"		timestamptz NOT NULL,
	owner		name NOT NULL,
	created_at	timestamptz NOT NULL,
	relations	regclass[] NOT NULL
);
COMMENT ON TABLE temporal.snapshot IS
'times with names, see src/catalog/snapshot_table.c, which knows the columns by number; read it through temporal.snapshots';
COMMENT ON COLUMN temporal.snapshot.relations IS
'versioned tables whose history of that time is kept';
SELECT pg_catalog.pg_extension_config_dump('temporal.snapshot', '');
GRANT SELECT ON temporal.snapshot TO PUBLIC;

CREATE VIEW temporal.snapshots AS
SELECT s.name, s."time", temporal.timestamp_to_scn(s."time") AS scn, s.owner, s.created_at, s.relations
FROM temporal.snapshot s;
COMMENT ON VIEW temporal.snapshots IS
'times with names, for AS OF SNAPSHOT, and the tables whose history of that time is kept';
GRANT SELECT ON temporal.snapshots TO PUBLIC;

CREATE FUNCTION temporal.create_snapshot(name text, relations regclass[] DEFAULT NULL) RETURNS timestamptz
LANGUAGE C VOLATILE
AS 'MODULE_PATHNAME', 'temporal_create_snapshot';
COMMENT ON FUNCTION temporal.create_snapshot(text, regclass[]) IS
'gives a name to what the calling statement sees, and keeps the history of that time for tables of the caller, all of them by default; returns the time';

CREATE FUNCTION temporal.drop_snapshot(name text) RETURNS void
LANGUAGE C VOLATILE
AS 'MODULE_PATHNAME', 'temporal_drop_snapshot';
COMMENT ON FUNCTION temporal.drop_snapshot(text) IS
'forgets a snapshot; for who created it and for owners of its tables; 02000 if there is none';

CREATE FUNCTION temporal.time_of_snapshot(name text) RETURNS timestamptz
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'temporal_time_of_snapshot';
COMMENT ON FUNCTION temporal.time_of_snapshot(text) IS
'AS OF SNAPSHOT n: AS OF its time; 02000 if there is none of that name';

-- Our tables are catalogs, which pg_write_all_data does not write: see
-- src/catalog/catalog_guard.c
CREATE FUNCTION temporal.protect_catalog() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'temporal_protect_catalog';
COMMENT ON FUNCTION temporal.protect_catalog() IS
'lets nobody but a superuser write the tables of the extension';
DO $$
DECLARE
	name text;
BEGIN
	-- the audit log has a guard of its own
	FOR name IN
		SELECT c.relname FROM pg_catalog.pg_class c
		WHERE c.relnamespace = 'temporal'::pg_catalog.regnamespace
		  AND c.relkind = 'r' AND c.relname <> 'audit_entry'
	LOOP
		EXECUTE pg_catalog.format('CREATE TRIGGER protect BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
			ON temporal.%I FOR EACH STATEMENT EXECUTE FUNCTION temporal.protect_catalog()', name);
		EXECUTE pg_catalog.format('ALTER TABLE temporal.%I ENABLE ALWAYS TRIGGER protect', name);
	END LOOP;
END
$$;
