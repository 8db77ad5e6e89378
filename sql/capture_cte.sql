--
-- Data-modifying WITH
--
CREATE TABLE cte (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE cte_other (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO cte VALUES (1, 10), (2, 20), (3, 30), (4, 40);

-- Moved from one table to the other: one instant
WITH moved AS (DELETE FROM cte WHERE id = 1 RETURNING id, v)
INSERT INTO cte_other SELECT * FROM moved;
SELECT o.v, h.sys_end = o.sys_start AS same_instant FROM cte_other o JOIN cte_history h USING (id);

-- Several changes of one table in one statement
WITH changed AS (UPDATE cte SET v = v + 1 WHERE id = 2 RETURNING *),
     deleted AS (DELETE FROM cte WHERE id = 3 RETURNING *),
     added AS (INSERT INTO cte VALUES (5, 50) RETURNING *)
SELECT 'changed' AS what, id, v FROM changed UNION ALL
SELECT 'deleted', id, v FROM deleted UNION ALL
SELECT 'added', id, v FROM added ORDER BY what;
SELECT id, v, sys_end = 'infinity' AS is_current,
       sys_end = (SELECT sys_start FROM cte WHERE id = 5) AS ended_with_it
FROM cte FOR SYSTEM_TIME ALL WHERE id IN (2, 3, 5) ORDER BY id, sys_start;

-- Not referred to, and carried out all the same
WITH unused AS (UPDATE cte SET v = v + 1 WHERE id = 4) SELECT 1 AS one;
SELECT v FROM cte FOR SYSTEM_TIME ALL WHERE id = 4 ORDER BY sys_start;

-- In front of INSERT, UPDATE, DELETE, MERGE
WITH source AS (SELECT * FROM cte) UPDATE cte SET v = source.v + 1 FROM source WHERE cte.id = source.id AND cte.id = 4;
WITH u AS (UPDATE cte SET v = 100 WHERE id = 2 RETURNING id) DELETE FROM cte USING u WHERE cte.id = 4 AND u.id = 2;
WITH u AS (UPDATE cte_other SET v = 11 RETURNING id, v)
MERGE INTO cte t USING u ON t.id = u.id WHEN NOT MATCHED THEN INSERT VALUES (u.id, u.v);
SELECT id, v, sys_end = 'infinity' AS is_current FROM cte FOR SYSTEM_TIME ALL WHERE id IN (1, 2, 4) ORDER BY id, sys_start;
SELECT count(*) AS versions FROM cte_other FOR SYSTEM_TIME ALL;

-- The past as the source of a change
WITH past AS (SELECT * FROM cte FOR SYSTEM_TIME AS OF (SELECT max(sys_start) FROM cte_history WHERE id = 3))
INSERT INTO cte (id, v) SELECT id, v FROM past WHERE id = 3;
SELECT id, v FROM cte WHERE id = 3;

-- The same row by two parts of one statement: PostgreSQL does one of them;
-- whatever it does, periods neither overlap nor are empty
WITH a AS (UPDATE cte SET v = 1 WHERE id = 5 RETURNING v)
UPDATE cte SET v = 2 WHERE id = 5;
SELECT count(*) AS versions, count(*) FILTER (WHERE sys_end = 'infinity') AS current,
       count(*) FILTER (WHERE sys_start >= sys_end) AS empty_periods
FROM cte FOR SYSTEM_TIME ALL WHERE id = 5;

-- The statement's own reading sees the table as it was
WITH u AS (UPDATE cte SET v = 1000 WHERE id = 3)
SELECT v FROM cte FOR SYSTEM_TIME ALL WHERE id = 3 AND sys_end = 'infinity';
