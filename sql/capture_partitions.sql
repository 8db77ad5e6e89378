--
-- Partitioned tables: one history, whichever way a row is written
--
CREATE TABLE prt (id integer, region text, v integer, PRIMARY KEY (id, region))
	PARTITION BY LIST (region) WITH SYSTEM VERSIONING;
CREATE TABLE prt_north PARTITION OF prt FOR VALUES IN ('n');
CREATE TABLE prt_south PARTITION OF prt FOR VALUES IN ('s') PARTITION BY RANGE (id);
CREATE TABLE prt_south_low PARTITION OF prt_south FOR VALUES FROM (0) TO (100);
CREATE TABLE prt_south_high PARTITION OF prt_south FOR VALUES FROM (100) TO (200);

-- Through the parent
INSERT INTO prt VALUES (1, 'n', 10), (2, 's', 20), (101, 's', 30);
UPDATE prt SET v = v + 1;
DELETE FROM prt WHERE id = 101;
SELECT id, region, v, sys_end = lead(sys_start) OVER (PARTITION BY id ORDER BY sys_start) AS meets_next,
       sys_end = 'infinity' AS is_current
FROM prt FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- Directly, at each level
INSERT INTO prt_north VALUES (3, 'n', 40);
UPDATE prt_north SET v = 41 WHERE id = 3;
INSERT INTO prt_south_low VALUES (4, 's', 50);
UPDATE prt_south SET v = 51 WHERE id = 4;
DELETE FROM prt_south_low WHERE id = 4;
COPY prt_south_high FROM stdin;
102	s	60
\.
UPDATE prt_south_high SET v = 61;
UPDATE ONLY prt_north SET v = 42 WHERE id = 3;
SELECT id, region, v, sys_end = lead(sys_start) OVER (PARTITION BY id ORDER BY sys_start) AS meets_next,
       sys_end = 'infinity' AS is_current
FROM prt FOR SYSTEM_TIME ALL WHERE id IN (3, 4, 102) ORDER BY id, sys_start;

-- From one partition to another: one UPDATE, one new version
UPDATE prt SET region = 's' WHERE id = 1;
UPDATE prt SET id = 103 WHERE id = 2;
SELECT id, region, v, sys_end = 'infinity' AS is_current,
       count(*) FILTER (WHERE sys_end = 'infinity') OVER (PARTITION BY id) AS current_rows
FROM prt FOR SYSTEM_TIME ALL WHERE id IN (1, 2, 103) ORDER BY id, sys_start;
SELECT tableoid::regclass, id FROM prt ORDER BY id;

-- To and fro in one transaction: one version
BEGIN;
UPDATE prt SET region = 'n' WHERE id = 1;
UPDATE prt SET region = 's', v = 12 WHERE id = 1;
COMMIT;
SELECT region, v, sys_end = lead(sys_start, 1, 'infinity') OVER (ORDER BY sys_start) AS meets_next
FROM prt FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;

-- MERGE and upsert
MERGE INTO prt t USING (VALUES (1, 's', 13), (5, 'n', 70)) AS s (id, region, v)
	ON t.id = s.id AND t.region = s.region
WHEN MATCHED THEN UPDATE SET v = s.v
WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.region, s.v);
INSERT INTO prt VALUES (5, 'n', 71) ON CONFLICT (id, region) DO UPDATE SET v = excluded.v;
SELECT id, v FROM prt FOR SYSTEM_TIME ALL WHERE id = 5 OR (id = 1 AND v = 13) ORDER BY id, sys_start;

-- Period columns are refused here too
UPDATE prt_north SET sys_start = now();
\echo :SQLSTATE
INSERT INTO prt_south_low (id, region, sys_end) VALUES (6, 's', now());
\echo :SQLSTATE

-- TRUNCATE of a partition, of a branch, of all
TRUNCATE prt_north;
SELECT count(*) AS current FROM prt WHERE region = 'n';
SELECT id, v FROM prt FOR SYSTEM_TIME AS OF (SELECT max(sys_start) FROM prt_history WHERE region = 'n')
WHERE region = 'n' ORDER BY id;
TRUNCATE prt_south;
TRUNCATE prt;
SELECT count(*) AS current FROM prt;
SELECT count(*) FILTER (WHERE sys_start >= sys_end) AS empty_periods,
       count(*) - count(DISTINCT (id, region, sys_start)) AS doubled
