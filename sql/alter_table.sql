--
-- ALTER TABLE: versioning, periods and options, on and off
--
CREATE FUNCTION altered(name text) RETURNS TABLE (table_name name, history regclass, versioned boolean,
	start_column name, end_column name, since_creation boolean)
LANGUAGE sql AS $$
	SELECT table_name, history, system_versioned, start_column, end_column, history_start = '-infinity'
	FROM temporal.tables WHERE table_name = name
$$;
CREATE FUNCTION triggers_of(relation regclass) RETURNS SETOF name LANGUAGE sql AS
$$ SELECT tgname FROM pg_trigger WHERE tgrelid = relation ORDER BY tgname $$;

-- Existing rows start at this statement's tick, all together
CREATE TABLE alt (id integer PRIMARY KEY, v integer);
INSERT INTO alt VALUES (1, 10), (2, 20);
SELECT clock_timestamp() AS before \gset
ALTER TABLE alt ADD SYSTEM VERSIONING;
SELECT count(DISTINCT sys_start) AS starts, bool_and(sys_start BETWEEN :'before' AND clock_timestamp()) AS now, bool_and(sys_end = 'infinity') AS current
FROM alt;
SELECT * FROM altered('alt');
SELECT triggers_of('alt');
SELECT triggers_of('alt_history');
-- ... in a long transaction too, and rows that are added later start later
CREATE TABLE alt_late (id integer PRIMARY KEY);
BEGIN;
INSERT INTO alt_late VALUES (1);
ALTER TABLE alt_late ADD SYSTEM VERSIONING;
INSERT INTO alt_late VALUES (2);
DELETE FROM alt_late WHERE id = 1;
COMMIT;
SELECT id, sys_start < sys_end AS lasts FROM alt_late FOR SYSTEM_TIME ALL ORDER BY id;

-- Twice
ALTER TABLE alt ADD SYSTEM VERSIONING;
\echo :SQLSTATE

-- DROP keeps the history as a table
UPDATE alt SET v = v + 1;
ALTER TABLE alt DROP SYSTEM VERSIONING;
SELECT * FROM altered('alt');
SELECT count(*) AS versions FROM alt_history;
SELECT triggers_of('alt_history');
SELECT * FROM alt FOR SYSTEM_TIME ALL;
\echo :SQLSTATE
-- which is an ordinary one now
DELETE FROM alt_history WHERE id = 2;
DROP TABLE alt_history;
-- The period is still there, and the rows still tell since when
SELECT max(sys_start) AS last_start FROM alt \gset
UPDATE alt SET v = 100 WHERE id = 1;
SELECT v, sys_start > :'last_start' AS restarted FROM alt WHERE id = 1;
UPDATE alt SET sys_start = now();
\echo :SQLSTATE
ALTER TABLE alt DROP SYSTEM VERSIONING;
\echo :SQLSTATE
-- Versioned again, with a new history
ALTER TABLE alt ADD SYSTEM VERSIONING;
UPDATE alt SET v = 101 WHERE id = 1;
SELECT v FROM alt FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;
-- RESTRICT is the default; a view over the history is no obstacle
ALTER TABLE alt DROP SYSTEM VERSIONING RESTRICT;
SELECT count(*) AS versions FROM alt_history;
-- a history that was left behind is in the way of the next
ALTER TABLE alt ADD SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE alt SET (temporal.system_versioning = on, temporal.history_table = 'alt_history_2');
-- CASCADE drops the history
CREATE VIEW alt_past AS SELECT * FROM alt_history_2;
ALTER TABLE alt DROP SYSTEM VERSIONING CASCADE;
SELECT to_regclass('alt_history_2') IS NULL AS history_gone, to_regclass('alt_past') IS NULL AS view_gone;

