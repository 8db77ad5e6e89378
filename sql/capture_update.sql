--
-- UPDATE: the old version goes to history and ends where the new one starts
--
CREATE TABLE upd (id integer PRIMARY KEY, v integer, note text) WITH SYSTEM VERSIONING;
INSERT INTO upd VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c');

UPDATE upd SET v = v + 1 WHERE id = 1;
UPDATE upd SET v = v + 1 WHERE id IN (1, 2);
SELECT id, v, note,
       sys_start = lag(sys_end) OVER w AS meets_previous,
       sys_start < sys_end AS lasted,
       sys_end = 'infinity' AS is_current
FROM upd FOR SYSTEM_TIME ALL
WINDOW w AS (PARTITION BY id ORDER BY sys_start)
ORDER BY id, sys_start;

-- All that one statement replaced ended at one instant
SELECT count(*) AS versions, count(DISTINCT sys_end) AS instants
FROM upd_history WHERE v IN (11, 20);

-- RETURNING shows the new version
UPDATE upd SET v = 33 WHERE id = 3
RETURNING id, v, sys_start > (SELECT max(sys_end) FROM upd_history) AS newest, sys_end;

-- No row, no version
UPDATE upd SET v = 0 WHERE id = 99;
SELECT count(*) AS versions FROM upd FOR SYSTEM_TIME ALL;

-- An UPDATE that changes nothing makes a version, as the standard has it
UPDATE upd SET v = v WHERE id = 2;
SELECT v, sys_end = 'infinity' AS is_current
FROM upd FOR SYSTEM_TIME ALL WHERE id = 2 ORDER BY sys_start;

-- Several columns from a sub-select; from another table; with an alias
UPDATE upd SET (v, note) = (SELECT max(v), 'max' FROM upd) WHERE id = 1;
UPDATE upd u SET note = o.note FROM upd o WHERE u.id = 2 AND o.id = 3;
UPDATE ONLY upd SET note = 'only' WHERE id = 3;
SELECT id, v, note FROM upd ORDER BY id;
SELECT id, v, note FROM upd_history ORDER BY id, sys_start;

-- The key may change; each version has the key it had
UPDATE upd SET id = 4 WHERE id = 3;
SELECT id, v, sys_end = 'infinity' AS is_current
FROM upd FOR SYSTEM_TIME ALL WHERE id IN (3, 4) ORDER BY sys_start;

-- WHERE CURRENT OF
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM upd WHERE id = 1 FOR UPDATE;
FETCH c \gset fetched_
UPDATE upd SET note = 'cursor' WHERE CURRENT OF c;
COMMIT;
SELECT note, sys_start = lag(sys_end) OVER (ORDER BY sys_start) AS meets_previous
FROM upd FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;

-- DEFAULT is accepted for a period column and changes nothing about it
UPDATE upd SET v = 100, sys_start = DEFAULT, sys_end = DEFAULT WHERE id = 1;
UPDATE upd SET (sys_start, v) = ROW (DEFAULT, 101) WHERE id = 1;
SELECT v, sys_start = lag(sys_end) OVER (ORDER BY sys_start) AS meets_previous
FROM upd FOR SYSTEM_TIME ALL WHERE id = 1 AND v >= 100 ORDER BY sys_start;

-- Any other value is refused
UPDATE upd SET sys_start = now();
\echo :SQLSTATE
UPDATE upd SET sys_end = now();
\echo :SQLSTATE
UPDATE upd SET sys_start = sys_start;
UPDATE upd SET sys_end = 'infinity';
UPDATE upd SET sys_end = NULL;
UPDATE upd SET (v, sys_start) = (1, '2000-01-01');
UPDATE upd SET (v, sys_start) = (SELECT 1, now());
UPDATE upd SET sys_start = temporal.row_start('2000-01-01', 'upd_history', false);
WITH forged AS (UPDATE upd SET sys_end = now() RETURNING id) SELECT * FROM forged;
PREPARE forge (timestamptz) AS UPDATE upd SET sys_start = $1;
EXECUTE forge ('2000-01-01');
DEALLOCATE forge;

-- An UPDATE that fails half way leaves no version
SELECT count(*) AS versions FROM upd FOR SYSTEM_TIME ALL \gset
UPDATE upd SET v = 1 / (id - 4);
SELECT count(*) = :versions AS nothing_left FROM upd FOR SYSTEM_TIME ALL;

-- A generic plan that outlives many transactions still asks for the time
PREPARE bump (integer) AS UPDATE upd SET v = v + 1 WHERE id = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE bump (2);
EXECUTE bump (2);
EXECUTE bump (2);
RESET plan_cache_mode;
SELECT v, sys_start = lag(sys_end) OVER (ORDER BY sys_start) AS meets_previous
FROM upd FOR SYSTEM_TIME ALL WHERE id = 2 ORDER BY sys_start;

-- No version overlaps another of its key, none is empty
SELECT count(*) AS overlaps
FROM upd FOR SYSTEM_TIME ALL a
     JOIN upd FOR SYSTEM_TIME ALL b
     ON a.id = b.id AND a.sys_start < b.sys_start AND a.sys_end > b.sys_start;
SELECT count(*) AS empty_periods FROM upd FOR SYSTEM_TIME ALL WHERE sys_start >= sys_end;