FROM prt_history;

-- Partitions whose columns are numbered differently
CREATE TABLE prt_other (gone integer, sys_end timestamptz NOT NULL, v integer, sys_start timestamptz NOT NULL,
	region text NOT NULL, id integer NOT NULL);
ALTER TABLE prt_other DROP COLUMN gone;
ALTER TABLE prt ATTACH PARTITION prt_other FOR VALUES IN ('o');
INSERT INTO prt VALUES (7, 'o', 80);
INSERT INTO prt_other (id, region, v) VALUES (8, 'o', 90);
UPDATE prt SET v = v + 1 WHERE region = 'o';
UPDATE prt_other SET v = v + 1 WHERE id = 8;
UPDATE prt SET region = 'n' WHERE id = 8;
DELETE FROM prt_other WHERE id = 7;
SELECT id, region, v, sys_end = lead(sys_start) OVER (PARTITION BY id ORDER BY sys_start) AS meets_next,
       sys_end = 'infinity' AS is_current
FROM prt FOR SYSTEM_TIME ALL WHERE id IN (7, 8) ORDER BY id, sys_start;
INSERT INTO prt_other VALUES (DEFAULT, 1, DEFAULT, 'o', 9);
\set VERBOSITY terse
INSERT INTO prt_other VALUES ('infinity', 1, now(), 'o', 10);
\echo :SQLSTATE
\set VERBOSITY default

-- DEFAULTs that a table brings along when it is attached do not count
CREATE TABLE prt_forged (LIKE prt);
ALTER TABLE prt_forged ALTER sys_start SET DEFAULT '2000-01-01', ALTER sys_end SET DEFAULT '2001-01-01';
ALTER TABLE prt ATTACH PARTITION prt_forged FOR VALUES IN ('d');
COPY prt_forged FROM stdin;
20	d	1
\.
INSERT INTO prt_forged VALUES (21, 'd', 1);
SELECT id, sys_start > '2020-01-01' AS true_start, sys_end FROM prt WHERE region = 'd' ORDER BY id;

-- What is attached or detached must be empty: its rows would come or go
-- without a version
CREATE TABLE prt_full (LIKE prt);
INSERT INTO prt_full VALUES (11, 'f', 1, now(), 'infinity');
ALTER TABLE prt ATTACH PARTITION prt_full FOR VALUES IN ('f');
\echo :SQLSTATE
INSERT INTO prt VALUES (11, 'o', 1);
ALTER TABLE prt DETACH PARTITION prt_other;
\echo :SQLSTATE
DROP TABLE prt_other;
\echo :SQLSTATE
TRUNCATE prt_other;
ALTER TABLE prt DETACH PARTITION prt_other;
SELECT count(*) AS versions FROM prt FOR SYSTEM_TIME ALL WHERE region = 'o';

-- Detached, it is a table like any other; the history of its rows stays
SELECT tgname FROM pg_trigger WHERE tgrelid = 'prt_other'::regclass;
INSERT INTO prt_other (id, region, v, sys_start, sys_end) VALUES (12, 'o', 1, now(), 'infinity');
UPDATE prt_other SET v = 2;
SELECT count(*) AS versions FROM prt FOR SYSTEM_TIME ALL WHERE region = 'o';
DROP TABLE prt_other;

-- An empty partition can be dropped, a new one takes its place
CREATE TABLE prt_east PARTITION OF prt FOR VALUES IN ('e');
DROP TABLE prt_east;
CREATE TABLE prt_east PARTITION OF prt FOR VALUES IN ('e');
INSERT INTO prt VALUES (13, 'e', 1);
UPDATE prt_east SET v = 2;
SELECT v, sys_end = lead(sys_start, 1, 'infinity') OVER (ORDER BY sys_start) AS meets_next
FROM prt FOR SYSTEM_TIME ALL WHERE id = 13 ORDER BY sys_start;

-- A partition is not versioned on its own
ALTER TABLE prt_east ADD SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE prt_east DROP SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE prt_east DISABLE TRIGGER temporal_capture_update;
\echo :SQLSTATE
DROP TRIGGER temporal_capture_update ON prt_east;
\echo :SQLSTATE