-- The period goes last
ALTER TABLE alt SET (temporal.system_versioning = on, temporal.history_table = 'alt_history_3');
ALTER TABLE alt DROP PERIOD FOR SYSTEM_TIME;
\echo :SQLSTATE
ALTER TABLE alt DROP SYSTEM VERSIONING CASCADE, DROP PERIOD FOR SYSTEM_TIME;
SELECT count(*) AS registered FROM altered('alt');
SELECT triggers_of('alt');
SELECT attname, atthasdef, col_description(attrelid, attnum) FROM pg_attribute
WHERE attrelid = 'alt'::regclass AND attname ~ '^sys' ORDER BY attnum;
ALTER TABLE alt DROP PERIOD FOR SYSTEM_TIME;
\echo :SQLSTATE
-- the columns stay, and are ordinary
UPDATE alt SET sys_start = '2000-01-01', sys_end = 'infinity';
ALTER TABLE alt ADD SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE alt ADD PERIOD FOR SYSTEM_TIME (sys_start, sys_end);
UPDATE alt SET v = 1000 WHERE id = 1;
SELECT v, sys_start > '2020-01-01' AS restarted FROM alt ORDER BY id;
ALTER TABLE alt DROP PERIOD FOR SYSTEM_TIME;

-- Own names; new columns and existing ones
CREATE TABLE own (id integer PRIMARY KEY);
INSERT INTO own VALUES (1);
ALTER TABLE own ADD PERIOD FOR SYSTEM_TIME (valid_from, valid_to);
SELECT * FROM altered('own');
ALTER TABLE own ADD SYSTEM VERSIONING;
SELECT * FROM altered('own');
DELETE FROM own;
SELECT id, valid_from < valid_to AS lasted FROM own FOR SYSTEM_TIME ALL;
CREATE TABLE own_both (id integer PRIMARY KEY);
ALTER TABLE own_both ADD PERIOD FOR SYSTEM_TIME ("From", "To"), ADD SYSTEM VERSIONING;
SELECT * FROM altered('own_both');
CREATE TABLE own_other_order (id integer PRIMARY KEY);
ALTER TABLE own_other_order ADD SYSTEM VERSIONING, ADD PERIOD FOR SYSTEM_TIME (f, t);
SELECT start_column, end_column FROM altered('own_other_order');
CREATE TABLE own_existing (f timestamptz, id integer PRIMARY KEY, t timestamptz DEFAULT 'infinity');
INSERT INTO own_existing VALUES ('2020-01-01', 1);
ALTER TABLE own_existing ADD PERIOD FOR SYSTEM_TIME (f, t);
ALTER TABLE own_existing ADD SYSTEM VERSIONING;
UPDATE own_existing SET id = 2;
SELECT id, f = '2020-01-01' AS kept, t = 'infinity' AS is_current FROM own_existing FOR SYSTEM_TIME ALL ORDER BY f;
ALTER TABLE own_existing ADD PERIOD FOR SYSTEM_TIME (f, t);
\echo :SQLSTATE

-- Mixed with other sub-commands
CREATE TABLE alt_mixed (id integer PRIMARY KEY, gone integer);
INSERT INTO alt_mixed VALUES (1, 1);
ALTER TABLE alt_mixed ADD COLUMN v integer DEFAULT 5, DROP COLUMN gone, ADD SYSTEM VERSIONING, SET (fillfactor = 90);
UPDATE alt_mixed SET v = 6;
SELECT id, v FROM alt_mixed FOR SYSTEM_TIME ALL ORDER BY sys_start;
SELECT reloptions FROM pg_class WHERE oid = 'alt_mixed'::regclass;
-- what is switched off no longer forbids anything to the same statement
ALTER TABLE alt_mixed DROP SYSTEM VERSIONING, ADD COLUMN w integer;
SELECT count(*) FROM information_schema.columns WHERE table_name = 'alt_mixed';

-- IF EXISTS, ONLY, schema names
ALTER TABLE IF EXISTS alt_nothing ADD SYSTEM VERSIONING;
ALTER TABLE alt_nothing ADD SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE alt_only (id integer PRIMARY KEY);
ALTER TABLE ONLY public.alt_only ADD SYSTEM VERSIONING;
ALTER TABLE IF EXISTS public.alt_only DROP SYSTEM VERSIONING CASCADE;
ALTER TABLE alt_only SET (temporal.system_versioning = on);
ALTER TABLE alt_only SET (temporal.system_versioning = off);
ALTER TABLE alt_only SET (temporal.period = off);
SELECT count(*) AS registered FROM altered('alt_only');

