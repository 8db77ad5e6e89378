-- The clauses of FOR SYSTEM_TIME at their bounds: a version lives in
-- [start, end).  Each is asked three ways: with a literal time, with a
-- parameter in a generic plan, and with columns of a table to the left.
SET TIME ZONE 'UTC';
SET search_path = public;

-- One version, from ten to twenty o'clock; and a current one, since ten
CREATE TABLE one (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
CREATE TABLE still (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
SET ROLE NONE;
SET temporal.allow_period_writes = on;
INSERT INTO one_history VALUES (1, '2020-01-01 10:00', '2020-01-01 20:00');
INSERT INTO still VALUES (1, '2020-01-01 10:00', 'infinity');
RESET temporal.allow_period_writes;
RESET ROLE;

CREATE FUNCTION seen(clause text, VARIADIC times timestamptz[]) RETURNS text LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	t text := 'FROM one FOR SYSTEM_TIME ';
	ways boolean[];
	way boolean;
BEGIN
	EXECUTE 'SELECT EXISTS (SELECT ' || t || format(replace(replace(clause, '$1', '%1$L'), '$2', '%2$L'), times[1], times[2]) || ')'
	INTO way;
	ways := ways || way;
	EXECUTE 'SELECT EXISTS (SELECT ' || t || clause || ')' INTO way USING times[1], times[2];
	ways := ways || way;
	EXECUTE 'SELECT EXISTS (SELECT FROM (VALUES ($1, $2)) AS c (a, b) CROSS JOIN one FOR SYSTEM_TIME ' ||
		replace(replace(clause, '$1', 'c.a'), '$2', 'c.b') || ')' INTO way USING times[1], times[2];
	ways := ways || way;
	RETURN CASE WHEN true = ALL (ways) THEN 'seen' WHEN false = ALL (ways) THEN 'not seen' ELSE ways::text END;
END $$;

CREATE TEMP TABLE point (t timestamptz, seen boolean);
INSERT INTO point VALUES
	('-infinity', false),
	('4713-01-01 BC', false),
	('2020-01-01 09:59:59.999999', false),
	('2020-01-01 10:00', true),
	('2020-01-01 10:00:00.000001', true),
	('2020-01-01 19:59:59.999999', true),
	('2020-01-01 20:00', false),
	('294276-12-31', false),
	('infinity', false);

CREATE TEMP TABLE range (a timestamptz, b timestamptz, from_to boolean, between_and boolean, contained_in boolean, why text);
INSERT INTO range VALUES
	('2020-01-01 08:00', '2020-01-01 09:00', false, false, false, 'before'),
	('2020-01-01 08:00', '2020-01-01 10:00', false, true, false, 'up to the start'),
	('2020-01-01 08:00', '2020-01-01 10:00:00.000001', true, true, false, 'just into the start'),
	('2020-01-01 08:00', '2020-01-01 20:00', true, true, true, 'earlier, up to the end'),
	('2020-01-01 10:00', '2020-01-01 20:00', true, true, true, 'the same'),
	('2020-01-01 10:00', '2020-01-01 19:59:59.999999', true, true, false, 'a little less at the end'),
	('2020-01-01 10:00:00.000001', '2020-01-01 20:00', true, true, false, 'a little less at the start'),
	('2020-01-01 12:00', '2020-01-01 13:00', true, true, false, 'within'),
	('2020-01-01 19:59:59.999999', '2020-01-01 21:00', true, true, false, 'just before the end'),
	('2020-01-01 20:00', '2020-01-01 21:00', false, false, false, 'from the end'),
	('2020-01-01 21:00', '2020-01-01 22:00', false, false, false, 'after'),
	('-infinity', 'infinity', true, true, true, 'all time'),
	('-infinity', '2020-01-01 10:00', false, true, false, 'all time before'),
	('2020-01-01 20:00', 'infinity', false, false, false, 'all time after'),
	('2020-01-01 12:00', '2020-01-01 12:00', false, true, false, 'an instant within'),
	('2020-01-01 10:00', '2020-01-01 10:00', false, true, false, 'the instant of the start'),
	('2020-01-01 20:00', '2020-01-01 20:00', false, false, false, 'the instant of the end'),
	('2020-01-01 13:00', '2020-01-01 12:00', false, false, false, 'within, the wrong way round'),
	('2020-01-01 21:00', '2020-01-01 08:00', false, false, false, 'around, the wrong way round');

SELECT plan((9 + 4 * 19 + 10)::integer);

SELECT is(seen('AS OF $1', t, t), CASE WHEN seen THEN 'seen' ELSE 'not seen' END, 'as of ' || t)
FROM point ORDER BY t;
SELECT is(seen('FROM $1 TO $2', a, b), CASE WHEN from_to THEN 'seen' ELSE 'not seen' END, 'from to: ' || why)
FROM range;
SELECT is(seen('BETWEEN $1 AND $2', a, b), CASE WHEN between_and THEN 'seen' ELSE 'not seen' END, 'between: ' || why)
FROM range;
SELECT is(seen('BETWEEN SYMMETRIC $1 AND $2', a, b),
		  CASE WHEN least(a, b) <= greatest(a, b) AND least(a, b) < '2020-01-01 20:00' AND greatest(a, b) >= '2020-01-01 10:00'
			   THEN 'seen' ELSE 'not seen' END, 'between symmetric: ' || why)
FROM range;
SELECT is(seen('CONTAINED IN ($1, $2)', a, b), CASE WHEN contained_in THEN 'seen' ELSE 'not seen' END, 'contained in: ' || why)
FROM range;

-- The current version
SELECT is(count(*), 1::bigint, 'current: at its start') FROM still FOR SYSTEM_TIME AS OF '2020-01-01 10:00';
SELECT is(count(*), 0::bigint, 'current: not before') FROM still FOR SYSTEM_TIME AS OF '2020-01-01 09:59:59.999999';
SELECT is(count(*), 1::bigint, 'current: on the last day') FROM still FOR SYSTEM_TIME AS OF '294276-12-31';
SELECT is(count(*), 1::bigint, 'current: at infinity') FROM still FOR SYSTEM_TIME AS OF 'infinity';
SELECT is(count(*), 1::bigint, 'current: at an infinity that is computed') FROM still FOR SYSTEM_TIME AS OF (SELECT timestamptz 'infinity');
SELECT is(count(still.*), 1::bigint, 'current: at the infinity of a column')
FROM (VALUES (timestamptz 'infinity')) AS c (t) LEFT JOIN still FOR SYSTEM_TIME AS OF c.t ON true;
SELECT is(count(*), 1::bigint, 'current: from later to infinity') FROM still FOR SYSTEM_TIME FROM '2021-01-01' TO 'infinity';
SELECT is(count(*), 1::bigint, 'current: between, up to its start') FROM still FOR SYSTEM_TIME BETWEEN '2019-01-01' AND '2020-01-01 10:00';
SELECT is(count(*), 1::bigint, 'current: contained in all the rest of time') FROM still FOR SYSTEM_TIME CONTAINED IN ('2020-01-01 10:00', 'infinity');
SELECT is(count(*), 0::bigint, 'current: contained in nothing that ends') FROM still FOR SYSTEM_TIME CONTAINED IN ('2020-01-01 10:00', '294276-12-31');

SELECT * FROM finish();
