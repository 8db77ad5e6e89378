-- Segments are found by keys of an array as by each of them
CREATE TABLE sgk (id integer PRIMARY KEY, n integer) WITH SYSTEM VERSIONING;
CREATE TABLE sgk_text (name text COLLATE "C" PRIMARY KEY, n integer) WITH SYSTEM VERSIONING;
INSERT INTO sgk SELECT i, 0 FROM generate_series(1, 30000) i;
INSERT INTO sgk_text SELECT 'name ' || i, 0 FROM generate_series(1, 5000) i;
UPDATE sgk SET n = n + 1;
UPDATE sgk SET n = n + 1 WHERE id % 3 = 0;
UPDATE sgk_text SET n = n + 1;
CREATE TABLE sgk_copy AS TABLE sgk_history;
CREATE TABLE sgk_text_copy AS TABLE sgk_text_history;
SELECT versions FROM temporal.compress_history('sgk', now());
SELECT versions FROM temporal.compress_history('sgk_text', now());
-- more of them: some keys are in several runs
UPDATE sgk SET n = n + 1 WHERE id < 20000;
INSERT INTO sgk_copy SELECT * FROM ONLY sgk_history EXCEPT TABLE sgk_copy;
SELECT versions FROM temporal.compress_history('sgk', now());

-- {condition}: rows of the history that the copy does not have, and the other
-- way round; and how many segments were opened
CREATE FUNCTION sgk_check(relation text, condition text, OUT rows bigint, OUT wrong bigint, OUT segments bigint, OUT total bigint)
LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE format('SELECT count(*) FROM %I_history WHERE %s', relation, condition) INTO rows;
	EXECUTE format('SELECT count(*) FROM (
		(SELECT * FROM %1$I_history WHERE %2$s EXCEPT ALL SELECT * FROM %1$I_copy WHERE %2$s) UNION ALL
		(SELECT * FROM %1$I_copy WHERE %2$s EXCEPT ALL SELECT * FROM %1$I_history WHERE %2$s)) w', relation, condition) INTO wrong;
	EXECUTE format('EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM %I_history WHERE %s', relation, condition) INTO plan;
	SELECT (p ->> 'Segments Read')::bigint, (p ->> 'Segments Total')::bigint INTO segments, total
	FROM json_array_elements(plan -> 0 -> 'Plan' -> 'Plans') p WHERE p ->> 'Segments Read' IS NOT NULL;
END
$$;
SELECT c.condition, r.rows, r.wrong, r.segments < r.total / 2 AS few
FROM (VALUES
	($$id IN (5, 700, 701, 15000, 99999, -1, NULL)$$),
	($$id = ANY ('{5,5,29999}'::bigint[])$$),
	($$id = ANY ('{}'::integer[])$$),
	($$id = ANY (NULL::integer[])$$),
	($$id = ANY ('{{1,2},{3,4}}'::integer[])$$),
	($$id = ANY ('{1,15000}'::smallint[]) AND sys_end > '-infinity'$$),
	($$id IN (5, 29000) AND id > 100$$),
	($$id IN (5, 29000) AND id = 5$$),
	($$id IN (5, 6, 29000) AND id IN (6, 29000, 7)$$)) c (condition),
	sgk_check('sgk', c.condition) r;
SELECT c.condition, r.rows, r.wrong
FROM (VALUES
	($$id = ANY (ARRAY(SELECT i * 37 FROM generate_series(1, 600) i))$$),
	($$id <> ANY ('{1,2}'::integer[]) AND id < 10$$),
	($$id = ALL ('{7}'::integer[])$$),
	($$id < ANY ('{7,9}'::integer[])$$)) c (condition),
	sgk_check('sgk', c.condition) r;
SELECT c.condition, r.rows, r.wrong, r.segments < r.total AS fewer
FROM (VALUES
	($$name IN ('name 5', 'name 77', 'zz', '')$$),
	($$name = ANY (ARRAY['name 4999', NULL]::varchar[])$$)) c (condition),
	sgk_check('sgk_text', c.condition) r;
SELECT rows, wrong FROM sgk_check('sgk_text', $$name = ANY (ARRAY(SELECT 'name ' || i * 7 FROM generate_series(1, 600) i))$$);
SELECT rows, wrong FROM sgk_check('sgk_text', $$name COLLATE "POSIX" IN ('name 5', 'name 77')$$);

-- Keys of each row of another table
PREPARE sgk_keys(integer[]) AS SELECT count(*) FROM sgk_history WHERE id = ANY ($1);
SET plan_cache_mode = force_generic_plan;
EXECUTE sgk_keys('{1,2,29000}');
EXECUTE sgk_keys('{}');
EXECUTE sgk_keys(NULL);
SELECT k.keys, (SELECT count(*) FROM sgk_history h WHERE h.id = ANY (k.keys))
FROM (VALUES ('{1,20001}'::integer[]), ('{3,4}'), ('{}'), (NULL)) k (keys);
RESET plan_cache_mode;
DEALLOCATE sgk_keys;

DROP FUNCTION sgk_check;
DROP TABLE sgk, sgk_text CASCADE;
DROP TABLE sgk_copy, sgk_text_copy;

-- Dates are not times, though both are numbers inside
CREATE TABLE sgk_day (day date PRIMARY KEY, n integer) WITH SYSTEM VERSIONING;
INSERT INTO sgk_day SELECT '2024-01-01'::date + i, i FROM generate_series(0, 999) i;
UPDATE sgk_day SET n = n + 1;
SELECT versions FROM temporal.compress_history('sgk_day', now());
SELECT n FROM sgk_day_history WHERE day = ANY ('{2024-01-05,2025-05-05}'::date[]) ORDER BY 1;
SELECT n FROM sgk_day_history WHERE day = ANY ('{"2024-01-05 00:00","2025-05-05 12:00"}'::timestamp[]);
SELECT n FROM sgk_day_history WHERE day = '2024-01-05 00:00'::timestamp;
SELECT count(*) FROM sgk_day_history WHERE day < '2024-01-05 12:00'::timestamp;
DROP TABLE sgk_day CASCADE;

