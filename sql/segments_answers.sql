--
-- What is compressed answers as it did before: the same questions, asked of
-- the same history as a heap, in segments, in part of it, and as a heap again
--
CREATE TYPE san_mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN san_no AS bigint CHECK (VALUE >= 0);
-- One with a key of integers, one with a text first, one with none, one in partitions, one with a domain
CREATE TABLE san_item (id integer PRIMARY KEY, v integer, price numeric, note text, mood san_mood) WITH SYSTEM VERSIONING;
CREATE TABLE san_line (code text COLLATE "C", no smallint, item integer, at date, PRIMARY KEY (code, no)) WITH SYSTEM VERSIONING;
CREATE TABLE san_bag (v integer, w text) WITH SYSTEM VERSIONING;
CREATE TABLE san_part (id bigint, k integer, v integer, PRIMARY KEY (k, id)) WITH SYSTEM VERSIONING PARTITION BY RANGE (k);
CREATE TABLE san_part_1 PARTITION OF san_part FOR VALUES FROM (0) TO (50);
CREATE TABLE san_part_2 (v integer, gone text, k integer NOT NULL, id bigint NOT NULL,
	sys_start timestamptz NOT NULL DEFAULT temporal.row_start(), sys_end timestamptz NOT NULL DEFAULT temporal.row_end());
ALTER TABLE san_part_2 DROP COLUMN gone;
ALTER TABLE san_part ATTACH PARTITION san_part_2 FOR VALUES FROM (50) TO (100);
CREATE TABLE san_dom (no san_no PRIMARY KEY, name name) WITH SYSTEM VERSIONING;
CREATE VIEW san_view AS SELECT l.code, l.no, i.v, i.mood FROM san_line l LEFT JOIN san_item i ON i.id = l.item;
CREATE TABLE san_small (id integer PRIMARY KEY, big bigint, code text, at timestamptz);
CREATE TABLE san_moment (n serial PRIMARY KEY, at timestamptz);

-- A history of 40 transactions
SELECT setseed(0.25);
DO $$
DECLARE
	n integer;
BEGIN
	FOR i IN 1..40 LOOP
		INSERT INTO san_item SELECT g, i, CASE WHEN g % 50 = 0 THEN 'NaN' ELSE round((random() * 100)::numeric, 2) END,
			CASE WHEN g % 3 > 0 THEN repeat(md5(g::text), g % 7) END, (enum_range(NULL::san_mood))[1 + g % 3]
		FROM generate_series(1, 200) g WHERE random() < 0.4 ON CONFLICT DO NOTHING;
		UPDATE san_item SET v = v + i, note = CASE WHEN random() < 0.5 THEN note || 'x' END WHERE random() < 0.3;
		DELETE FROM san_item WHERE random() < 0.05;
		INSERT INTO san_line SELECT chr(97 + g % 9) || g / 9, g % 4, g % 150, '2001-01-01'::date + g
		FROM generate_series(1, 100) g WHERE random() < 0.5 ON CONFLICT DO NOTHING;
		UPDATE san_line SET item = (item + i) % 200, at = CASE WHEN random() < 0.9 THEN at + 1 END WHERE random() < 0.4;
		DELETE FROM san_line WHERE random() < 0.1;
		INSERT INTO san_bag SELECT g % 10, nullif(repeat('w', g % 5), '') FROM generate_series(1, 20) g;
		UPDATE san_bag SET v = v + 1 WHERE random() < 0.2;
		DELETE FROM san_bag WHERE random() < 0.1;
		INSERT INTO san_part SELECT i * 1000 + g, (g * 7) % 100, 0 FROM generate_series(1, 100) g WHERE random() < 0.1;
		UPDATE san_part SET v = v + 1, k = CASE WHEN random() < 0.2 THEN (k + 50) % 100 ELSE k END WHERE random() < 0.3;
		DELETE FROM san_part WHERE random() < 0.05;
		INSERT INTO san_dom SELECT g * 3000000000, 'n' || g FROM generate_series(0, 20) g WHERE random() < 0.5 ON CONFLICT DO NOTHING;
		UPDATE san_dom SET name = (name || 'x')::name WHERE random() < 0.5;
		COMMIT;
		INSERT INTO san_moment (at) VALUES (clock_timestamp());
		COMMIT;
	END LOOP;
	INSERT INTO san_small SELECT g, g * 3, chr(97 + g % 9) || g / 3, m.at FROM generate_series(1, 40) g JOIN san_moment m ON m.n = 1 + (g * 17) % 40;
	INSERT INTO san_small VALUES (-1, NULL, NULL, NULL), (-2, 5000000000, 'zzz', NULL);
