--
-- DELETE: the version goes to history, and no row stays
--
CREATE TABLE del (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
INSERT INTO del SELECT g, 'v' || g FROM generate_series(1, 6) g;

SELECT clock_timestamp() AS before_delete \gset
DELETE FROM del WHERE id = 1 RETURNING id, v, sys_end;
SELECT count(*) AS current FROM del WHERE id = 1;
SELECT v, sys_end > :'before_delete' AS ended_since FROM del_history;
SELECT v FROM del FOR SYSTEM_TIME AS OF :'before_delete' WHERE id = 1;
SELECT v FROM del FOR SYSTEM_TIME AS OF clock_timestamp() WHERE id = 1;

-- No row, no version
DELETE FROM del WHERE id = 99;
SELECT count(*) AS versions FROM del_history;

-- USING, sub-selects, CTEs
DELETE FROM del USING del o WHERE del.id = 2 AND o.id = 3;
DELETE FROM del WHERE id = (SELECT min(id) FROM del);
WITH gone AS (DELETE FROM del WHERE id = 4 RETURNING *)
SELECT v FROM gone;
SELECT v FROM del_history ORDER BY id;

-- The key comes back: a gap between the versions, and no row in it
SELECT clock_timestamp() AS in_gap \gset
INSERT INTO del VALUES (1, 'again');
SELECT v, sys_start > lag(sys_end) OVER (ORDER BY sys_start) AS after_a_gap
FROM del FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;
SELECT count(*) AS in_gap FROM del FOR SYSTEM_TIME AS OF :'in_gap' WHERE id = 1;

-- A DELETE that is rolled back left no version
BEGIN;
DELETE FROM del;
SELECT count(*) AS current FROM del;
ROLLBACK;
SELECT count(*) AS current FROM del;
SELECT count(*) AS versions FROM del_history;

-- All that is left, in one instant
DELETE FROM del;
SELECT count(*) AS current FROM del;
SELECT v, dense_rank() OVER (ORDER BY sys_end DESC) AS last_deletions
FROM del_history ORDER BY 2, 1;

-- WHERE CURRENT OF
INSERT INTO del VALUES (7, 'cursor');
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM del;
FETCH c;
DELETE FROM del WHERE CURRENT OF c;
COMMIT;
SELECT v, sys_start < sys_end AS lasted FROM del_history WHERE id = 7;
