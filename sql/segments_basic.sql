--
-- Compressing a history: what is moved, what is said of it
--
CREATE TABLE sba (id integer PRIMARY KEY, v integer, note text) WITH SYSTEM VERSIONING;
CREATE TABLE sba_moment (n integer PRIMARY KEY, at timestamptz);
INSERT INTO sba SELECT g, 0, 'note ' || g % 7 FROM generate_series(1, 1000) g;
DO $$
BEGIN
	FOR i IN 1..5 LOOP
		UPDATE sba SET v = i;
		COMMIT;
		INSERT INTO sba_moment VALUES (i, clock_timestamp());
		COMMIT;
	END LOOP;
END $$;
SELECT compressed_versions, segments, runs, period_start, period_end, bytes_before, bytes_after, ratio, heap_bytes > 0 AS heap, segment_bytes
FROM temporal.compression WHERE relation = 'sba'::regclass;

-- What ended at the time or before, and no more; nothing twice
SELECT versions, segments > 0 AS segments FROM temporal.compress_history('sba', (SELECT at FROM sba_moment WHERE n = 2));
SELECT versions, segments > 0 AS segments FROM temporal.compress_history('sba', (SELECT at FROM sba_moment WHERE n = 2));
SELECT versions FROM temporal.compress_history('sba', (SELECT min(sys_end) - interval '1 us' FROM sba_history WHERE v = 2));
SELECT versions FROM temporal.compress_history('sba', (SELECT min(sys_end) FROM sba_history WHERE v = 2));
SELECT compressed_versions, runs > 1 AS runs, bytes_before > bytes_after * 6 AS six_times, ratio > 6 AS ratio, segment_bytes > 0 AS some_bytes,
       period_start = (SELECT min(sys_start) FROM sba_history) AS starts, period_end = (SELECT max(sys_end) FROM sba_history WHERE v = 2) AS ends
FROM temporal.compression WHERE relation = 'sba'::regclass;
SELECT v, count(*), count(DISTINCT id) FROM sba FOR SYSTEM_TIME ALL GROUP BY v ORDER BY v;
SELECT n, count(*), min(v), max(v) FROM sba_moment m JOIN LATERAL (SELECT * FROM sba FOR SYSTEM_TIME AS OF m.at) s ON true GROUP BY n ORDER BY n;
SELECT property, value FROM temporal.describe('sba') WHERE property ~ 'compress';

-- Another level, for what is compressed from now on
SELECT versions FROM temporal.decompress_history('sba');
ALTER TABLE sba SET (temporal.compression_level = 19);
SELECT versions, bytes_after < bytes_before / 4 AS small FROM temporal.compress_history('sba', now());

-- After how long, by default: the option
ALTER TABLE sba SET (temporal.compress_after = '0');
UPDATE sba SET v = 6 WHERE id = 1;
SELECT versions FROM temporal.compress_history('sba');
SELECT compressed_versions = (SELECT count(*) FROM sba_history) AS all_of_it FROM temporal.compression WHERE relation = 'sba'::regclass;
-- no more is compressed, and what is stays so
ALTER TABLE sba SET (temporal.compression = none);
SELECT compression, compressed_versions > 0 AS there FROM temporal.compression WHERE relation = 'sba'::regclass;
SELECT count(*) FROM sba FOR SYSTEM_TIME ALL;

-- A row with many versions, versions that lived long and short
CREATE TABLE sba_long (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO sba_long SELECT g, 0 FROM generate_series(1, 100) g;
DO $$
BEGIN
	FOR i IN 1..3000 LOOP
		UPDATE sba_long SET v = i WHERE id = 1 OR id = i % 50;
		COMMIT;
	END LOOP;
	DELETE FROM sba_long;
END $$;
CREATE TABLE sba_was AS SELECT * FROM sba_long_history;
SELECT versions = (SELECT count(*) FROM sba_was) AS all_of_it, segments > 1 AS many FROM temporal.compress_history('sba_long', now());
SELECT count(*) FROM (SELECT * FROM sba_was EXCEPT ALL SELECT * FROM sba_long_history) x;
SELECT count(*) FROM (SELECT * FROM sba_long_history EXCEPT ALL SELECT * FROM sba_was) x;
SELECT id, count(*) FROM sba_long_history WHERE id IN (1, 2, 99) GROUP BY id ORDER BY id;
SELECT count(*) FROM sba_was w WHERE (SELECT count(*) FROM sba_long FOR SYSTEM_TIME AS OF w.sys_start h WHERE h.id = w.id AND h.v = w.v) <> 1 AND w.v % 100 = 0;
-- What versions have out of line counts, too
CREATE TABLE sba_toast (id integer PRIMARY KEY, t text) WITH SYSTEM VERSIONING;
INSERT INTO sba_toast SELECT i, (SELECT string_agg(md5((i * j)::text), '') FROM generate_series(1, 500) j) FROM generate_series(1, 10) i;
DELETE FROM sba_toast;
SELECT versions, bytes_before > 40000 AS much FROM temporal.compress_history('sba_toast', now());
SET client_min_messages = warning;
DROP TABLE sba, sba_long, sba_toast CASCADE;
DROP TABLE sba_moment, sba_was;
