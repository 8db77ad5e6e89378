--
-- TRUNCATE: every row goes to history, then the table is emptied
--
CREATE TABLE tru (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO tru SELECT g, g FROM generate_series(1, 1500) g;
UPDATE tru SET v = -1 WHERE id = 1;
SELECT clock_timestamp() AS before_truncate \gset
TRUNCATE tru;
SELECT count(*) AS current FROM tru;
SELECT count(*) AS versions, count(DISTINCT sys_end) AS ends FROM tru_history;
SELECT count(*) AS then, sum(v) FROM tru FOR SYSTEM_TIME AS OF :'before_truncate';
SELECT count(*) AS now FROM tru FOR SYSTEM_TIME AS OF clock_timestamp();

-- Empty: nothing more to say
TRUNCATE tru;
SELECT count(*) AS versions FROM tru_history;

-- Rolled back
INSERT INTO tru VALUES (1, 1);
BEGIN;
TRUNCATE tru;
SELECT count(*) AS current FROM tru;
ROLLBACK;
SELECT count(*) AS current FROM tru;
SELECT count(*) AS versions FROM tru_history;

-- What the transaction wrote itself never was
BEGIN;
INSERT INTO tru VALUES (2, 2);
UPDATE tru SET v = 10 WHERE id = 1;
TRUNCATE tru;
INSERT INTO tru VALUES (3, 3);
COMMIT;
SELECT id, v, sys_end = 'infinity' AS is_current
FROM tru FOR SYSTEM_TIME FROM :'before_truncate' TO 'infinity'
WHERE sys_start > :'before_truncate' ORDER BY sys_start;

-- A table made in the same transaction: PostgreSQL empties it in place
BEGIN;
CREATE TABLE tru_new (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO tru_new VALUES (1);
TRUNCATE tru_new;
INSERT INTO tru_new VALUES (2);
COMMIT;
SELECT id FROM tru_new FOR SYSTEM_TIME ALL;

-- Several tables, CASCADE to a table that refers to it
CREATE TABLE tru_parent (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
CREATE TABLE tru_child (id integer PRIMARY KEY, parent integer REFERENCES tru_parent) WITH SYSTEM VERSIONING;
INSERT INTO tru_parent VALUES (1), (2);
INSERT INTO tru_child VALUES (10, 1), (20, 2);
TRUNCATE tru_parent;
\echo :SQLSTATE
TRUNCATE tru_parent CASCADE;
SELECT p.id AS parent, c.id AS child, p.sys_end = c.sys_end AS same_instant
FROM tru_parent_history p JOIN tru_child_history c ON c.parent = p.id ORDER BY p.id;

-- RESTART IDENTITY
CREATE TABLE tru_identity (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
INSERT INTO tru_identity (v) VALUES ('a'), ('b');
TRUNCATE tru_identity RESTART IDENTITY;
INSERT INTO tru_identity (v) VALUES ('c');
SELECT id, v, sys_end = 'infinity' AS is_current
FROM tru_identity FOR SYSTEM_TIME ALL ORDER BY sys_start, id;

-- History itself is not truncated, by nobody
TRUNCATE tru_history;
\echo :SQLSTATE
TRUNCATE tru, tru_history;
\echo :SQLSTATE
