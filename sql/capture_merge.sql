--
-- MERGE: each of its actions is captured as the statement it stands for
--
CREATE TABLE mrg (id integer PRIMARY KEY, v integer, note text) WITH SYSTEM VERSIONING;
CREATE TABLE mrg_source (id integer, v integer);
INSERT INTO mrg VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'), (4, 40, 'd');
INSERT INTO mrg_source VALUES (2, 21), (3, NULL), (4, 40), (5, 50);

MERGE INTO mrg t USING mrg_source s ON t.id = s.id
WHEN MATCHED AND s.v IS NULL THEN DELETE
WHEN MATCHED AND s.v = t.v THEN DO NOTHING
WHEN MATCHED THEN UPDATE SET v = s.v
WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v);

SELECT id, v, note,
       sys_end = lead(sys_start) OVER (PARTITION BY id ORDER BY sys_start) AS meets_next,
       sys_end = 'infinity' AS is_current
FROM mrg FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- It is one instant
SELECT count(DISTINCT t) AS instants
FROM (SELECT sys_start FROM mrg WHERE id IN (2, 5)
      UNION ALL SELECT sys_end FROM mrg_history) AS times (t);

-- INSERT without a column list, DEFAULT VALUES, DEFAULT for the period
MERGE INTO mrg t USING (VALUES (6, 60), (7, 70)) AS s (id, v) ON t.id = s.id
WHEN NOT MATCHED AND s.id = 6 THEN INSERT VALUES (s.id, s.v, 'whole')
WHEN NOT MATCHED THEN INSERT (id, v, sys_start, sys_end) VALUES (s.id, s.v, DEFAULT, DEFAULT);
MERGE INTO mrg t USING (VALUES (6)) AS s (id) ON t.id = s.id
WHEN MATCHED THEN UPDATE SET note = 'default', sys_start = DEFAULT;
SELECT id, v, note FROM mrg FOR SYSTEM_TIME ALL WHERE id >= 6 ORDER BY id, sys_start;

-- Several columns at once, also from a sub-select
MERGE INTO mrg t USING mrg_source s ON t.id = s.id
WHEN MATCHED AND t.id = 2 THEN UPDATE SET (v, note) = (SELECT 22, 'sub-select')
WHEN MATCHED THEN UPDATE SET (v, note) = (t.v + 1, 'row');
SELECT id, v, note FROM mrg ORDER BY id;

-- Period columns are refused in every action
MERGE INTO mrg t USING mrg_source s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET sys_start = now();
\echo :SQLSTATE
MERGE INTO mrg t USING mrg_source s ON t.id = s.id
WHEN MATCHED AND s.v = 0 THEN UPDATE SET v = 0, sys_end = now()
WHEN MATCHED THEN DO NOTHING;
\echo :SQLSTATE
MERGE INTO mrg t USING mrg_source s ON t.id = s.id + 100
WHEN NOT MATCHED THEN INSERT (id, sys_start) VALUES (s.id + 100, now());
\echo :SQLSTATE
SELECT count(*) AS forged FROM mrg WHERE id > 100;

-- Inserted and changed by two MERGEs of one transaction: one version
BEGIN;
MERGE INTO mrg t USING (VALUES (8, 1)) AS s (id, v) ON t.id = s.id
WHEN MATCHED THEN UPDATE SET v = s.v
WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v);
MERGE INTO mrg t USING (VALUES (8, 2)) AS s (id, v) ON t.id = s.id
WHEN MATCHED THEN UPDATE SET v = s.v
WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v);
COMMIT;
SELECT v FROM mrg FOR SYSTEM_TIME ALL WHERE id = 8;

-- The past as the source: what was deleted comes back
SELECT max(sys_end) - interval '1 microsecond' AS before_the_last FROM mrg_history WHERE id = 3 \gset
MERGE INTO mrg t USING (SELECT * FROM mrg FOR SYSTEM_TIME AS OF :'before_the_last') s ON t.id = s.id
WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v, s.note);
MERGE INTO mrg t USING mrg FOR SYSTEM_TIME AS OF :'before_the_last' s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET v = s.v, note = s.note;
SELECT id, v, note FROM mrg ORDER BY id;

SELECT count(*) AS empty_periods FROM mrg FOR SYSTEM_TIME ALL WHERE sys_start >= sys_end;
