--
-- INSERT ... ON CONFLICT DO UPDATE: what is inserted starts, what is updated
-- leaves its old version in history
--
CREATE TABLE ups (id integer PRIMARY KEY, v integer, note text) WITH SYSTEM VERSIONING;
INSERT INTO ups VALUES (1, 10, 'a'), (2, 20, 'b');

INSERT INTO ups VALUES (2, 21, 'b'), (3, 30, 'c')
ON CONFLICT (id) DO UPDATE SET v = excluded.v;
SELECT id, v, sys_end = lead(sys_start) OVER (PARTITION BY id ORDER BY sys_start) AS meets_next,
       sys_start = max(sys_start) OVER () AS started_last
FROM ups FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- The condition says no: no version
INSERT INTO ups VALUES (2, 22) ON CONFLICT (id) DO UPDATE SET v = excluded.v WHERE ups.v > 100;
SELECT v FROM ups FOR SYSTEM_TIME ALL WHERE id = 2 ORDER BY sys_start;

-- DO NOTHING: no version
INSERT INTO ups VALUES (2, 22), (4, 40) ON CONFLICT DO NOTHING;
SELECT id, v FROM ups FOR SYSTEM_TIME ALL WHERE id IN (2, 4) ORDER BY id, sys_start;

-- An update of several columns at once
INSERT INTO ups VALUES (3, 31, 'c2')
ON CONFLICT (id) DO UPDATE SET (v, note) = (excluded.v, excluded.note || ups.note);
INSERT INTO ups VALUES (3, 32, 'c3')
ON CONFLICT (id) DO UPDATE SET (v, note) = (SELECT excluded.v, 'from a sub-select');
SELECT v, note FROM ups FOR SYSTEM_TIME ALL WHERE id = 3 ORDER BY sys_start;

-- Insert and upsert of the same row in one transaction: one version
BEGIN;
INSERT INTO ups VALUES (5, 50) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
INSERT INTO ups VALUES (5, 51) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
INSERT INTO ups VALUES (5, 52) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
COMMIT;
SELECT v FROM ups FOR SYSTEM_TIME ALL WHERE id = 5;

-- RETURNING tells the new period
INSERT INTO ups VALUES (5, 53) ON CONFLICT (id) DO UPDATE SET v = excluded.v
RETURNING v, sys_start > (SELECT max(sys_start) FROM ups) AS newest, sys_end;

-- DEFAULT is accepted, other values are not; nor is the row that was offered
INSERT INTO ups VALUES (1, 11) ON CONFLICT (id) DO UPDATE SET v = excluded.v, sys_start = DEFAULT;
INSERT INTO ups VALUES (1, 12) ON CONFLICT (id) DO UPDATE SET sys_start = now();
\echo :SQLSTATE
INSERT INTO ups VALUES (1, 12) ON CONFLICT (id) DO UPDATE SET sys_start = excluded.sys_start;
INSERT INTO ups VALUES (1, 12) ON CONFLICT (id) DO UPDATE SET sys_end = excluded.sys_end;
INSERT INTO ups (id, v, sys_end) VALUES (1, 12, now()) ON CONFLICT (id) DO UPDATE SET v = 12;
SELECT v FROM ups FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start;

-- Many rows, half of them new
INSERT INTO ups SELECT g, g, 'many' FROM generate_series(1, 10) g
ON CONFLICT (id) DO UPDATE SET v = excluded.v, note = excluded.note;
SELECT count(*) FILTER (WHERE sys_end = 'infinity') AS current,
       count(DISTINCT sys_start) FILTER (WHERE sys_end = 'infinity') AS starts,
       count(*) FILTER (WHERE sys_end = (SELECT max(sys_start) FROM ups)) AS replaced
FROM ups FOR SYSTEM_TIME ALL;
SELECT count(*) AS empty_periods FROM ups FOR SYSTEM_TIME ALL WHERE sys_start >= sys_end;

-- Twice the same row in one statement is PostgreSQL's error, and changes nothing
SELECT count(*) AS versions FROM ups FOR SYSTEM_TIME ALL \gset
INSERT INTO ups VALUES (1, 1), (1, 2) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
SELECT count(*) = :versions AS nothing_left FROM ups FOR SYSTEM_TIME ALL;
