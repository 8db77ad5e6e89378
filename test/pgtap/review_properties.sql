-- Properties of what changed and of going back, over random transactions
SET search_path = public;
SET client_min_messages = warning;
SELECT plan(12);

CREATE TABLE item (a integer, b text, v integer, w text, x numeric GENERATED ALWAYS AS (v / 2.0) STORED, PRIMARY KEY (b, a)) WITH SYSTEM VERSIONING;
CREATE TABLE mark (n serial PRIMARY KEY, at timestamptz, scn bigint);
SELECT setseed(0.4711);
DO $$
DECLARE
	k integer;
	op float;
BEGIN
	FOR t IN 1..120 LOOP
		FOR i IN 1..1 + floor(random() * 6)::integer LOOP
			k := floor(random() * 12);
			op := random();
			BEGIN
				IF op < 0.3 THEN
					INSERT INTO item (a, b, v) VALUES (k % 4, k / 4, t) ON CONFLICT DO NOTHING;
				ELSIF op < 0.6 THEN
					UPDATE item SET v = v + i, w = CASE WHEN random() < 0.5 THEN w ELSE t::text END WHERE a = k % 4 AND b = (k / 4)::text;
				ELSIF op < 0.65 THEN
					UPDATE item SET v = v WHERE b = (k / 4)::text;
				ELSIF op < 0.7 THEN
					UPDATE item SET a = (a + 1) % 5 WHERE a = k % 4 AND b = (k / 4)::text;
				ELSIF op < 0.85 THEN
					DELETE FROM item WHERE a = k % 4 AND b = (k / 4)::text;
				ELSIF op < 0.95 THEN
					INSERT INTO item (a, b, v) VALUES (k % 4, k / 4, -t) ON CONFLICT (a, b) DO UPDATE SET v = excluded.v;
				ELSIF op < 0.96 THEN
					TRUNCATE item;
				ELSE
					RAISE EXCEPTION 'rolled back';
				END IF;
			EXCEPTION WHEN OTHERS THEN
				NULL;
			END;
		END LOOP;
		COMMIT;
		IF t % 15 = 0 THEN
			INSERT INTO mark (at, scn) VALUES (clock_timestamp(), temporal.current_scn());
			COMMIT;
		END IF;
	END LOOP;
END $$;