-- temporal.skip_unchanged: a row that does not change is left alone
CREATE TABLE opt (id integer PRIMARY KEY, v integer, seen timestamptz, note text) WITH SYSTEM VERSIONING;
INSERT INTO opt VALUES (1, 1), (2, 2);
UPDATE opt SET v = v;
SELECT count(*) AS versions FROM opt FOR SYSTEM_TIME ALL;
ALTER TABLE opt SET (temporal.skip_unchanged = on);
UPDATE opt SET v = v;
UPDATE opt SET v = 1;
SELECT id, v, sys_end = 'infinity' AS is_current FROM opt FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
-- (only the row that changed counts)
UPDATE opt SET note = 'x' WHERE id = 1;
UPDATE opt SET note = 'x' RETURNING id;
MERGE INTO opt USING (VALUES (1), (2)) AS s (k) ON k = id WHEN MATCHED THEN UPDATE SET note = 'x';
INSERT INTO opt VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
SELECT count(*) AS versions FROM opt FOR SYSTEM_TIME ALL;
ALTER TABLE opt RESET (temporal.skip_unchanged);
UPDATE opt SET v = v WHERE id = 1;
SELECT count(*) AS versions FROM opt FOR SYSTEM_TIME ALL;

-- temporal.exclude_columns: a change of these alone makes no version
ALTER TABLE opt SET (temporal.exclude_columns = '{seen}');
SELECT sys_start AS since FROM opt WHERE id = 1 \gset
UPDATE opt SET seen = now() WHERE id = 1;
SELECT seen IS NOT NULL AS seen, sys_start = :'since' AS same_version FROM opt WHERE id = 1;
SELECT count(*) AS versions FROM opt FOR SYSTEM_TIME ALL;
UPDATE opt SET seen = NULL, v = 3 WHERE id = 1;
SELECT v, seen IS NOT NULL AS seen, sys_end = 'infinity' AS is_current FROM opt FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start DESC LIMIT 2;
-- several rows, some of which change otherwise; nothing at all; both in one transaction
UPDATE opt SET seen = now(), v = CASE id WHEN 2 THEN 20 ELSE v END;
SELECT id, count(*) AS versions FROM opt FOR SYSTEM_TIME ALL GROUP BY id ORDER BY id;
UPDATE opt SET v = v;
SELECT id, count(*) AS versions FROM opt FOR SYSTEM_TIME ALL GROUP BY id ORDER BY id;
BEGIN;
UPDATE opt SET seen = '2020-01-01' WHERE id = 1;
UPDATE opt SET v = 30 WHERE id = 1;
UPDATE opt SET seen = '2021-01-01' WHERE id = 1;
COMMIT;
SELECT v, seen = '2021-01-01' AS last_seen, sys_end = lead(sys_start, 1, 'infinity') OVER (ORDER BY sys_start) AS meets_next
FROM opt FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start DESC LIMIT 2;
MERGE INTO opt USING (VALUES (1), (2), (3)) AS s (k) ON k = id
WHEN MATCHED AND k = 1 THEN UPDATE SET seen = NULL
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED THEN INSERT VALUES (k, 3);
INSERT INTO opt VALUES (3, 3) ON CONFLICT (id) DO UPDATE SET seen = '2022-01-01';
SELECT id, count(*) AS versions FROM opt FOR SYSTEM_TIME ALL GROUP BY id ORDER BY id;
-- both options
ALTER TABLE opt SET (temporal.skip_unchanged = on, temporal.exclude_columns = '{seen, "note"}');
UPDATE opt SET v = v, note = 'y' WHERE id = 1;
UPDATE opt SET v = v WHERE id = 1;
SELECT id, count(*) AS versions FROM opt FOR SYSTEM_TIME ALL GROUP BY id ORDER BY id;
SELECT skip_unchanged, exclude_columns FROM temporal.tables WHERE table_name = 'opt';
ALTER TABLE opt RESET (temporal.skip_unchanged, temporal.exclude_columns);
SELECT skip_unchanged, exclude_columns FROM temporal.tables WHERE table_name = 'opt';
-- It stays while there is no versioning; a column it names may be another, or none
CREATE TABLE opt_stays (id integer PRIMARY KEY, seen integer)
WITH (temporal.exclude_columns = '{seen}') WITH SYSTEM VERSIONING;
ALTER TABLE opt_stays DROP SYSTEM VERSIONING CASCADE;
ALTER TABLE opt_stays RENAME seen TO visited;
ALTER TABLE opt_stays ADD SYSTEM VERSIONING;
\echo :SQLSTATE
ALTER TABLE opt_stays ADD SYSTEM VERSIONING WITH (temporal.exclude_columns = '{visited}');
INSERT INTO opt_stays VALUES (1, 1);
UPDATE opt_stays SET visited = 2;
SELECT visited FROM opt_stays FOR SYSTEM_TIME ALL;
DROP TABLE opt_stays CASCADE;
SELECT triggers_of('opt');

