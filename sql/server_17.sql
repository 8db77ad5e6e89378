--
-- What PostgreSQL 17 added: MERGE BY SOURCE, RETURNING and INTO views,
-- JSON_TABLE, SET EXPRESSION
--
SELECT current_setting('server_version_num')::integer < 170000 AS too_old \gset
\if :too_old
\quit
\endif
CREATE TABLE server17 (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
INSERT INTO server17 VALUES (1, 'a'), (2, 'b'), (3, 'c');

-- MERGE: rows without a source row make versions, too
MERGE INTO server17 t USING (VALUES (1, 'a2'), (4, 'd')) s (id, v) ON s.id = t.id
WHEN MATCHED THEN UPDATE SET v = s.v
WHEN NOT MATCHED BY TARGET THEN INSERT (id, v) VALUES (s.id, s.v)
WHEN NOT MATCHED BY SOURCE AND t.id = 2 THEN UPDATE SET v = 'b2'
WHEN NOT MATCHED BY SOURCE THEN DELETE
RETURNING merge_action(), t.id, t.v, t.sys_end;
SELECT id, v, sys_end = 'infinity' AS current
FROM server17 FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- The period columns are nobody's, in MERGE as elsewhere
MERGE INTO server17 t USING (VALUES (1)) s (id) ON s.id = t.id
WHEN NOT MATCHED BY SOURCE THEN UPDATE SET sys_start = now();

-- Into a view
CREATE VIEW server17_view AS SELECT id, v FROM server17 WHERE id < 100;
MERGE INTO server17_view t USING (VALUES (1, 'a3'), (5, 'e')) s (id, v) ON s.id = t.id
WHEN MATCHED THEN UPDATE SET v = s.v
WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v)
WHEN NOT MATCHED BY SOURCE AND t.id = 4 THEN DELETE
RETURNING merge_action(), t.*;
SELECT id, v, sys_end = 'infinity' AS current
FROM server17 FOR SYSTEM_TIME ALL WHERE id IN (1, 4, 5) ORDER BY id, sys_start;

-- The past as the source, where rows without a source row matter
MERGE INTO server17 t USING server17 FOR SYSTEM_TIME ALL s
ON s.id = t.id AND s.v = 'b'
WHEN MATCHED THEN UPDATE SET v = s.v || ' again'
WHEN NOT MATCHED BY SOURCE AND t.id = 5 THEN DELETE
RETURNING merge_action(), t.id, t.v;

-- JSON_TABLE to the left of a clause
SELECT j.id, s.v
FROM JSON_TABLE('[{"id": 1, "t": "2999-01-01"}]', '$[*]'
				COLUMNS (id integer PATH '$.id', t timestamptz PATH '$.t')) j
JOIN server17 FOR SYSTEM_TIME AS OF j.t s ON s.id = j.id;

-- A generated column cannot get other values without a version
CREATE TABLE server17_stored (id integer PRIMARY KEY, a integer, b integer GENERATED ALWAYS AS (a * 2) STORED)
WITH SYSTEM VERSIONING;
ALTER TABLE server17_stored ALTER b SET EXPRESSION AS (a * 3);
ALTER TABLE server17_stored DROP SYSTEM VERSIONING;
ALTER TABLE server17_stored ALTER b SET EXPRESSION AS (a * 3);

DROP TABLE server17_stored_history, server17_stored;
DROP VIEW server17_view;
\set VERBOSITY terse
SET client_min_messages = warning;
DROP TABLE server17 CASCADE;
