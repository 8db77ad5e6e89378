--
-- A transaction is one instant: of several changes of a row one version is
-- left, what the transaction left behind (SQL:2011 part 2, 15.13)
--
CREATE TABLE once (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO once SELECT g, 100 FROM generate_series(1, 6) g;

-- A version needs two instants: the 200 below never was, as far as history is
-- concerned
BEGIN;
UPDATE once SET v = 200 WHERE id = 1;
UPDATE once SET v = 225 WHERE id = 1;
COMMIT;
SELECT v, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM once FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;

-- Changed and deleted: what it was before ends
BEGIN;
UPDATE once SET v = 200 WHERE id = 2;
DELETE FROM once WHERE id = 2;
COMMIT;
SELECT v, sys_start < sys_end AS lasted, sys_end < 'infinity' AS ended
FROM once FOR SYSTEM_TIME ALL WHERE id = 2;

-- Inserted and deleted: never was
BEGIN;
INSERT INTO once VALUES (10, 1);
DELETE FROM once WHERE id = 10;
COMMIT;
SELECT count(*) AS versions FROM once FOR SYSTEM_TIME ALL WHERE id = 10;

-- Inserted and changed: one version
BEGIN;
INSERT INTO once VALUES (11, 1);
UPDATE once SET v = 2 WHERE id = 11;
UPDATE once SET v = 3 WHERE id = 11;
COMMIT;
SELECT v, sys_end FROM once FOR SYSTEM_TIME ALL WHERE id = 11;

-- Deleted and inserted again: two versions that meet
BEGIN;
DELETE FROM once WHERE id = 3;
INSERT INTO once VALUES (3, 300);
COMMIT;
SELECT v, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM once FOR SYSTEM_TIME ALL WHERE id = 3 ORDER BY sys_start;

-- ... and deleted once more
BEGIN;
DELETE FROM once WHERE id = 3;
INSERT INTO once VALUES (3, 301);
DELETE FROM once WHERE id = 3;
COMMIT;
SELECT v, sys_end < 'infinity' AS ended
FROM once FOR SYSTEM_TIME ALL WHERE id = 3 ORDER BY sys_start;

-- Two rows change keys with each other, by way of a third
BEGIN;
UPDATE once SET id = 40 WHERE id = 4;
UPDATE once SET id = 4, v = 500 WHERE id = 5;
UPDATE once SET id = 5 WHERE id = 40;
COMMIT;
SELECT id, v, sys_end = 'infinity' AS is_current,
       sys_start = min(sys_start) FILTER (WHERE sys_end = 'infinity') OVER () AS since_the_exchange
FROM once FOR SYSTEM_TIME ALL WHERE id IN (4, 5, 40) ORDER BY id, sys_start;

-- Many changes of many rows in one transaction: one version a row, one instant
BEGIN;
UPDATE once SET v = v + 1;
UPDATE once SET v = v + 1;
DELETE FROM once WHERE id = 6;
UPDATE once SET v = v + 1;
SELECT temporal.system_time() AS system_time \gset
COMMIT;
SELECT id, v,
       sys_end = :'system_time' AS ended_then,
       sys_start = :'system_time' AS started_then
FROM once FOR SYSTEM_TIME ALL
WHERE :'system_time' IN (sys_start, sys_end) ORDER BY id, sys_start;

-- The transaction reads its own present with AS OF its own time
BEGIN;
UPDATE once SET v = 1000 WHERE id = 1;
SELECT v FROM once FOR SYSTEM_TIME AS OF temporal.system_time() WHERE id = 1;
UPDATE once SET v = 1001 WHERE id = 1;
SELECT v FROM once FOR SYSTEM_TIME AS OF temporal.system_time() WHERE id = 1;
SELECT v < 1000 AS before_it FROM once FOR SYSTEM_TIME AS OF temporal.system_time() - interval '1 microsecond'
WHERE id = 1;
ROLLBACK;
SELECT max(v) FROM once FOR SYSTEM_TIME ALL WHERE id = 1;

-- Statements sent together are one transaction; the next ones are their own,
-- however close
UPDATE once SET v = 1 WHERE id = 1 \; UPDATE once SET v = 2 WHERE id = 1;
UPDATE once SET v = 3 WHERE id = 1;
UPDATE once SET v = 4 WHERE id = 1;
SELECT v FROM once FOR SYSTEM_TIME ALL WHERE id = 1 AND v < 10 ORDER BY sys_start;

SELECT count(*) AS empty_periods FROM once FOR SYSTEM_TIME ALL WHERE sys_start >= sys_end;
