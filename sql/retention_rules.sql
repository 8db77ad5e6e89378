--
-- Retention: which versions go, and what is known of those that went
--
CREATE TABLE item (id integer PRIMARY KEY, kind text, v integer) WITH SYSTEM VERSIONING;
CREATE VIEW left_over AS
SELECT kind, count(*) AS versions, min(v), max(v) FROM item_history GROUP BY kind;

CREATE PROCEDURE change(first integer, last integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN first..last LOOP
		UPDATE item SET v = i;
		COMMIT;
	END LOOP;
END $$;

INSERT INTO item SELECT i, CASE WHEN i % 4 = 0 THEN 'legal' ELSE 'sales' END, 0 FROM generate_series(1, 20) i;

-- Without a policy nothing goes, nor with one that only says which
CALL change(1, 5);
SELECT versions, bytes, first_end, last_end, horizon FROM temporal.retention_preview('item');
ALTER TABLE item SET (temporal.retention_condition = 'kind <> ''legal''');
SELECT versions, archived, bytes FROM temporal.enforce_retention('item');
SELECT * FROM left_over ORDER BY 1;

-- What ended within the period stays
ALTER TABLE item SET RETENTION_POLICY = (PERIOD = '1 hour', MAX_VERSIONS = 1, MAX_SIZE = 1);
SELECT versions FROM temporal.retention_preview('item');
SELECT versions FROM temporal.enforce_retention('item');

-- What a snapshot needs stays, and is read
SELECT temporal.create_snapshot('before') IS NOT NULL AS created;
CALL change(6, 10);
SELECT min(sys_end) AS early, max(sys_end) AS late FROM item_history \gset
ALTER TABLE item SET RETENTION_POLICY = (PERIOD = '0');
SELECT versions, first_end = :'early' AS first, last_end = :'late' AS last, horizon > last_end AS horizon
FROM temporal.retention_preview('item');
SELECT count(*) FROM item_history;
SELECT versions, archived, bytes > 0 AS bytes, duration >= '0' AS duration FROM temporal.enforce_retention('item');
SELECT * FROM left_over ORDER BY 1;
SELECT count(*), min(v), max(v) FROM item AS OF SNAPSHOT 'before';
\set VERBOSITY sqlstate
SELECT count(*) FROM item FOR SYSTEM_TIME AS OF :'early';
\set VERBOSITY default
SELECT count(*) FROM item AS OF NOW;
SELECT history_start > :'late' AS horizon FROM temporal.tables WHERE relation = 'item'::regclass;

-- A plan that was made while the snapshot was there does not outlive it
PREPARE pinned AS SELECT count(*) FROM item AS OF SNAPSHOT 'before';
EXECUTE pinned;
SELECT temporal.drop_snapshot('before');
SELECT versions FROM temporal.enforce_retention('item');
\set VERBOSITY sqlstate
EXECUTE pinned;
\set VERBOSITY default

-- The condition keeps what it is not true for
ALTER TABLE item SET (temporal.retention_condition = 'kind <> ''legal''');
CALL change(11, 15);
SELECT versions FROM temporal.retention_preview('item');
SELECT versions FROM temporal.enforce_retention('item');
SELECT * FROM left_over ORDER BY 1;

-- Versions of each key
ALTER TABLE item SET RETENTION_POLICY = (MAX_VERSIONS = 3);
CALL change(16, 20);
SELECT versions FROM temporal.retention_preview('item');
SELECT versions FROM temporal.enforce_retention('item');
SELECT * FROM left_over ORDER BY 1;
SELECT versions FROM temporal.enforce_retention('item');

-- The same in segments, some of which are left with a part of their versions
CALL change(21, 60);
SELECT versions FROM temporal.compress_history('item', now());
ALTER TABLE item SET RETENTION_POLICY = (MAX_VERSIONS = 10, CONDITION = 'kind <> ''legal''');
SELECT versions FROM temporal.retention_preview('item');
SELECT versions FROM temporal.enforce_retention('item');
SELECT * FROM left_over ORDER BY 1;
SELECT compressed_versions, segments > 0 AS segments, bytes_after > 0 AS bytes
FROM temporal.compression WHERE relation = 'item'::regclass;
SELECT v FROM item_history WHERE id = 7 ORDER BY v LIMIT 3;
SELECT count(*) FROM item_history WHERE id = 8;

-- One more, and those that the condition kept


ALTER TABLE item SET RETENTION_POLICY = (MAX_VERSIONS = 14);
SELECT versions FROM temporal.enforce_retention('item');
SELECT * FROM left_over ORDER BY 1;

-- Whole segments
ALTER TABLE item SET RETENTION_POLICY = (PERIOD = '0');
SELECT versions = (SELECT count(*) FROM item_history) AS all FROM temporal.retention_preview('item');
SELECT versions > 0 AS some FROM temporal.enforce_retention('item');
SELECT * FROM left_over;
SELECT compressed_versions, segments, runs FROM temporal.compression WHERE relation = 'item'::regclass;
SELECT count(*) FROM item FOR SYSTEM_TIME ALL;

-- A size: the oldest go
CALL change(61, 80);
ALTER TABLE item SET RETENTION_POLICY = (MAX_SIZE = '6 kB');
SELECT versions AS wanted FROM temporal.retention_preview('item') \gset
SELECT versions = :wanted AS as_said FROM temporal.enforce_retention('item');
SELECT sum(versions) BETWEEN 80 AND 120 AS size, min(min) > 70 AS oldest, max(max) FROM left_over;
SELECT versions FROM temporal.enforce_retention('item');

-- A size, where most is compressed: the oldest go there, too
CALL change(81, 120);
SELECT versions > 500 AS compressed FROM temporal.compress_history('item', now());
SELECT bytes_after * 2 / 3 AS most FROM temporal.compression WHERE relation = 'item'::regclass \gset
ALTER TABLE item SET (temporal.max_history_size = :most);
SELECT versions > 100 AS some FROM temporal.enforce_retention('item');
SELECT sum(versions) > 100 AS rest, min(min) > 75 AS oldest, max(max) FROM left_over;

-- What this transaction ended is not over yet
ALTER TABLE item SET RETENTION_POLICY = (PERIOD = '0');
BEGIN;
UPDATE item SET v = 81;
SELECT versions = (SELECT count(*) - 20 FROM item_history) AS others FROM temporal.enforce_retention('item');
SELECT sum(versions) FROM left_over;
ROLLBACK;

-- Not while another time is read, not on what has no history
SET temporal.as_of = '2100-01-01';
SELECT * FROM temporal.enforce_retention('item');
RESET temporal.as_of;
SELECT * FROM temporal.enforce_retention('pg_class');
SELECT * FROM temporal.enforce_retention(NULL);

-- A run that fails in its middle is not gone on with: what it had removed is
-- there again
CREATE TABLE thing (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO thing SELECT i, 0 FROM generate_series(1, 5000) i;
UPDATE thing SET v = 1;
SELECT versions FROM temporal.compress_history('thing', now());
UPDATE thing SET v = 2;
ALTER TABLE thing SET RETENTION_POLICY = (PERIOD = '0',
	CONDITION = '1 / CASE WHEN id = 4000 THEN current_setting(''thing.divisor'')::integer ELSE 1 END = 1');
SET thing.divisor = 0;
CALL temporal.run_maintenance('thing');
SELECT count(*) > 1000 AS many FROM thing_history;
SET thing.divisor = 1;
CALL temporal.run_maintenance('thing');
SELECT count(*) FROM thing_history;
SELECT action, sum(versions) FROM temporal.audit_log WHERE relation = 'public.thing' AND versions >= 0 GROUP BY action ORDER BY action;
DROP TABLE thing CASCADE;

-- Of versions with one key that ended at one time, none is newer than others: as
-- where the key is another one than when they were made, and null
CREATE TABLE thing (id integer PRIMARY KEY, k text, v integer) WITH SYSTEM VERSIONING;
INSERT INTO thing SELECT i, CASE WHEN i > 5 THEN 'k' || i END, 0 FROM generate_series(1, 10) i;
UPDATE thing SET v = 1;
DELETE FROM thing WHERE k IS NULL;
ALTER TABLE thing DROP CONSTRAINT thing_pkey;
ALTER TABLE thing ADD PRIMARY KEY (k);
UPDATE thing SET v = 2;
ALTER TABLE thing SET (temporal.max_history_versions = 1);
SELECT versions FROM temporal.retention_preview('thing');
SELECT versions FROM temporal.enforce_retention('thing');
SELECT k IS NULL AS no_key, v, count(*) FROM thing_history GROUP BY 1, 2 ORDER BY 1, 2;
DROP TABLE thing CASCADE;

-- Most pages have no versions any more
CREATE TABLE spread (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO spread SELECT i, 0 FROM generate_series(1, 40000) i;
UPDATE spread SET v = 1;
SELECT pg_relation_size('spread_history') / current_setting('block_size')::integer > 200 AS pages;
ALTER TABLE spread SET RETENTION_POLICY = (PERIOD = '0', CONDITION = 'id % 9000 <> 0');
SELECT versions FROM temporal.enforce_retention('spread');
SELECT versions FROM temporal.enforce_retention('spread');
SELECT id, v FROM spread_history ORDER BY id;
ALTER TABLE spread SET RETENTION_POLICY = (PERIOD = '0', CONDITION = 'id > 30000');
SELECT versions FROM temporal.retention_preview('spread');
SELECT versions FROM temporal.enforce_retention('spread');
ALTER TABLE spread RESET RETENTION;
SELECT versions, segments > 0 AS segments FROM temporal.compress_history('spread', before => 'infinity');
SELECT compressed_versions FROM temporal.compression WHERE relation = 'spread'::regclass;
UPDATE spread SET v = 2 WHERE id % 5000 = 1;
ALTER TABLE spread SET RETENTION_POLICY = (MAX_SIZE = 1);
SELECT versions FROM temporal.enforce_retention('spread');
SELECT temporal.decompress_history('spread') IS NOT NULL AS decompressed;
SELECT count(*) FROM spread_history;
DROP TABLE spread CASCADE;

-- All of it is on record
SELECT action, count(*) > 5 AS often, min(versions) > 0 AS versions, bool_and(last_end >= first_end) AS ends
FROM temporal.audit_log WHERE relation = 'public.item' GROUP BY action ORDER BY action;
SELECT DISTINCT regexp_replace(reason, 'size \d+', 'size') AS reason FROM temporal.audit_log
WHERE relation = 'public.item' AND action = 'retain' ORDER BY 1;

DROP VIEW left_over;
DROP PROCEDURE change;
DROP TABLE item, item_history;