-- Versioning of a partitioned table that has rows
CREATE TABLE prt_late (id integer PRIMARY KEY, v integer) PARTITION BY RANGE (id);
CREATE TABLE prt_late_1 PARTITION OF prt_late FOR VALUES FROM (0) TO (10);
CREATE TABLE prt_late_2 PARTITION OF prt_late DEFAULT;
INSERT INTO prt_late VALUES (1, 1), (20, 2);
ALTER TABLE prt_late ADD SYSTEM VERSIONING;
SELECT count(DISTINCT sys_start) AS starts FROM prt_late;
UPDATE prt_late SET id = id + 9;
SELECT id, v, sys_end = 'infinity' AS is_current FROM prt_late FOR SYSTEM_TIME ALL ORDER BY v, sys_start;
ALTER TABLE prt_late DROP SYSTEM VERSIONING;
UPDATE prt_late SET v = 3;
UPDATE prt_late_1 SET v = 4;
SELECT count(*) AS versions FROM prt_late_history;
ALTER TABLE prt_late DROP PERIOD FOR SYSTEM_TIME;
SELECT count(*) AS triggers_left FROM pg_trigger
WHERE tgrelid IN (SELECT relid FROM pg_partition_tree('prt_late'));

-- BEFORE triggers on a partition, and on all
CREATE FUNCTION prt_forge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.sys_start := '2000-01-01';
	RETURN NEW;
END $$;
CREATE TRIGGER forge_low BEFORE INSERT OR UPDATE ON prt_south_low FOR EACH ROW EXECUTE FUNCTION prt_forge();
CREATE TRIGGER forge BEFORE INSERT OR UPDATE ON prt FOR EACH ROW EXECUTE FUNCTION prt_forge();
INSERT INTO prt VALUES (14, 's', 1), (14, 'n', 1);
UPDATE prt SET v = 2 WHERE id = 14;
SELECT region, v, sys_end = lead(sys_start, 1, 'infinity') OVER (PARTITION BY region ORDER BY sys_start) AS meets_next
FROM prt FOR SYSTEM_TIME ALL WHERE id = 14 ORDER BY region, sys_start;
DROP TRIGGER forge ON prt;
DROP TRIGGER forge_low ON prt_south_low;
SELECT count(*) AS guards FROM pg_trigger
WHERE tgname ~ 'guard' AND tgrelid IN (SELECT relid FROM pg_partition_tree('prt'));

-- A partition with rows does not go unnamed either: with its schema, with its
-- owner, in a function; but with the table
SET ROLE NONE;
CREATE ROLE regress_temporal_lodger;
CREATE SCHEMA prt_far;
GRANT USAGE, CREATE ON SCHEMA prt_far TO regress_temporal_user, regress_temporal_lodger;
GRANT regress_temporal_lodger TO regress_temporal_user;
SET ROLE regress_temporal_user;
CREATE TABLE prt_home (id integer PRIMARY KEY) PARTITION BY RANGE (id) WITH SYSTEM VERSIONING;
CREATE TABLE prt_far.low PARTITION OF prt_home FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id);
CREATE TABLE prt_far.one PARTITION OF prt_far.low FOR VALUES IN (1);
CREATE TABLE prt_far.two PARTITION OF prt_far.low FOR VALUES IN (2);
ALTER TABLE prt_far.two OWNER TO regress_temporal_lodger;
INSERT INTO prt_home VALUES (1), (2);
DROP TABLE prt_far.low;
\echo :SQLSTATE
SET client_min_messages = error;
DROP OWNED BY regress_temporal_lodger;
\echo :SQLSTATE
RESET client_min_messages;
DO 'BEGIN DROP TABLE prt_far.one; RAISE NOTICE ''dropped''; END';
\echo :SQLSTATE
SET ROLE NONE;
\set VERBOSITY sqlstate
DROP SCHEMA prt_far CASCADE;
\set VERBOSITY default
SELECT count(*) FROM prt_home;
BEGIN;
DROP TABLE prt_home CASCADE;
SELECT count(*) AS left FROM pg_class WHERE relnamespace = 'prt_far'::regnamespace;
ROLLBACK;
DELETE FROM prt_home;
SET client_min_messages = warning;
DROP SCHEMA prt_far CASCADE;
RESET client_min_messages;
SELECT id FROM prt_home FOR SYSTEM_TIME ALL ORDER BY id;
DROP TABLE prt_home CASCADE;
DROP OWNED BY regress_temporal_lodger;
DROP ROLE regress_temporal_lodger;
RESET ROLE;
