--
-- Statements of many rows fill the btrees of a history page by page: whatever
-- order the rows come in, and whatever the index looks like, it has them all
--
-- Every btree of a history must be sound (asked of amcheck, where it is
-- installed), and find what a scan of all finds
SET ROLE NONE;
SELECT count(*) = 1 AS amcheck FROM pg_available_extensions WHERE name = 'amcheck' \gset
\if :amcheck
CREATE EXTENSION amcheck;
\else
CREATE FUNCTION bt_index_parent_check(regclass, boolean, boolean) RETURNS void LANGUAGE sql AS '';
\endif
CREATE FUNCTION hbt_check(history regclass) RETURNS TABLE (index name, sound text) LANGUAGE plpgsql AS $$
DECLARE
	columns text;
	by_index text;
	by_scan text;
BEGIN
	FOR hbt_check.index, columns IN
		SELECT c.relname, (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)
						   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum <= i.indnkeyatts)
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
		WHERE i.indrelid = history AND m.amname = 'btree' ORDER BY c.relname COLLATE "C"
	LOOP
		sound := 'damaged';
		PERFORM bt_index_parent_check(hbt_check.index::regclass, true, true);
		sound := 'incomplete';
		SET LOCAL enable_seqscan = off;
		SET LOCAL enable_bitmapscan = off;
		EXECUTE format('SELECT format(''%%s %%s'', count(*), sum(hashtextextended(h::text, 0))) FROM (SELECT %s FROM %s h ORDER BY %s OFFSET 0) h',
					   columns, history, columns) INTO by_index;
		SET LOCAL enable_seqscan = on;
		SET LOCAL enable_indexscan = off;
		SET LOCAL enable_indexonlyscan = off;
		EXECUTE format('SELECT format(''%%s %%s'', count(*), sum(hashtextextended(h::text, 0))) FROM (SELECT %s FROM %s h OFFSET 0) h',
					   columns, history) INTO by_scan;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_indexonlyscan = on;
		IF by_index = by_scan THEN
			sound := split_part(by_scan, ' ', 1) || ' versions';
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;
RESET ROLE;

-- Keys in ascending, descending and no order, and each of them once more: the
-- versions of a key go between those that are there
CREATE TABLE hbt (id integer PRIMARY KEY, v integer NOT NULL DEFAULT 0) WITH SYSTEM VERSIONING;
INSERT INTO hbt SELECT i FROM generate_series(1001, 4000) i;
UPDATE hbt SET v = 1;
DELETE FROM hbt;
INSERT INTO hbt SELECT i FROM generate_series(7000, 1, -1) i;
UPDATE hbt SET v = 2;
DELETE FROM hbt;
INSERT INTO hbt SELECT i FROM generate_series(1, 9000) i ORDER BY hashint4(i);
UPDATE hbt SET v = 3 WHERE id % 3 = 0;
UPDATE hbt SET v = 4;
DELETE FROM hbt WHERE id % 100 = 0;
SET ROLE NONE;
SELECT * FROM hbt_check('hbt_history');
RESET ROLE;

-- What a savepoint took back is dead; VACUUM takes its entries away, and pages
-- that are empty then; others follow in their place
BEGIN;
SAVEPOINT a;
DELETE FROM hbt;
ROLLBACK TO a;
UPDATE hbt SET v = 5 WHERE id BETWEEN 2000 AND 6000;
COMMIT;
BEGIN;
INSERT INTO hbt SELECT i FROM generate_series(20001, 25000) i;
COMMIT;
BEGIN;
DELETE FROM hbt WHERE id > 20000;
ROLLBACK;
SELECT count(*) FROM hbt_history WHERE id > 20000;
VACUUM hbt_history;
UPDATE hbt SET v = 6;
DELETE FROM hbt WHERE id > 20000;
VACUUM hbt_history;
DELETE FROM hbt;
SET ROLE NONE;
SELECT * FROM hbt_check('hbt_history');
RESET ROLE;

-- A small work_mem: one statement goes to the index several times
INSERT INTO hbt SELECT i FROM generate_series(1, 9000) i ORDER BY hashint4(i);
SET work_mem = '64kB';
UPDATE hbt SET v = 7;
DELETE FROM hbt;
RESET work_mem;
SET ROLE NONE;
SELECT * FROM hbt_check('hbt_history');
RESET ROLE;