CREATE FUNCTION rows_at(t timestamptz) RETURNS TABLE (key jsonb, r jsonb) LANGUAGE sql STABLE AS $$
SELECT jsonb_build_object('b', b, 'a', a), jsonb_build_object('a', a, 'b', b, 'v', v, 'w', w, 'x', x) FROM item FOR SYSTEM_TIME AS OF t $$;
CREATE FUNCTION state(t timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
SELECT coalesce(jsonb_agg(r ORDER BY key), '[]') FROM rows_at(t) $$;
CREATE FUNCTION applied_diff(t1 timestamptz, t2 timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
WITH d AS (SELECT key, new_row FROM temporal.diff('item', t1, t2))
SELECT coalesce(jsonb_agg(r ORDER BY key), '[]') FROM (
	SELECT key, r FROM rows_at(t1) WHERE key NOT IN (SELECT key FROM d)
	UNION ALL SELECT key, new_row FROM d WHERE new_row IS NOT NULL) s $$;
CREATE FUNCTION replayed(t1 timestamptz, t2 timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
WITH c AS (SELECT DISTINCT ON (key) key, new_row
		   FROM temporal.changes('item', t1 + interval '1 microsecond', t2 + interval '1 microsecond') ORDER BY key, scn DESC)
SELECT coalesce(jsonb_agg(r ORDER BY key), '[]') FROM (
	SELECT key, r FROM rows_at(t1) WHERE key NOT IN (SELECT key FROM c)
	UNION ALL SELECT key, new_row FROM c WHERE new_row IS NOT NULL) s $$;
ANALYZE mark;
CREATE VIEW pair AS SELECT m.n, m.at AS t1, o.n AS m, o.at AS t2 FROM mark m, mark o;

SELECT cmp_ok(count(*), '>', 200::bigint, 'there is something to look at') FROM temporal.changes('item');
SELECT is(count(*), 0::bigint, 'a difference makes the one state of the other, forwards and backwards')
FROM pair WHERE applied_diff(t1, t2) <> state(t2);
SELECT is(count(*), 0::bigint, 'changes make the later state of the earlier')
FROM pair WHERE n < m AND replayed(t1, t2) <> state(t2);
SELECT is(count(*), 0::bigint, 'a difference is the same in both directions')
FROM pair WHERE EXISTS (
	SELECT operation::text, key, old_row, new_row FROM temporal.diff('item', t1, t2)
	EXCEPT SELECT translate(operation::text, 'ID', 'DI'), key, new_row, old_row FROM temporal.diff('item', t2, t1));
SELECT is(count(*), 0::bigint, 'columns are told that differ, and only those')
FROM (SELECT * FROM temporal.changes('item') UNION ALL SELECT NULL, NULL, NULL, NULL, d.operation, d.key, d.old_row, d.new_row, d.changed_columns FROM pair, temporal.diff('item', t1, t2) d) c
WHERE operation = 'U' AND changed_columns <> ARRAY(SELECT o.key FROM jsonb_each(old_row) o JOIN jsonb_each(new_row) n ON n.key = o.key AND n.value <> o.value
	ORDER BY array_position('{a,b,v,w,x}', o.key));
SELECT is(count(*), 0::bigint, 'the statistics are those of the differences')
FROM pair, temporal.diff_stat('item', t1, t2) s
WHERE (inserted, updated, deleted) IS DISTINCT FROM (SELECT (count(*) FILTER (WHERE operation = 'I'), count(*) FILTER (WHERE operation = 'U'), count(*) FILTER (WHERE operation = 'D'))
	FROM temporal.diff('item', t1, t2));
SELECT is(count(*), 0::bigint, 'the log counts the changes')
FROM temporal.versions('item') FULL JOIN (
	SELECT scn, count(*) FILTER (WHERE operation = 'I') AS i, count(*) FILTER (WHERE operation = 'U') AS u, count(*) FILTER (WHERE operation = 'D') AS d
	FROM temporal.changes('item') GROUP BY scn) c USING (scn)
WHERE (inserted, updated, deleted) IS DISTINCT FROM (i, u, d);
SELECT is(count(*), 0::bigint, 'windows beside each other have all changes, once')
FROM (SELECT scn, key FROM temporal.changes('item')
	  EXCEPT ALL SELECT c.scn, c.key FROM (SELECT coalesce(lag(at) OVER (ORDER BY n), '-infinity') AS a, at AS b FROM mark UNION ALL SELECT max(at), 'infinity' FROM mark) w, temporal.changes('item', a, b) c) s;
SELECT is(count(*), 0::bigint, 'a transaction changed what the table says that it did')
FROM temporal.versions('item') v, LATERAL (SELECT v.xid::text::bigint AS xid) x
WHERE EXISTS (SELECT operation, key, old_row, new_row, changed_columns FROM temporal.changes('item', v.committed_at, v.committed_at + interval '1 microsecond')
			  EXCEPT SELECT operation, key, old_row, new_row, changed_columns FROM temporal.transaction_changes(x.xid));
SELECT is(count(*), 0::bigint, 'versions between two times are those of the changes, and those that were there')
FROM pair WHERE n < m AND
	(SELECT count(*) FILTER (WHERE versions_operation = 'D') || ' ' || count(*) FILTER (WHERE versions_operation = 'U') || ' ' || count(*) FILTER (WHERE versions_operation = 'I')
		|| ' ' || count(*) FILTER (WHERE versions_operation IS NULL) FROM temporal.flashback_versions(NULL::item, t1, t2)) <>
	(SELECT count(*) FILTER (WHERE operation = 'D') || ' ' || count(*) FILTER (WHERE operation = 'U') || ' ' || count(*) FILTER (WHERE operation = 'I')
		|| ' ' || (SELECT count(*) FROM rows_at(t1)) FROM temporal.changes('item', t1 + interval '1 microsecond', t2 + interval '1 microsecond'));

-- Back to each time, in an order that is none, and to before each last transaction
CREATE TABLE failure (what text);
DO $$
DECLARE
	m mark;
	before jsonb;
	x bigint;
	was timestamptz;
BEGIN
	FOR m IN SELECT * FROM mark ORDER BY n * 5 % 9 LOOP
		was := temporal.scn_to_timestamp(temporal.current_scn());
		before := state('infinity');
		PERFORM temporal.restore('item', m.at);
		IF state('infinity') <> state(m.at) OR EXISTS (SELECT FROM temporal.diff('item', m.at, 'infinity')) THEN
			INSERT INTO failure VALUES ('restore to ' || m.n);
		END IF;
		COMMIT;
		SELECT xid::text::bigint INTO x FROM temporal.transactions WHERE committed_at > was ORDER BY scn LIMIT 1;
		CONTINUE WHEN x IS NULL;
		PERFORM temporal.undo_transaction(x, dry_run => false);
		IF state('infinity') <> before OR EXISTS (SELECT FROM temporal.diff('item', was, 'infinity')) THEN
			INSERT INTO failure VALUES ('undo of restore to ' || m.n);
		END IF;
		COMMIT;
		CALL temporal.flashback_table('{item}', m.at);
		COMMIT;
	END LOOP;
END $$;
SELECT is_empty('TABLE failure', 'after restore, and after undo, the table is what it was');
SELECT is(state('infinity'), state((SELECT at FROM mark ORDER BY n * 5 % 9 DESC LIMIT 1)), 'in the end it is as it was at the last of them');

SELECT * FROM finish();
