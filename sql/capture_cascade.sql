--
-- Foreign keys: what their actions change is captured like any change
--
CREATE TABLE fk_parent (id integer PRIMARY KEY, name text) WITH SYSTEM VERSIONING;
CREATE TABLE fk_cascade (id integer PRIMARY KEY,
	parent integer REFERENCES fk_parent ON DELETE CASCADE ON UPDATE CASCADE) WITH SYSTEM VERSIONING;
CREATE TABLE fk_set_null (id integer PRIMARY KEY,
	parent integer REFERENCES fk_parent ON DELETE SET NULL ON UPDATE CASCADE) WITH SYSTEM VERSIONING;
CREATE TABLE fk_set_default (id integer PRIMARY KEY,
	parent integer DEFAULT 0 REFERENCES fk_parent ON DELETE SET DEFAULT ON UPDATE SET DEFAULT) WITH SYSTEM VERSIONING;
CREATE TABLE fk_deferred (id integer PRIMARY KEY,
	parent integer REFERENCES fk_parent ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED) WITH SYSTEM VERSIONING;

INSERT INTO fk_parent VALUES (0, 'default'), (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO fk_cascade VALUES (10, 1), (11, 1), (12, 2);
INSERT INTO fk_set_null VALUES (20, 1), (22, 2);
INSERT INTO fk_set_default VALUES (30, 1), (32, 2);
INSERT INTO fk_deferred VALUES (40, 3);

-- The parent's row goes
DELETE FROM fk_parent WHERE id = 1;
SELECT id, parent, sys_end = (SELECT sys_end FROM fk_parent_history WHERE id = 1) AS with_the_parent
FROM fk_cascade_history ORDER BY id;
SELECT id, parent, sys_end = (SELECT sys_end FROM fk_parent_history WHERE id = 1) AS with_the_parent
FROM fk_set_null FOR SYSTEM_TIME ALL WHERE id = 20 ORDER BY sys_start;
SELECT id, parent, sys_end = (SELECT sys_end FROM fk_parent_history WHERE id = 1) AS with_the_parent
FROM fk_set_default FOR SYSTEM_TIME ALL WHERE id = 30 ORDER BY sys_start;

-- The parent's key changes
UPDATE fk_parent SET id = 200 WHERE id = 2;
SELECT 'cascade' AS child, id, parent, sys_end = 'infinity' AS is_current,
       sys_start = (SELECT sys_start FROM fk_parent WHERE id = 200) AS with_the_parent
FROM fk_cascade FOR SYSTEM_TIME ALL WHERE id = 12
UNION ALL
SELECT 'set null', id, parent, sys_end = 'infinity',
       sys_start = (SELECT sys_start FROM fk_parent WHERE id = 200)
FROM fk_set_null FOR SYSTEM_TIME ALL WHERE id = 22
UNION ALL
SELECT 'set default', id, parent, sys_end = 'infinity',
       sys_start = (SELECT sys_start FROM fk_parent WHERE id = 200)
FROM fk_set_default FOR SYSTEM_TIME ALL WHERE id = 32
ORDER BY child, is_current;

-- A deferred check, first violated, then satisfied
BEGIN;
DELETE FROM fk_parent WHERE id = 3;
INSERT INTO fk_parent VALUES (3, 'three again');
COMMIT;
SELECT name, sys_end = lead(sys_start) OVER (ORDER BY sys_start) AS meets_next
FROM fk_parent FOR SYSTEM_TIME ALL WHERE id = 3 ORDER BY sys_start;

-- ... and one that fails at commit leaves no version
BEGIN;
DELETE FROM fk_parent WHERE id = 3;
COMMIT;
\echo :SQLSTATE
SELECT count(*) AS versions FROM fk_parent FOR SYSTEM_TIME ALL WHERE id = 3;

-- A child without history under a versioned parent, and the other way round
CREATE TABLE fk_plain_child (id integer PRIMARY KEY, parent integer REFERENCES fk_parent ON DELETE CASCADE);
INSERT INTO fk_plain_child VALUES (50, 200);
CREATE TABLE fk_plain_parent (id integer PRIMARY KEY);
CREATE TABLE fk_child (id integer PRIMARY KEY, parent integer REFERENCES fk_plain_parent ON DELETE CASCADE) WITH SYSTEM VERSIONING;
INSERT INTO fk_plain_parent VALUES (1);
INSERT INTO fk_child VALUES (60, 1);
DELETE FROM fk_parent WHERE id = 200;
DELETE FROM fk_plain_parent;
SELECT (SELECT count(*) FROM fk_plain_child) AS plain_child, (SELECT count(*) FROM fk_child) AS child,
       (SELECT count(*) FROM fk_child_history) AS child_history;

-- A table that refers to itself, three levels deep: one statement, one instant
CREATE TABLE fk_tree (id integer PRIMARY KEY, up integer REFERENCES fk_tree ON DELETE CASCADE) WITH SYSTEM VERSIONING;
INSERT INTO fk_tree VALUES (1, NULL), (2, 1), (3, 2), (4, NULL);
DELETE FROM fk_tree WHERE id = 1;
SELECT id FROM fk_tree;
SELECT count(*) AS versions, count(DISTINCT sys_end) AS instants FROM fk_tree_history;

-- The past may refer to what is no more; the present may not
SELECT id FROM fk_tree FOR SYSTEM_TIME AS OF (SELECT min(sys_start) FROM fk_tree_history) ORDER BY id;
INSERT INTO fk_tree VALUES (5, 1);
\echo :SQLSTATE