END $$;
SELECT xid AS some_xid FROM temporal.versions('san_item') ORDER BY 1 OFFSET 20 LIMIT 1 \gset
SELECT count(*) > 3000 AS many, count(DISTINCT id) AS ids FROM san_item_history;

-- The questions.  In their templates @A is a time, @B a later one, @K an integer and @T a table.
CREATE TABLE san_question (n serial PRIMARY KEY, question text);
CREATE FUNCTION san_ask(template text, times integer, tables text[] DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	a integer;
	b integer;
	k integer;
	t text;
BEGIN
	FOREACH t IN ARRAY CASE WHEN tables = '{}' THEN '{-}' ELSE tables END LOOP
		FOR i IN 1..times LOOP
			a := 1 + floor(random() * 39);
			b := a + 1 + floor(random() * (40 - a));
			k := floor(random() * 210) - 5;
			INSERT INTO san_question (question)
			SELECT replace(replace(replace(replace(template, '@A', quote_literal(x.at)), '@B', quote_literal(y.at)), '@K', k::text), '@T', t)
			FROM san_moment x, san_moment y WHERE x.n = a AND y.n = b;
		END LOOP;
	END LOOP;
END $$;
DO $$
DECLARE
	every text[] := '{san_item, san_line, san_bag, san_part, san_dom}';
	q text;
BEGIN
	-- the history itself, and every clause
	PERFORM san_ask('SELECT * FROM @T_history', 1, every);
	PERFORM san_ask('SELECT h FROM @T_history h', 1, every);
	PERFORM san_ask('SELECT count(*) FROM @T_history', 1, every);
	PERFORM san_ask('SELECT sys_end, sys_start FROM ONLY @T_history WHERE sys_end < @B', 1, every);
	FOREACH q IN ARRAY ARRAY['AS OF @A', 'AS OF @A::timestamptz + (now() - now())', 'FROM @A TO @B', 'BETWEEN @A AND @B',
			'BETWEEN SYMMETRIC @B AND @A', 'FROM @B TO @A', 'CONTAINED IN (@A, @B)', 'ALL',
			'AS OF (SELECT at FROM san_moment WHERE n = abs(@K) % 40 + 1)', 'AS OF NOW'] LOOP
		PERFORM san_ask('SELECT * FROM @T FOR SYSTEM_TIME ' || q, 2, every);
		PERFORM san_ask('SELECT count(*), min(sys_start), max(sys_end) FROM @T FOR SYSTEM_TIME ' || q, 1, every);
		-- conditions on keys, and on other columns
		FOREACH q IN ARRAY ARRAY[
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id = @K',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id = @K::bigint',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE @K::smallint = id',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id = @K::numeric',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id >= @K AND id < @K + 5',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id > 5000000000 OR id < @K',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id < 5000000000 AND id > @K',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id IN (@K, 17, 40)',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id = ANY (ARRAY(SELECT id FROM san_small))',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id <> @K AND v > 10 AND price = ''NaN''',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id = (SELECT max(id) FROM san_small)',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE id = NULL::integer OR id IS NULL',
				'san_item FOR SYSTEM_TIME ' || q || ' WHERE note IS NULL AND mood > ''sad''',
				'san_item FOR SYSTEM_TIME ' || q || ' i WHERE i.id % 7 = 0 AND v = 20 + @K % 5',
				'san_line FOR SYSTEM_TIME ' || q || ' WHERE code = ''c'' || abs(@K) % 11',
				'san_line FOR SYSTEM_TIME ' || q || ' WHERE code >= ''c5'' AND code < ''e'' AND no = 1',
				'san_line FOR SYSTEM_TIME ' || q || ' WHERE code COLLATE "POSIX" > ''c5''',
				'san_line FOR SYSTEM_TIME ' || q || ' WHERE code LIKE ''c1%''',
				'san_line FOR SYSTEM_TIME ' || q || ' WHERE (code, no) > (''d2'', 2)',
				'san_line FOR SYSTEM_TIME ' || q || ' WHERE at > ''2001-02-01'' AND at <= timestamptz ''2001-03-01 12:00''',
				'san_line FOR SYSTEM_TIME ' || q || ' WHERE at IS NULL',
				'san_bag FOR SYSTEM_TIME ' || q || ' WHERE v = 5 AND w >= ''ww''',
				'san_part FOR SYSTEM_TIME ' || q || ' WHERE k = abs(@K) % 100',
				'san_part FOR SYSTEM_TIME ' || q || ' WHERE k BETWEEN 40 AND 60 AND id = @K',
				'san_dom FOR SYSTEM_TIME ' || q || ' WHERE no = 9000000000',
				'san_dom FOR SYSTEM_TIME ' || q || ' WHERE no > 9::smallint AND no < 9000000001',
				'san_dom FOR SYSTEM_TIME ' || q || ' WHERE name = ''n3x''::text',
				'san_view FOR SYSTEM_TIME ' || q || ' WHERE code > ''g'''] LOOP
			PERFORM san_ask('SELECT * FROM ' || q, 1);
		END LOOP;
	END LOOP;
	PERFORM san_ask('SELECT * FROM san_item_history WHERE sys_end = @A OR sys_start = (SELECT min(sys_start) FROM san_item_history WHERE id = @K)', 2);
	PERFORM san_ask('SELECT * FROM san_item_history h WHERE sys_end = (SELECT max(sys_end) FROM san_item_history WHERE id = h.id)', 2);
	PERFORM san_ask('SELECT * FROM san_item_history WHERE sys_start > sys_end OR sys_start = sys_end - interval ''1 s''', 1);
	PERFORM san_ask('SELECT * FROM san_item_history WHERE sys_start >= @A::timestamptz::date AND sys_end > @A::timestamp', 2);
	PERFORM san_ask('SELECT * FROM san_item_history WHERE @A > sys_start AND @B <= sys_end', 3);
	PERFORM san_ask('SELECT * FROM san_item_history WHERE sys_start > ''-infinity'' AND sys_end < ''infinity'' AND sys_end > ''-infinity''', 1);
	-- joins
	PERFORM san_ask('SELECT s.id AS s, i.* FROM san_small s JOIN san_item FOR SYSTEM_TIME AS OF @A i USING (id)', 2);
	PERFORM san_ask('SELECT s.id AS s, i.* FROM san_small s JOIN san_item FOR SYSTEM_TIME AS OF s.at i ON i.id = s.id', 2);
	PERFORM san_ask('SELECT s.id AS s, i.* FROM san_small s LEFT JOIN san_item FOR SYSTEM_TIME FROM @A TO @B i ON i.id = s.big', 2);
	PERFORM san_ask('SELECT s.id AS s, l.* FROM san_small s LEFT JOIN san_line FOR SYSTEM_TIME AS OF @A l ON l.code = s.code AND l.no = 1', 2);
	PERFORM san_ask('SELECT s.id AS s, l.* FROM san_small s LEFT JOIN san_line FOR SYSTEM_TIME AS OF @A l ON l.code > s.code WHERE s.id = 5', 2);
	PERFORM san_ask('SELECT s.id AS s, h.* FROM san_small s, LATERAL (SELECT * FROM san_item_history h WHERE h.id = s.id AND h.sys_start < s.at ORDER BY sys_start DESC LIMIT 2) h', 2);
	PERFORM san_ask('SELECT s.id AS s, h.* FROM san_small s, LATERAL (SELECT s.id + h.v AS x, h.* FROM san_item_history h WHERE h.id <= s.id) h WHERE s.id < 9', 1);
	PERFORM san_ask('SELECT i.id, l.no, p.v FROM san_item FOR SYSTEM_TIME AS OF @A i JOIN san_line FOR SYSTEM_TIME AS OF @A l ON l.item = i.id JOIN san_part FOR SYSTEM_TIME ALL p ON p.k = l.no', 2);
	PERFORM san_ask('SELECT a.id, a.v, b.v FROM san_item FOR SYSTEM_TIME AS OF @A a FULL JOIN san_item FOR SYSTEM_TIME AS OF @B b USING (id)', 3);
	PERFORM san_ask('SELECT a.id, b.v FROM san_item_history a JOIN san_item_history b ON a.id = b.id AND a.sys_end = b.sys_start', 1);
	PERFORM san_ask('SELECT s.id, EXISTS (SELECT FROM san_item_history h WHERE h.id = s.id AND v > @K), ARRAY(SELECT v FROM san_item_history h WHERE h.id = s.big ORDER BY 1) FROM san_small s', 2);
	PERFORM san_ask('SELECT id FROM san_item EXCEPT SELECT id FROM san_item FOR SYSTEM_TIME AS OF @A', 1);
	PERFORM san_ask('WITH RECURSIVE r AS (SELECT id, sys_end, 1 AS n FROM san_item_history WHERE id = @K UNION SELECT h.id, h.sys_end, n + 1 FROM r JOIN san_item_history h ON h.id = r.id AND h.sys_start = r.sys_end) SELECT * FROM r', 2);
	PERFORM san_ask('SELECT mood, count(*), sum(v), avg(price) FROM san_item FOR SYSTEM_TIME AS OF @A GROUP BY GROUPING SETS ((mood), ())', 2);
	PERFORM san_ask('SELECT id, v, rank() OVER (PARTITION BY id ORDER BY sys_start) FROM san_item_history', 1);
	PERFORM san_ask('SELECT max(id), min(id) FROM san_item_history', 1);
	PERFORM san_ask('SELECT * FROM (SELECT * FROM san_item_history ORDER BY id, sys_end LIMIT 11 OFFSET 7) x', 1);
	PERFORM san_ask('SELECT s.id, sum(one) FROM (SELECT * FROM san_small OFFSET 0) s LEFT JOIN (SELECT 1 AS one FROM san_item_history LIMIT 300) h ON true WHERE s.id BETWEEN 5 AND 9 GROUP BY 1', 1);
	-- functions
	PERFORM san_ask('SELECT * FROM temporal.versions(''@T'', @A, @B)', 1, every);
	PERFORM san_ask('SELECT * FROM temporal.changes(''@T'', @A, @B)', 1, '{san_item, san_line, san_part, san_dom}');
	PERFORM san_ask('SELECT * FROM temporal.changes(''san_item'') WHERE key ->> ''id'' = ''@K''', 1);
	PERFORM san_ask('SELECT * FROM temporal.diff(''@T'', @A, @B)', 2, '{san_item, san_line, san_part, san_dom}');
	PERFORM san_ask('SELECT * FROM temporal.diff_stat(''@T'', @A, @B)', 1, '{san_item, san_line, san_part, san_dom}');
	PERFORM san_ask('SELECT id, v, versions_operation, versions_startscn FROM san_item VERSIONS BETWEEN TIMESTAMP @A::timestamptz AND @B::timestamptz', 2);
	PERFORM san_ask('SELECT * FROM san_item AS OF TIMESTAMP @A::timestamptz', 1);
	PERFORM san_ask('SELECT * FROM temporal.restore(''@T'', @A, dry_run => true)', 1, '{san_item, san_line, san_part, san_dom}');
END $$;
INSERT INTO san_question (question)
SELECT format(f, :'some_xid') FROM unnest(ARRAY['SELECT * FROM temporal.transaction_changes(%s)', 'SELECT * FROM san_item FOR SYSTEM_TIME AS OF TRANSACTION %s']) f;
SELECT count(*) > 500 AS many FROM san_question;

-- Answers are kept as what they hash to, whatever the order of their rows
CREATE TABLE san_answer (stage text, n integer, answer text, PRIMARY KEY (stage, n));
CREATE FUNCTION san_answer_all(stage text, which text DEFAULT '.', part integer DEFAULT 1) RETURNS TABLE (questions bigint, failed bigint, different bigint) LANGUAGE plpgsql AS $$
DECLARE
	q san_question;
	answer text;
BEGIN
	FOR q IN SELECT * FROM san_question WHERE question ~ which AND san_question.n % part = 0 ORDER BY n LOOP
		BEGIN
			EXECUTE format('SELECT count(*) || md5(string_agg(x::text, E''\n'' ORDER BY x::text COLLATE "C")) FROM (%s) x', q.question) INTO answer;
		EXCEPTION WHEN OTHERS THEN
			answer := 'error ' || sqlerrm;
		END;
		INSERT INTO san_answer VALUES (stage, q.n, coalesce(answer, 'nothing'));
	END LOOP;
	RETURN QUERY SELECT count(*), count(*) FILTER (WHERE a.answer LIKE 'error%'), count(*) FILTER (WHERE a.answer <> b.answer)
	FROM san_answer a JOIN san_answer b USING (n) WHERE a.stage = san_answer_all.stage AND b.stage = 'heap';
END $$;
-- What differs; nothing should
CREATE VIEW san_wrong AS SELECT a.stage, q.question, a.answer, b.answer AS expected
FROM san_answer a JOIN san_answer b USING (n) JOIN san_question q USING (n) WHERE b.stage = 'heap' AND a.answer <> b.answer ORDER BY 1, q.n;

SELECT failed FROM san_answer_all('heap');
SELECT count(*) FROM san_answer WHERE answer LIKE '0%' OR answer = 'nothing';
SELECT question, answer FROM san_answer JOIN san_question USING (n) WHERE answer LIKE 'error%' ORDER BY n LIMIT 5;
CREATE FUNCTION san_compress(moment integer) RETURNS TABLE (name text, versions boolean) LANGUAGE sql AS $$
SELECT t, (temporal.compress_history(t::regclass, at)).versions > 0
FROM san_moment, unnest('{san_item, san_line, san_bag, san_part, san_dom}'::text[]) t WHERE n = moment $$;

-- A quarter of it, a half, in three more runs, all
SELECT * FROM san_compress(10);
SELECT failed, different FROM san_answer_all('one run');
SELECT * FROM san_compress(20) WHERE NOT versions;
SELECT failed, different FROM san_answer_all('two runs', part => 3);
SELECT count(*) FROM generate_series(22, 36, 2) g, san_compress(g);
SELECT failed, different FROM san_answer_all('ten runs');
SELECT * FROM san_compress(40) WHERE NOT versions;
SELECT failed, different FROM san_answer_all('all');
SELECT relation, compressed_versions > 0 AS compressed, runs > 0 AS runs FROM temporal.compression
WHERE relation::text LIKE 'san%' ORDER BY relation::text;

-- By other plans
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SELECT failed, different FROM san_answer_all('without indexes and hash joins', part => 2);
RESET enable_hashjoin;
RESET enable_indexscan;
RESET enable_bitmapscan;
SET enable_seqscan = off;
SET enable_mergejoin = off;
SET enable_hashjoin = off;
SET enable_material = off;
SET enable_memoize = off;
SELECT failed, different FROM san_answer_all('nested loops', 'FROM san_small');
RESET enable_seqscan;
RESET enable_mergejoin;
RESET enable_hashjoin;
RESET enable_material;
RESET enable_memoize;
SET enable_nestloop = off;
SET enable_hashjoin = off;
SELECT failed, different FROM san_answer_all('merge joins', 'FROM san_.* JOIN');
RESET enable_nestloop;
RESET enable_hashjoin;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT failed, different FROM san_answer_all('parallel', '^SELECT . FROM san_', 4);
SET enable_parallel_append = off;
SET parallel_leader_participation = off;
SELECT failed, different FROM san_answer_all('parallel, without the leader', '^SELECT . FROM san_', 17);
RESET enable_parallel_append;
RESET parallel_leader_participation;
SET enable_material = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT failed, different FROM san_answer_all('parallel, nested', 'FROM san_small', 4);
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET jit_above_cost = 0;
SET jit = on;
SELECT failed, different FROM san_answer_all('jit', part => 11);
RESET jit_above_cost;
RESET jit;

-- A heap again, and back
SELECT t, (temporal.decompress_history(t::regclass)).versions > 0 AS versions FROM unnest('{san_item, san_line, san_bag, san_part, san_dom}'::text[]) t;
SELECT failed, different FROM san_answer_all('decompressed');
SELECT * FROM san_compress(40) WHERE NOT versions;
SELECT failed, different FROM san_answer_all('compressed again');
SELECT * FROM san_wrong LIMIT 5;

-- After the indexes of segments have gone, nothing is missed
SET ROLE NONE;
DO $$
DECLARE
	segment_index regclass;
BEGIN
	FOR segment_index IN SELECT x.indexrelid FROM temporal.segment_store s JOIN pg_index x ON x.indrelid = s.segments WHERE s.history::text LIKE 'san%' LOOP
		EXECUTE format('DROP INDEX %s', segment_index);
	END LOOP;
END $$;
RESET ROLE;
SELECT failed, different FROM san_answer_all('segments without indexes');

-- What goes back goes back to the same
SELECT count(*) > 0 AS restored FROM san_moment, temporal.restore('san_item', at) WHERE n = 13;
SELECT count(*) FROM (SELECT id, v, price, note, mood FROM san_item EXCEPT ALL
	SELECT id, v, price, note, mood FROM san_item FOR SYSTEM_TIME AS OF (SELECT at FROM san_moment WHERE n = 13)) x;
SELECT at AS back FROM san_moment WHERE n = 7 \gset
FLASHBACK TABLE san_line TO TIMESTAMP :'back';
SELECT count(*) FROM (SELECT code, no, item, at FROM san_line EXCEPT ALL SELECT code, no, item, at FROM san_line FOR SYSTEM_TIME AS OF :'back') x;
-- The session's time
SET temporal.as_of = :'back';
SELECT count(*) FROM (SELECT * FROM san_line EXCEPT ALL SELECT * FROM san_line FOR SYSTEM_TIME AS OF :'back') x;
SELECT count(*) > 0 AS there FROM san_part;
RESET temporal.as_of;
SELECT count(*) FROM san_wrong;
SET client_min_messages = warning;
DROP VIEW san_view, san_wrong;
DROP TABLE san_item, san_line, san_bag, san_part, san_dom CASCADE;
DROP TABLE san_small, san_moment, san_question, san_answer;
