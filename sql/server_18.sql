--
-- What PostgreSQL 18 added: virtual generated columns, OLD and NEW in
-- RETURNING, NOT NULL as a constraint, WITHOUT OVERLAPS and PERIOD
--
SELECT current_setting('server_version_num')::integer < 180000 AS too_old \gset
\if :too_old
\quit
\endif

-- A virtual column is stored nowhere: history computes it as the table does
CREATE TABLE server18 (gone integer, id integer PRIMARY KEY, a text,
	upper_a text GENERATED ALWAYS AS (upper(a)), stored_a text GENERATED ALWAYS AS (a || '!') STORED);
INSERT INTO server18 VALUES (1, 1, 'q');
ALTER TABLE server18 DROP COLUMN gone;
ALTER TABLE server18 ADD SYSTEM VERSIONING;
UPDATE server18 SET a = 'r';
INSERT INTO server18 VALUES (2, 's');
DELETE FROM server18 WHERE id = 1;
SELECT id, a, upper_a, stored_a, sys_end = 'infinity' AS current
FROM server18 FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
SELECT id, upper_a FROM server18_history ORDER BY id, sys_start;
SELECT o.id, s.upper_a FROM (VALUES (1), (3)) o (id)
LEFT JOIN server18 FOR SYSTEM_TIME ALL s ON s.id = o.id AND s.upper_a = 'R' ORDER BY o.id;
SELECT upper_a, count(*) FROM server18 FOR SYSTEM_TIME ALL GROUP BY upper_a ORDER BY upper_a;
ALTER TABLE server18 ALTER upper_a SET EXPRESSION AS (lower(a));

-- In partitions
CREATE TABLE server18_part (id integer, a integer, b integer GENERATED ALWAYS AS (a + 1), PRIMARY KEY (id))
PARTITION BY LIST (id) WITH SYSTEM VERSIONING;
CREATE TABLE server18_part1 PARTITION OF server18_part FOR VALUES IN (1);
INSERT INTO server18_part VALUES (1, 10);
UPDATE server18_part SET a = 20;
SELECT id, a, b FROM server18_part FOR SYSTEM_TIME ALL ORDER BY sys_start;
SELECT id, a, b FROM server18_part1 FOR SYSTEM_TIME ALL ORDER BY sys_start;

-- OLD and NEW
UPDATE server18 SET a = 't' RETURNING OLD.a, NEW.a, NEW.upper_a, OLD.sys_start < NEW.sys_start AS later;
MERGE INTO server18 t USING (VALUES (2)) s (id) ON s.id = t.id
WHEN MATCHED THEN DELETE RETURNING merge_action(), OLD.a, NEW.a;

-- Grouping has a range table entry of its own
SELECT s.id, (SELECT count(*) FROM server18 FOR SYSTEM_TIME ALL h WHERE h.id = s.id) AS versions
FROM server18 FOR SYSTEM_TIME ALL s GROUP BY s.id ORDER BY s.id;

-- Period columns stay NOT NULL by whatever name
SELECT conname, conenforced, convalidated FROM pg_constraint
WHERE conrelid IN ('server18'::regclass, 'server18_history'::regclass) AND contype = 'n' ORDER BY conname;
ALTER TABLE server18 DROP CONSTRAINT server18_sys_start_not_null;
ALTER TABLE server18_part1 DROP CONSTRAINT server18_part_sys_end_not_null;

-- Application-time keys are PostgreSQL's own
CREATE TABLE server18_price (id int4range, period daterange, PRIMARY KEY (id, period WITHOUT OVERLAPS))
WITH SYSTEM VERSIONING;
CREATE TABLE server18_sale (id int4range, period daterange, PRIMARY KEY (id, period WITHOUT OVERLAPS),
	FOREIGN KEY (id, PERIOD period) REFERENCES server18_price (id, PERIOD period)) WITH SYSTEM VERSIONING;
INSERT INTO server18_price VALUES ('[1,1]', '[2020-01-01,2021-01-01)');
INSERT INTO server18_sale VALUES ('[1,1]', '[2020-02-01,2020-03-01)');
INSERT INTO server18_price VALUES ('[1,1]', '[2020-12-01,2022-01-01)');
UPDATE server18_price SET period = '[2020-01-01,2020-12-01)';
UPDATE server18_price SET period = '[2020-03-01,2020-12-01)';
SELECT period, sys_end = 'infinity' AS current FROM server18_price FOR SYSTEM_TIME ALL ORDER BY sys_start;

\set VERBOSITY terse
SET client_min_messages = warning;
DROP TABLE server18, server18_part, server18_sale, server18_price CASCADE;