-- on a partitioned table, rows that move and rows that do not
CREATE TABLE opt_part (id integer PRIMARY KEY, v integer, seen integer) PARTITION BY RANGE (id)
	WITH (temporal.system_versioning, temporal.exclude_columns = '{seen}', temporal.skip_unchanged = on);
CREATE TABLE opt_part_1 PARTITION OF opt_part FOR VALUES FROM (0) TO (10);
CREATE TABLE opt_part_2 PARTITION OF opt_part FOR VALUES FROM (10) TO (20);
INSERT INTO opt_part VALUES (1, 1), (2, 2), (11, 11);
UPDATE opt_part SET seen = 1;
UPDATE opt_part_1 SET seen = 2;
UPDATE opt_part SET v = v;
SELECT count(*) AS versions FROM opt_part FOR SYSTEM_TIME ALL;
UPDATE opt_part SET id = id + 15, seen = 3 WHERE id < 10;
SELECT id, v, seen, sys_end = 'infinity' AS is_current FROM opt_part FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- temporal.history_index
CREATE FUNCTION indexes_of(relation regclass) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '') FROM pg_index WHERE indrelid = relation ORDER BY 1 $$;
SELECT indexes_of('opt_history');
ALTER TABLE opt SET (temporal.history_index = gist);
SELECT indexes_of('opt_history');
ALTER TABLE opt SET (temporal.history_index = 'none');
SELECT indexes_of('opt_history');
ALTER TABLE opt SET (temporal.history_index = KEY);
SELECT indexes_of('opt_history');
CREATE TABLE opt_gist (id integer PRIMARY KEY) WITH (temporal.history_index = gist) WITH SYSTEM VERSIONING;
SELECT indexes_of('opt_gist_history');
ALTER TABLE opt_gist RESET (temporal.history_index);
SELECT indexes_of('opt_gist_history');
-- a primary key that comes later
CREATE TABLE opt_key (id integer, part text) WITH SYSTEM VERSIONING;
SELECT indexes_of('opt_key_history');
ALTER TABLE opt_key ADD PRIMARY KEY (part, id);
SELECT indexes_of('opt_key_history');

-- Names may change; the history goes where it is told to
ALTER TABLE opt RENAME TO opt_renamed;
UPDATE opt_renamed SET v = 7;
SELECT table_name, history FROM temporal.tables WHERE table_name ~ '^opt_ren';
ALTER TABLE opt_history RENAME TO opt_renamed_past;
UPDATE opt_renamed SET v = 8;
SELECT table_name, history FROM temporal.tables WHERE table_name ~ '^opt_ren';
SELECT v FROM opt_renamed FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start DESC LIMIT 2;

-- What concerns the current rows alone is not refused, nor carried over
ALTER TABLE opt_renamed ALTER v SET NOT NULL, ALTER v SET DEFAULT 1, ADD CONSTRAINT positive CHECK (v > 0), ADD UNIQUE (note),
	ALTER note SET STATISTICS 100, SET (fillfactor = 60), REPLICA IDENTITY FULL;
CREATE INDEX ON opt_renamed (v);
ALTER TABLE opt_renamed DROP CONSTRAINT positive;
ALTER TABLE opt_renamed CLUSTER ON opt_pkey;
SELECT count(*) AS constraints FROM pg_constraint WHERE conrelid = 'opt_renamed_past'::regclass;
UPDATE opt_renamed SET v = 9;
SELECT count(*) > 0 AS goes_on FROM opt_renamed FOR SYSTEM_TIME ALL WHERE v = 9;