-- Each version where AS OF looks for it
INSERT INTO hbt SELECT i FROM generate_series(1, 3000) i;
SELECT max(sys_start) AS before FROM hbt \gset
UPDATE hbt SET v = 8;
SET enable_seqscan = off;
SELECT count(*), sum(n) FROM generate_series(1, 3000, 7) i,
LATERAL (SELECT count(*) AS n FROM hbt FOR SYSTEM_TIME AS OF TIMESTAMPTZ :'before' a WHERE a.id = i AND a.v = 0) h;
RESET enable_seqscan;

-- All kinds of btrees: wide and null keys, descending ones, several columns,
-- keys that are the same for many versions, with and without deduplication,
-- pages that are left half empty, columns that are not part of the key
CREATE TABLE hbt_all (id text PRIMARY KEY, n numeric, few integer, maybe text, wide text) WITH SYSTEM VERSIONING;
CREATE INDEX ON hbt_all_history (n DESC NULLS LAST);
CREATE INDEX ON hbt_all_history (few);
CREATE INDEX hbt_all_plain ON hbt_all_history (few) WITH (deduplicate_items = off, fillfactor = 50);
CREATE INDEX ON hbt_all_history (maybe NULLS FIRST, few DESC, id);
CREATE INDEX ON hbt_all_history (wide COLLATE "C");
CREATE INDEX ON hbt_all_history (maybe) INCLUDE (wide);
CREATE INDEX hbt_all_both ON hbt_all_history (sys_start, sys_end);
INSERT INTO hbt_all
SELECT 'key ' || i, nullif(i % 1000, 7), i % 3, CASE WHEN i % 5 > 0 THEN 'm' || i % 50 END,
	   repeat(chr(65 + i % 26), i * 7 % 1200) || i
FROM generate_series(1, 4000) i ORDER BY hashint4(i);
UPDATE hbt_all SET few = few + 1;
UPDATE hbt_all SET n = n + 1, wide = left(wide, 300) WHERE few < 3;
UPDATE hbt_all SET maybe = 'm' WHERE maybe IS NULL;
UPDATE hbt_all SET wide = repeat(md5(id), 40);
UPDATE hbt_all SET few = 0;
DELETE FROM hbt_all WHERE id < 'key 3';
VACUUM hbt_all_history;
DELETE FROM hbt_all;
SET ROLE NONE;
SELECT * FROM hbt_check('hbt_all_history');
RESET ROLE;

-- A key that is too large for the index: the statement fails as a whole
INSERT INTO hbt_all SELECT 'key ' || i, 0, 0, NULL, NULL FROM generate_series(1, 2000) i;
UPDATE hbt_all SET wide = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) i) WHERE id = 'key 1000';
\set VERBOSITY sqlstate
DELETE FROM hbt_all;
DELETE FROM hbt_all WHERE id = 'key 1000';
\set VERBOSITY default
DELETE FROM hbt_all WHERE id <> 'key 1000';
SET ROLE NONE;
SELECT * FROM hbt_check('hbt_all_history') WHERE index = 'hbt_all_history_id_sys_end_idx';
RESET ROLE;

-- Partitions have one history; a row that comes back the way it went has
-- versions that are equal but for their times
CREATE TABLE hbt_part (id integer, part integer, v integer, PRIMARY KEY (id, part)) WITH SYSTEM VERSIONING PARTITION BY LIST (part);
CREATE TABLE hbt_part_0 PARTITION OF hbt_part FOR VALUES IN (0);
CREATE TABLE hbt_part_1 PARTITION OF hbt_part FOR VALUES IN (1);
INSERT INTO hbt_part SELECT i, i % 2, 0 FROM generate_series(1, 5000) i;
UPDATE hbt_part SET part = 1 - part;
UPDATE hbt_part SET v = 1;
UPDATE hbt_part SET part = 1 - part WHERE id < 3000;
DELETE FROM hbt_part_0;
DELETE FROM hbt_part;
SET ROLE NONE;
SELECT * FROM hbt_check('hbt_part_history');
RESET ROLE;

-- Unlogged
CREATE UNLOGGED TABLE hbt_un (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO hbt_un SELECT i, 0 FROM generate_series(1, 5000) i;
UPDATE hbt_un SET v = 1;
DELETE FROM hbt_un WHERE id % 2 = 0;
DELETE FROM hbt_un;
SET ROLE NONE;
SELECT * FROM hbt_check('hbt_un_history');

\if :amcheck
DROP EXTENSION amcheck;
\else
DROP FUNCTION bt_index_parent_check(regclass, boolean, boolean);
\endif
DROP FUNCTION hbt_check(regclass);
RESET ROLE;
