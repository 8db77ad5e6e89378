-- Retention against a naive model: random histories, in the heap and in segments,
-- random policies, and what is left compared with what SQL says should be
SET search_path = public;
SELECT plan(60);

CREATE TABLE thing (id integer, part integer, grp text, v integer, PRIMARY KEY (id, part)) WITH SYSTEM VERSIONING;
CREATE TABLE outcome (round integer, what text, good boolean);
CREATE TABLE was (id integer, part integer, grp text, v integer, s timestamptz, e timestamptz);
CREATE TABLE pins (name text, at timestamptz, pinned boolean);
SELECT setseed(0.42);

-- What should be left of was, by what the policy says.  A period is counted from
-- a moment between two that we know; a version ended when that was committed.
CREATE FUNCTION model(period boolean, horizon timestamptz, most integer, condition boolean)
RETURNS SETOF was LANGUAGE sql AS $$
	SELECT id, part, grp, v, s, e
	FROM (SELECT w.*, row_number() OVER (PARTITION BY id, part ORDER BY e DESC) AS place FROM was w) w
	WHERE NOT (CASE WHEN period THEN temporal.tick_committed_at(e) <= horizon ELSE place > most END)
	   OR (condition AND grp = 'kept')
	   OR EXISTS (SELECT FROM pins p WHERE p.pinned AND w.s <= p.at AND w.e > p.at)
$$;

CREATE PROCEDURE play(round integer) LANGUAGE plpgsql AS $$
DECLARE
	by_period boolean := random() < 0.5;
	with_condition boolean := random() < 0.5;
	most integer := 1 + (random() * 6)::integer;
	said bigint;
	gone bigint;
	runs bigint;
	earliest timestamptz;
	latest timestamptz;
	before timestamptz;
	age interval;
BEGIN
	FOR i IN 1..30 LOOP
		INSERT INTO thing SELECT (random() * 12)::integer, (random() * 3)::integer,
			CASE WHEN random() < 0.3 THEN 'kept' ELSE 'other' END, i
		ON CONFLICT (id, part) DO UPDATE SET v = excluded.v, grp = excluded.grp;
		UPDATE thing SET v = i WHERE id = (random() * 12)::integer;
		IF random() < 0.1 THEN
			DELETE FROM thing WHERE id = (random() * 12)::integer;
		END IF;
		COMMIT;
		IF random() < 0.03 THEN
			INSERT INTO pins VALUES (format('r%s i%s', round, i),
				temporal.create_snapshot(format('r%s i%s', round, i)), true);
			COMMIT;
		END IF;
	END LOOP;
	IF random() < 0.6 THEN
		PERFORM temporal.compress_history('thing', clock_timestamp());
		COMMIT;
	END IF;
	IF random() < 0.5 THEN
		UPDATE pins SET pinned = false WHERE pinned AND temporal.drop_snapshot(name) IS NOT NULL;
		COMMIT;
	END IF;

	DELETE FROM was;
	INSERT INTO was SELECT id, part, grp, v, sys_start, sys_end FROM thing_history;
	SELECT e INTO before FROM was ORDER BY random() LIMIT 1;
	age := clock_timestamp() - before;
	EXECUTE format('ALTER TABLE thing SET (temporal.retention = off, temporal.%s = %L, temporal.retention_condition = %L)',
		CASE WHEN by_period THEN 'retention_period' ELSE 'max_history_versions' END,
		CASE WHEN by_period THEN age::text ELSE most::text END,
		CASE WHEN with_condition THEN 'grp <> ''kept''' ELSE 'true' END);
	COMMIT;

	earliest := clock_timestamp() - age;
	SELECT versions INTO said FROM temporal.retention_preview('thing');
	SELECT versions INTO gone FROM temporal.enforce_retention('thing');
	COMMIT;
	latest := clock_timestamp() - age;
	INSERT INTO outcome VALUES (round, format('%s said %s, did %s', CASE WHEN by_period THEN age::text ELSE most::text END, said, gone),
		CASE WHEN by_period THEN gone >= said ELSE gone = said END);
	INSERT INTO outcome SELECT round, format('what is left: %s more, %s missing', count(*) FILTER (WHERE more), count(*) FILTER (WHERE NOT more)), count(*) = 0
	FROM (SELECT true AS more, m.* FROM (SELECT * FROM thing_history EXCEPT ALL SELECT * FROM model(by_period, earliest, most, with_condition)) m
		  UNION ALL
		  SELECT false, m.* FROM (SELECT * FROM model(by_period, latest, most, with_condition) EXCEPT ALL SELECT * FROM thing_history) m) d;
	INSERT INTO outcome SELECT round, 'each key is found by itself', count(*) = 0
	FROM (SELECT id, count(*) AS n FROM thing_history GROUP BY id) a
	WHERE n <> (SELECT count(*) FROM thing_history h WHERE h.id = a.id);
	INSERT INTO outcome SELECT round, 'runs are true', c.compressed_versions BETWEEN 0 AND (SELECT count(*) FROM thing_history)
	FROM temporal.compression c WHERE c.relation = 'thing'::regclass;
	INSERT INTO outcome SELECT round, 'nothing goes twice', versions = 0 OR by_period FROM temporal.enforce_retention('thing');
	COMMIT;
	IF random() < 0.4 THEN
		SELECT c.compressed_versions INTO said FROM temporal.compression c WHERE c.relation = 'thing'::regclass;
		SELECT versions INTO gone FROM temporal.decompress_history('thing');
		UPDATE outcome SET good = good AND said = gone, what = what || ', as they say'
		WHERE outcome.round = play.round AND what = 'runs are true';
		COMMIT;
	END IF;
END $$;

CALL play(1);
CALL play(2);
CALL play(3);
CALL play(4);
CALL play(5);
CALL play(6);
CALL play(7);
CALL play(8);
CALL play(9);
CALL play(10);
CALL play(11);
CALL play(12);

SELECT ok(good, format('round %s: %s', round, what)) FROM outcome ORDER BY round;
DROP TABLE thing, thing_history;
SELECT * FROM finish();
