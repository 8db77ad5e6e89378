--
-- Savepoints: what is rolled back never was, and the transaction stays one
-- instant
--
CREATE TABLE sp (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO sp SELECT g, 0 FROM generate_series(1, 5) g;

-- Changed before the savepoint, changed after it, that rolled back
BEGIN;
UPDATE sp SET v = 1 WHERE id = 1;
SELECT temporal.system_time() AS system_time \gset
SAVEPOINT s;
UPDATE sp SET v = 2 WHERE id = 1;
ROLLBACK TO s;
SELECT temporal.system_time() = :'system_time' AS same_time;
COMMIT;
SELECT v, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM sp FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;

-- The first write is rolled back; the next one finds the row as it was
BEGIN;
SAVEPOINT s;
UPDATE sp SET v = 1 WHERE id = 2;
ROLLBACK TO s;
UPDATE sp SET v = 2 WHERE id = 2;
COMMIT;
SELECT v, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM sp FOR SYSTEM_TIME ALL WHERE id = 2 ORDER BY sys_start;

-- Released: as if it had not been there
BEGIN;
UPDATE sp SET v = 1 WHERE id = 3;
SAVEPOINT s;
UPDATE sp SET v = 2 WHERE id = 3;
SAVEPOINT t;
UPDATE sp SET v = 3 WHERE id = 3;
RELEASE t;
UPDATE sp SET v = 4 WHERE id = 3;
RELEASE s;
COMMIT;
SELECT v, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM sp FOR SYSTEM_TIME ALL WHERE id = 3 ORDER BY sys_start;

-- Deleted and rolled back, then changed
BEGIN;
SAVEPOINT s;
DELETE FROM sp WHERE id = 4;
ROLLBACK TO s;
UPDATE sp SET v = 1 WHERE id = 4;
SAVEPOINT s2;
DELETE FROM sp WHERE id = 4;
ROLLBACK TO s2;
COMMIT;
SELECT v, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM sp FOR SYSTEM_TIME ALL WHERE id = 4 ORDER BY sys_start;

-- Everything rolled back by savepoint: no version
BEGIN;
SAVEPOINT s;
UPDATE sp SET v = 1 WHERE id = 5;
INSERT INTO sp VALUES (6, 0);
ROLLBACK TO s;
COMMIT;
SELECT id, v FROM sp FOR SYSTEM_TIME ALL WHERE id >= 5;

-- A statement that fails inside a savepoint
BEGIN;
UPDATE sp SET v = 10 WHERE id = 5;
SAVEPOINT s;
UPDATE sp SET v = 1 / (id - 5);
ROLLBACK TO s;
UPDATE sp SET v = 11 WHERE id = 5;
COMMIT;
SELECT v, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM sp FOR SYSTEM_TIME ALL WHERE id = 5 ORDER BY sys_start;

-- Versioning itself under a savepoint
BEGIN;
SAVEPOINT s;
CREATE TABLE sp_gone (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO sp_gone VALUES (1);
ROLLBACK TO s;
CREATE TABLE sp_gone (id integer PRIMARY KEY, v integer);
INSERT INTO sp_gone VALUES (1, 1);
SAVEPOINT s;
ALTER TABLE sp_gone ADD SYSTEM VERSIONING;
UPDATE sp_gone SET v = 2;
ROLLBACK TO s;
UPDATE sp_gone SET v = 3;
COMMIT;
SELECT * FROM sp_gone;
SELECT count(*) AS registered FROM temporal.tables WHERE table_name = 'sp_gone';
SELECT to_regclass('sp_gone_history') IS NULL AS no_history;

SELECT count(*) AS empty_periods FROM sp FOR SYSTEM_TIME ALL WHERE sys_start >= sys_end;