-- Versions are sorted by a number that stands for a part of the key: each is
-- found whatever the type, also where the number does not tell keys apart
CREATE DOMAIN sgk_number AS bigint;
CREATE PROCEDURE sgk_find_all(type text, keys text) LANGUAGE plpgsql AS $$
DECLARE
	many bigint;
	few boolean;
	lost bigint;
BEGIN
	EXECUTE format('CREATE TABLE sgk_any (id %s PRIMARY KEY, n integer) WITH SYSTEM VERSIONING', type);
	EXECUTE format('INSERT INTO sgk_any (id, n) SELECT DISTINCT v::%s, 0 FROM (%s) k (v)', type, keys);
	COMMIT;
	UPDATE sgk_any SET n = 1;
	COMMIT;
	SELECT versions, segments < 2 FROM temporal.compress_history('sgk_any', clock_timestamp()) INTO many, few;
	SET LOCAL enable_seqscan = off;
	SELECT count(*) FROM sgk_any k
	WHERE (SELECT count(*) FROM sgk_any_history h WHERE h.id = k.id) <> 1 INTO lost;
	RAISE NOTICE '%: % versions, few segments: %, lost: %', type, many, few, lost;
	DROP TABLE sgk_any CASCADE;
END
$$;
CALL sgk_find_all('smallint', 'SELECT generate_series(-32768, 32767, 20) UNION ALL VALUES (-1), (0), (32767)');
CALL sgk_find_all('integer', $$SELECT generate_series(-2147483648, 2147483647, 1000000) UNION ALL VALUES (-1), (0), (2147483647)$$);
CALL sgk_find_all('bigint', $$SELECT i::bigint * 3000000 + d FROM generate_series(-1000, 3000) i, generate_series(-1, 0) d
	UNION ALL VALUES (4294967294), (4294967295), (4294967296), (9223372036854775807), (-9223372036854775808)$$);
CALL sgk_find_all('sgk_number', 'SELECT i * 4000000000 FROM generate_series(-2000, 2000) i');
CALL sgk_find_all('date', $$SELECT date '1990-01-01' + i FROM generate_series(0, 4000) i
	UNION ALL VALUES (date '4713-01-01 BC'), (date '5874897-12-31'), (date '-infinity'), (date 'infinity')$$);
CALL sgk_find_all('timestamp', $$SELECT timestamp '1990-01-01' + i * interval '3 days 1 second' FROM generate_series(0, 3000) i
	UNION ALL SELECT timestamp '2000-01-01' + i * interval '1 second' FROM generate_series(-1000, 1000) i
	UNION ALL VALUES (timestamp '-infinity'), (timestamp 'infinity')$$);
CALL sgk_find_all('timestamptz', $$SELECT timestamptz '1999-12-31 12:00+0' + i * interval '1 minute' FROM generate_series(0, 3000) i$$);
CALL sgk_find_all('oid', $$SELECT i::bigint * 1400000 FROM generate_series(0, 3000) i$$);
CALL sgk_find_all('numeric', $$SELECT i / 7.0 FROM generate_series(-1500, 1500) i$$);
CALL sgk_find_all('uuid', $$SELECT md5(i::text)::uuid FROM generate_series(0, 3000) i$$);
DROP PROCEDURE sgk_find_all;
-- Those of a key follow each other by start, whether the number tells that or not:
-- short ones and long ones, some that began a microsecond later, or never
CREATE FUNCTION sgk_order(type text, factor bigint) RETURNS TABLE (versions bigint, keys_in_order boolean, starts_in_order boolean) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE sgk_any (id %s PRIMARY KEY, n integer) WITH SYSTEM VERSIONING', type);
	EXECUTE format($q$INSERT INTO sgk_any_history (id, n, sys_start, sys_end)
		SELECT i * %s, v, CASE WHEN v = 0 AND i %% 3 = 0 THEN timestamptz '-infinity' ELSE at END,
			coalesce(lead(at) OVER (PARTITION BY i ORDER BY v), timestamptz '2024-01-02')
		FROM generate_series(-100, 300) i, generate_series(0, 9) v,
			LATERAL (SELECT timestamptz '2024-01-01' + v * CASE WHEN i %% 2 = 0 THEN interval '1 microsecond' ELSE interval '1 hour' END
				+ (i + 100) * interval '1 minute' AS at OFFSET 0) t
		ORDER BY md5(i::text || v)$q$, factor);
	PERFORM temporal.compress_history('sgk_any', now());
	RETURN QUERY SELECT count(*), count(*) FILTER (WHERE id < last_id) < 10, bool_and(id <> last_id OR sys_start > last_start)
		FROM (SELECT id, sys_start, lag(id) OVER w AS last_id, lag(sys_start) OVER w AS last_start
			FROM sgk_any_history WINDOW w AS ()) h;
	DROP TABLE sgk_any CASCADE;
END
$$;
SET ROLE NONE;
SET temporal.allow_period_writes = on;
SET ROLE regress_temporal_user;
SELECT * FROM sgk_order('integer', 1);
SELECT * FROM sgk_order('bigint', 1);
SELECT * FROM sgk_order('bigint', 4294967296);
SET ROLE NONE;
RESET temporal.allow_period_writes;
SET ROLE regress_temporal_user;
DROP FUNCTION sgk_order;
DROP DOMAIN sgk_number;
