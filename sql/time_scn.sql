--
-- System change numbers: conversions, errors, how far the past is settled
--
CREATE TABLE scn (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE scn_plain (id integer);

-- An SCN is a time in microseconds since 2000-01-01 UTC
SELECT temporal.scn_to_timestamp(0) = '2000-01-01 00:00:00Z' AS zero,
	   temporal.scn_to_timestamp(1000000) = '2000-01-01 00:00:01Z' AS a_second,
	   temporal.timestamp_to_scn('2000-01-01Z') AS the_first,
	   temporal.timestamp_to_scn('2024-02-29 12:00:00.000001Z') AS a_leap_day,
	   temporal.scn_to_timestamp(NULL) IS NULL AS of_null,
	   temporal.timestamp_to_scn(NULL) IS NULL AS null_of;
SELECT count(*) FILTER (WHERE temporal.timestamp_to_scn(temporal.scn_to_timestamp(n)) <> n) AS do_not_come_back
FROM (SELECT i * 7777777777777 FROM generate_series(0, 1000000, 1000) i) n(n);
SELECT temporal.timestamp_to_scn(temporal.scn_to_timestamp(9223371331199999999)) AS the_last;

-- What is none: 22008
SELECT temporal.scn_to_timestamp(-1);
SELECT temporal.scn_to_timestamp(9223371331200000000);
SELECT temporal.scn_to_timestamp(9223372036854775807);
SELECT temporal.scn_to_timestamp(-9223372036854775808);
\echo :SQLSTATE
SELECT temporal.timestamp_to_scn('infinity');
SELECT temporal.timestamp_to_scn('-infinity');
SELECT temporal.timestamp_to_scn('1999-12-31 23:59:59.999999Z');
\echo :SQLSTATE

-- That of the last transaction the statement sees
SELECT temporal.current_scn() AS before \gset
INSERT INTO scn VALUES (1, 1);
SELECT temporal.current_scn() > :before AS later,
	   temporal.current_scn() = max(scn) AS the_last,
	   temporal.scn_to_timestamp(temporal.current_scn()) = max(committed_at) AS its_time
FROM temporal.transactions;
SELECT temporal.current_scn() AS now \gset
SELECT count(*) FROM scn;
INSERT INTO scn_plain VALUES (1);
SELECT temporal.current_scn() = :now AS as_before;

-- Own changes do not count before they are committed
BEGIN;
UPDATE scn SET v = 2;
SELECT temporal.current_scn() = :now AS as_before,
	   temporal.system_time() > temporal.scn_to_timestamp(:now) AS later,
	   temporal.stable_time() < temporal.system_time() AS not_stable;
ROLLBACK;
SELECT temporal.current_scn() = :now AS as_before;
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE scn SET v = 2;
COMMIT;
SELECT temporal.current_scn() > :now AS later;

-- S comes before C, C is in the past, and unique
SELECT count(*) FILTER (WHERE system_time >= committed_at) AS reversed,
	   count(*) FILTER (WHERE committed_at > clock_timestamp() + interval '1 s') AS future,
	   count(*) - count(DISTINCT scn) AS twice,
	   count(*) FILTER (WHERE scn <> temporal.timestamp_to_scn(committed_at)) AS another_time
FROM temporal.transactions;

-- Nothing at or before stable_time() can change; with no writer about, that is
-- all there is
SELECT temporal.stable_time() >= temporal.scn_to_timestamp(temporal.current_scn()) AS all_of_it,
	   temporal.stable_time() <= clock_timestamp() AS past;

-- AS OF the SCN is what was seen then
SELECT temporal.current_scn() AS two \gset
UPDATE scn SET v = 3;
INSERT INTO scn VALUES (2, 3);
SELECT id, v FROM scn TABLESAMPLE temporal.as_of(temporal.scn_to_timestamp(:two)) ORDER BY id;
SELECT id, v FROM scn TABLESAMPLE temporal.as_of(temporal.scn_to_timestamp(temporal.current_scn())) ORDER BY id;
SELECT count(*) FROM scn TABLESAMPLE temporal.as_of(temporal.scn_to_timestamp(:before));
SELECT count(*) FROM scn TABLESAMPLE temporal.as_of(temporal.scn_to_timestamp(0));

-- AS OF SCN n, AS OF TRANSACTION n: there is none, 02000
\set SHOW_CONTEXT never
SELECT temporal.time_of_scn(:two) = temporal.scn_to_timestamp(:two) AS its_time;
SELECT temporal.time_of_scn(-1);
SELECT temporal.time_of_scn(9000000000000000000);
\echo :SQLSTATE
SELECT temporal.time_of_transaction(3);
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT temporal.time_of_transaction(pg_current_xact_id());
\set VERBOSITY default
\echo :SQLSTATE
SELECT temporal.time_of_scn(NULL) IS NULL AS of_null, temporal.time_of_transaction(NULL::bigint) IS NULL AS of_none;
BEGIN;
UPDATE scn SET v = 4 WHERE id = 1;
SELECT pg_current_xact_id() AS xid \gset
COMMIT;
SELECT temporal.time_of_transaction(:'xid'::xid8) = committed_at AS its_commit,
	   temporal.time_of_transaction(:xid) = committed_at AS the_same
FROM temporal.transactions WHERE xid = :'xid';
SELECT id, v FROM scn TABLESAMPLE temporal.as_of(temporal.time_of_transaction(:xid)) ORDER BY id;
SELECT id, v FROM scn TABLESAMPLE temporal.as_of(temporal.time_of_transaction(:xid) - interval '1 us') ORDER BY id;

-- What a clause becomes, called with anything: 22004, 42809, 22023
SELECT temporal.instant(NULL, 'scn');
\echo :SQLSTATE
SELECT temporal.instant_lower(NULL, 'scn');
SELECT temporal.instant_upper(NULL, 'scn');
SELECT temporal.instant(now(), 'scn_plain');
\echo :SQLSTATE
SELECT temporal.column_instant(NULL, 'scn') IS NULL AS no_instant,
	   temporal.column_lower(NULL, 'scn') IS NULL AS no_lower,
	   temporal.column_upper(NULL, 'scn') IS NULL AS no_upper;
SELECT temporal.shows(now(), 'infinity', '{}');
\echo :SQLSTATE
SELECT temporal.shows(now(), 'infinity', '{NULL}');
SELECT temporal.shows(now(), 'infinity', ARRAY[ARRAY[now()]]);
SELECT temporal.shows('2001-01-01', '2002-01-01', '{2001-01-01}') AS starts_then,
	   temporal.shows('2001-01-01', '2002-01-01', '{2002-01-01}') AS ended_then,
	   temporal.shows('2001-01-01', '2002-01-01', '{2001-06-01,2001-01-01}') AS not_yet_there,
	   temporal.shows('2001-01-01', '2002-01-01', '{2002-06-01,2002-01-01}') AS not_yet_gone,
	   temporal.shows('2001-01-01', '2002-01-01', '{2002-06-01,2001-01-01,2002-01-01}') AS neither;
SELECT temporal.instant('infinity', 'scn') = ARRAY[temporal.instant_upper('infinity', 'scn')] AS at_the_end,
	   temporal.instant('-infinity', 'scn') AS at_the_beginning;
SELECT count(*) FROM scn TABLESAMPLE temporal.as_of(NULL);
\echo :SQLSTATE
SELECT (SELECT count(*) FROM scn TABLESAMPLE temporal.as_of('infinity')) AS at_the_end,
	   (SELECT count(*) FROM scn TABLESAMPLE temporal.as_of('-infinity')) AS at_the_beginning;

-- The past of a table that has none before: 22023
CREATE TABLE scn_late (id integer);
ALTER TABLE scn_late ADD SYSTEM VERSIONING;
\set VERBOSITY sqlstate
SELECT count(*) FROM scn_late TABLESAMPLE temporal.as_of(temporal.scn_to_timestamp(:two));
SELECT temporal.instant(temporal.scn_to_timestamp(:two), 'scn_late');
\set VERBOSITY default

-- Who may ask: everybody
SELECT proname, provolatile, proparallel
FROM pg_proc WHERE pronamespace = 'temporal'::regnamespace
AND proname IN ('current_scn', 'scn_to_timestamp', 'stable_time', 'time_of_scn', 'timestamp_to_scn')
ORDER BY 1;

\set VERBOSITY terse
DROP TABLE scn, scn_late CASCADE;
DROP TABLE scn_plain;
