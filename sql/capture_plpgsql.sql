--
-- Writes from procedural code: loops, exceptions, transaction control
--
CREATE TABLE pl (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO pl VALUES (1, 0), (2, 0);

-- A loop in one transaction: one version
DO $$
BEGIN
	FOR i IN 1..50 LOOP
		UPDATE pl SET v = i WHERE id = 1;
	END LOOP;
END $$;
SELECT v, sys_end = lead(sys_start, 1, 'infinity') OVER (ORDER BY sys_start) AS meets_next
FROM pl FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;

-- COMMIT in the loop: a version each, strictly one after the other, also when
-- the clock has microseconds only
CREATE PROCEDURE pl_bump(n integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..n LOOP
		UPDATE pl SET v = i WHERE id = 2;
		COMMIT;
	END LOOP;
END $$;
CALL pl_bump(200);
SELECT count(*) AS versions, bool_and(meets) AS all_meet, bool_and(sys_start < sys_end) AS all_last
FROM (SELECT *, sys_end = lead(sys_start, 1, 'infinity') OVER (ORDER BY sys_start) AS meets
      FROM pl FOR SYSTEM_TIME ALL WHERE id = 2) h;
SELECT count(*) AS out_of_order
FROM (SELECT v < lag(v) OVER (ORDER BY sys_start) AS wrong FROM pl FOR SYSTEM_TIME ALL WHERE id = 2) h WHERE wrong;

-- ROLLBACK in a procedure; the time of the next transaction is its own
CREATE PROCEDURE pl_half() LANGUAGE plpgsql AS $$
DECLARE
	first timestamptz;
BEGIN
	UPDATE pl SET v = -1 WHERE id = 1;
	first := temporal.system_time();
	ROLLBACK;
	RAISE NOTICE 'no time after ROLLBACK: %', temporal.system_time() IS NULL;
	UPDATE pl SET v = -2 WHERE id = 1;
	RAISE NOTICE 'later: %', temporal.system_time() > first;
END $$;
CALL pl_half();
SELECT v FROM pl FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;

-- An exception block rolls back what it did, and its versions
DO $$
BEGIN
	UPDATE pl SET v = -3 WHERE id = 1;
	BEGIN
		UPDATE pl SET v = -4 WHERE id = 1;
		UPDATE pl SET v = -4 WHERE id = 2;
		RAISE EXCEPTION 'never mind';
	EXCEPTION WHEN OTHERS THEN
		NULL;
	END;
END $$;
SELECT id, v, sys_end = lead(sys_start, 1, 'infinity') OVER (PARTITION BY id ORDER BY sys_start) AS meets_next
FROM pl FOR SYSTEM_TIME ALL WHERE v < 0 ORDER BY id, sys_start;

-- Dynamic statements, RETURNING INTO, FOUND, row counts
DO $$
DECLARE
	r pl;
	n integer;
BEGIN
	EXECUTE 'UPDATE pl SET v = $1 WHERE id = $2' USING 7, 1;
	GET DIAGNOSTICS n = ROW_COUNT;
	RAISE NOTICE '% row', n;
	INSERT INTO pl VALUES (3, 1) RETURNING * INTO r;
	RAISE NOTICE '% % %', r.id, r.v, r.sys_end;
	DELETE FROM pl WHERE id = 99;
	RAISE NOTICE 'found: %', FOUND;
END $$;

-- A row variable cannot carry its period back
DO $$
DECLARE
	r pl;
BEGIN
	SELECT * INTO r FROM pl WHERE id = 3;
	INSERT INTO pl SELECT r.*;
END $$;
DO $$
DECLARE
	r pl;
BEGIN
	SELECT * INTO r FROM pl WHERE id = 3;
	r.sys_start := '2000-01-01';
	UPDATE pl SET sys_start = r.sys_start WHERE id = 3;
END $$;

-- A function that is called once a row, in a query of the same table
CREATE FUNCTION pl_touch(k integer) RETURNS integer LANGUAGE sql AS $$
	UPDATE pl SET v = v + 1 WHERE id = k RETURNING v
$$;
SELECT id, pl_touch(id) > v AS grew FROM pl ORDER BY id;
SELECT id, count(*) AS versions, count(*) FILTER (WHERE sys_end = 'infinity') AS current
FROM pl FOR SYSTEM_TIME ALL WHERE id <> 2 GROUP BY id ORDER BY id;

-- A cursor that is older than the change
DO $$
DECLARE
	c CURSOR FOR SELECT * FROM pl ORDER BY id FOR UPDATE;
BEGIN
	FOR r IN c LOOP
		UPDATE pl SET v = 1000 + r.id WHERE CURRENT OF c;
	END LOOP;
END $$;
SELECT id, v FROM pl ORDER BY id;
SELECT count(*) FILTER (WHERE sys_start >= sys_end) AS empty_periods FROM pl FOR SYSTEM_TIME ALL;
