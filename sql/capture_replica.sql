--
-- session_replication_role = replica, the apply worker's way: captured as well,
-- row by row
--
CREATE TABLE rep (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO rep VALUES (1, 10), (2, 20), (3, 30);

SET ROLE NONE;
SET session_replication_role = replica;
INSERT INTO rep VALUES (4, 40);
UPDATE rep SET v = v + 1 WHERE id <= 2;
DELETE FROM rep WHERE id = 3;
SELECT id, v, sys_end = lead(sys_start) OVER (PARTITION BY id ORDER BY sys_start) AS meets_next,
       sys_end = 'infinity' AS is_current
FROM rep FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- One transaction, one version, also when the role changes in its middle
BEGIN;
UPDATE rep SET v = 50 WHERE id = 4;
SET LOCAL session_replication_role = origin;
UPDATE rep SET v = 51 WHERE id = 4;
COMMIT;
BEGIN;
SET LOCAL session_replication_role = origin;
UPDATE rep SET v = 60 WHERE id = 4;
SET LOCAL session_replication_role = replica;
DELETE FROM rep WHERE id = 4;
COMMIT;
SELECT v, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM rep FOR SYSTEM_TIME ALL WHERE id = 4 ORDER BY sys_start;

-- TRUNCATE
TRUNCATE rep;
SELECT count(*) AS current FROM rep;
SELECT count(*) FILTER (WHERE sys_end = (SELECT max(sys_end) FROM rep_history)) AS ended_last FROM rep_history;

-- The period columns are ours also here
INSERT INTO rep (id, sys_start) VALUES (5, '2000-01-01');
\echo :SQLSTATE
UPDATE rep SET sys_end = now();
\echo :SQLSTATE
INSERT INTO rep_history VALUES (6, 6, '2000-01-01', '2001-01-01');
\echo :SQLSTATE

-- local is like origin
SET session_replication_role = local;
INSERT INTO rep VALUES (7, 1);
UPDATE rep SET v = 2 WHERE id = 7;
SELECT v FROM rep FOR SYSTEM_TIME ALL WHERE id = 7 ORDER BY sys_start;
RESET session_replication_role;

-- A partition, row by row
CREATE TABLE rep_part (id integer PRIMARY KEY, v integer) PARTITION BY RANGE (id) WITH SYSTEM VERSIONING;
CREATE TABLE rep_part_1 PARTITION OF rep_part FOR VALUES FROM (0) TO (10);
CREATE TABLE rep_part_2 PARTITION OF rep_part FOR VALUES FROM (10) TO (20);
SET session_replication_role = replica;
INSERT INTO rep_part VALUES (1, 1), (11, 11);
UPDATE rep_part SET v = v + 1;
UPDATE rep_part SET id = 12 WHERE id = 1;
DELETE FROM rep_part_2 WHERE id = 11;
SELECT id, v, sys_end = 'infinity' AS is_current FROM rep_part FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
RESET session_replication_role;
RESET ROLE;
