--
-- temporal.as_of_mode: AS OF by the commits, or by the stored periods
--
CREATE TABLE tmo_a (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE tmo_b (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE tmo_g (id integer PRIMARY KEY, v integer)
	WITH (temporal.history_index = gist) WITH SYSTEM VERSIONING;
INSERT INTO tmo_a VALUES (1, 1);
INSERT INTO tmo_g VALUES (1, 1);
CREATE FUNCTION tmo_seen(t timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s %s %s',
		(SELECT v FROM tmo_a TABLESAMPLE temporal.as_of(t)),
		(SELECT v FROM tmo_b TABLESAMPLE temporal.as_of(t)),
		(SELECT v FROM tmo_g TABLESAMPLE temporal.as_of(t)))
$$;

-- A transaction that replaces a row whose start is later than its S needs a
-- tick of its own for it.  Another transaction took its S later and committed
-- first; here its version, 10, and the one before are imports.
SET ROLE NONE;
BEGIN;
UPDATE tmo_a SET v = 2;
SELECT clock_timestamp() AS x \gset
SET LOCAL temporal.allow_period_writes = on;
INSERT INTO tmo_b_history VALUES (1, 1, '2001-01-01', :'x');
INSERT INTO tmo_b (id, v, sys_start, sys_end) VALUES (1, 10, :'x', 'infinity');
SET LOCAL temporal.allow_period_writes = off;
UPDATE tmo_b SET v = 2;
UPDATE tmo_g SET v = 2;
COMMIT;
RESET ROLE;
SELECT v, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM tmo_b TABLESAMPLE temporal.all_versions(true) ORDER BY sys_start;
SELECT l.system_time AS s, l.committed_at AS c, t.tick AS f
FROM temporal.transactions l JOIN temporal.transaction_ticks t USING (scn)
WHERE t.tick > l.system_time AND t.tick = (SELECT sys_start FROM tmo_b WHERE id = 1) \gset
SELECT count(*) AS ticks, count(DISTINCT scn) AS transactions
FROM temporal.transaction_ticks WHERE committed_at = :'c';
SELECT (SELECT sys_start FROM tmo_a) = :'s' AS at_s,
	   (SELECT sys_start FROM tmo_b) = :'f' AS at_f,
	   (SELECT sys_start FROM tmo_g) = :'s' AS at_s_too;

-- By the commits: all of it or nothing.  A tick means the time its transaction
-- had been committed.
SHOW temporal.as_of_mode;
SELECT at, tmo_seen(t) FROM (VALUES
	(1, 'before S', timestamptz :'s' - interval '1 us'),
	(2, 'S', :'s'),
	(3, 'after S', timestamptz :'s' + interval '1 us'),
	(4, 'before the second tick', timestamptz :'f' - interval '1 us'),
	(5, 'the second tick', :'f'),
	(6, 'after it', timestamptz :'f' + interval '1 us'),
	(7, 'before C', timestamptz :'c' - interval '1 us'),
	(8, 'C', :'c'),
	(9, 'after C', timestamptz :'c' + interval '1 us'),
	(10, 'now', clock_timestamp())) v(place, at, t) ORDER BY place;

-- By the periods
SET temporal.as_of_mode = period;
SELECT at, tmo_seen(t) FROM (VALUES
	(1, 'before S', timestamptz :'s' - interval '1 us'),
	(2, 'S', :'s'),
	(3, 'after S', timestamptz :'s' + interval '1 us'),
	(4, 'before the second tick', timestamptz :'f' - interval '1 us'),
	(5, 'the second tick', :'f'),
	(6, 'after it', timestamptz :'f' + interval '1 us'),
	(7, 'before C', timestamptz :'c' - interval '1 us'),
	(8, 'C', :'c'),
	(9, 'after C', timestamptz :'c' + interval '1 us'),
	(10, 'now', clock_timestamp())) v(place, at, t) ORDER BY place;
RESET temporal.as_of_mode;

-- Times of every kind: a constant, a parameter, a sub-select, a column, one
-- that is never the same
CREATE TABLE tmo_time (place integer, t timestamptz);
INSERT INTO tmo_time VALUES (1, :'s'), (2, timestamptz :'f' - interval '1 us'), (3, :'c');
CREATE FUNCTION tmo_volatile(timestamptz) RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN $1; END';
PREPARE tmo_parameter(timestamptz) AS SELECT a.v AS a, b.v AS b FROM tmo_a a TABLESAMPLE temporal.as_of($1), tmo_b b TABLESAMPLE temporal.as_of($1);
SELECT timestamptz :'f' - interval '1 us' AS between \gset
SELECT a.v AS a, b.v AS b FROM tmo_a a TABLESAMPLE temporal.as_of(:'between'), tmo_b b TABLESAMPLE temporal.as_of(:'between');
EXECUTE tmo_parameter(:'between');
SELECT a.v AS a, b.v AS b FROM tmo_a a TABLESAMPLE temporal.as_of((SELECT t FROM tmo_time WHERE place = 2)), tmo_b b TABLESAMPLE temporal.as_of((SELECT t FROM tmo_time WHERE place = 2));
SELECT place, (SELECT v FROM tmo_a TABLESAMPLE temporal.as_of(t)) AS a, (SELECT v FROM tmo_b TABLESAMPLE temporal.as_of(t)) AS b FROM tmo_time ORDER BY place;
SELECT a.v AS a, b.v AS b FROM tmo_a a TABLESAMPLE temporal.as_of(tmo_volatile(:'between')), tmo_b b TABLESAMPLE temporal.as_of(tmo_volatile(:'between'));
SET temporal.as_of_mode = period;
SELECT a.v AS a, b.v AS b FROM tmo_a a TABLESAMPLE temporal.as_of(:'between'), tmo_b b TABLESAMPLE temporal.as_of(:'between');
EXECUTE tmo_parameter(:'between');
SELECT a.v AS a, b.v AS b FROM tmo_a a TABLESAMPLE temporal.as_of((SELECT t FROM tmo_time WHERE place = 2)), tmo_b b TABLESAMPLE temporal.as_of((SELECT t FROM tmo_time WHERE place = 2));
SELECT place, (SELECT v FROM tmo_a TABLESAMPLE temporal.as_of(t)) AS a, (SELECT v FROM tmo_b TABLESAMPLE temporal.as_of(t)) AS b FROM tmo_time ORDER BY place;
SELECT a.v AS a, b.v AS b FROM tmo_a a TABLESAMPLE temporal.as_of(tmo_volatile(:'between')), tmo_b b TABLESAMPLE temporal.as_of(tmo_volatile(:'between'));

-- A plan does not outlive a change of the mode
EXECUTE tmo_parameter(:'between');
SET temporal.as_of_mode = commit;
EXECUTE tmo_parameter(:'between');
BEGIN;
SET LOCAL temporal.as_of_mode = period;
EXECUTE tmo_parameter(:'between');
ROLLBACK;
EXECUTE tmo_parameter(:'between');
CREATE FUNCTION tmo_period(t timestamptz, OUT a integer, OUT b integer) LANGUAGE plpgsql
SET temporal.as_of_mode = period AS $$
BEGIN
	a := (SELECT v FROM tmo_a TABLESAMPLE temporal.as_of(t));
	b := (SELECT v FROM tmo_b TABLESAMPLE temporal.as_of(t));
END $$;
CREATE FUNCTION tmo_any(t timestamptz, OUT a integer, OUT b integer) LANGUAGE plpgsql AS $$
BEGIN
	a := (SELECT v FROM tmo_a TABLESAMPLE temporal.as_of(t));
	b := (SELECT v FROM tmo_b TABLESAMPLE temporal.as_of(t));
END $$;
SELECT * FROM tmo_period(:'between'), tmo_any(:'between') x(c, d);
SELECT * FROM tmo_period(:'between'), tmo_any(:'between') x(c, d);

-- AS OF TRANSACTION goes with the mode
SELECT xid AS xid FROM temporal.transactions WHERE committed_at = :'c' \gset
SELECT temporal.time_of_transaction(:xid) = :'c' AS its_commit;
SET temporal.as_of_mode = period;
SELECT temporal.time_of_transaction(:xid) = :'s' AS its_first_tick;
RESET temporal.as_of_mode;

-- Ranges compare the periods in both
SELECT v FROM tmo_b TABLESAMPLE temporal.between_and(:'s', :'between') WHERE id = 1 ORDER BY sys_start;
SELECT v FROM tmo_b TABLESAMPLE temporal.between_and(:'s', :'c') WHERE id = 1 ORDER BY sys_start;

-- Own changes: not at any time that has passed, but at an own tick and later
BEGIN;
SELECT clock_timestamp() AS earlier \gset
UPDATE tmo_a SET v = 3;
SELECT temporal.system_time() AS own, clock_timestamp() AS later \gset
SELECT v, tmo_seen(:'earlier') AS earlier, tmo_seen(:'own') AS own_tick, tmo_seen(:'later') AS later,
	   tmo_seen('infinity') AS in_the_end, tmo_seen(clock_timestamp() + interval '1 hour') AS in_an_hour FROM tmo_a;
SET LOCAL temporal.as_of_mode = period;
SELECT v, tmo_seen(:'earlier') AS earlier, tmo_seen(:'own') AS own_tick, tmo_seen(:'later') AS later,
	   tmo_seen('infinity') AS in_the_end, tmo_seen(clock_timestamp() + interval '1 hour') AS in_an_hour FROM tmo_a;
COMMIT;
SELECT v, tmo_seen(:'earlier') AS earlier, tmo_seen(:'own') AS own_tick, tmo_seen(:'later') AS later FROM tmo_a;

-- Nothing else is a mode
SET temporal.as_of_mode = scn;
\echo :SQLSTATE

DROP FUNCTION tmo_seen, tmo_period, tmo_any, tmo_volatile;
\set VERBOSITY terse
DROP TABLE tmo_a, tmo_b, tmo_g CASCADE;
DROP TABLE tmo_time;
DEALLOCATE tmo_parameter;
