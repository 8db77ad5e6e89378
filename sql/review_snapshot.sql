--
-- Snapshots: times with names
--
CREATE TABLE rvs (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE rvs_other (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE rvs_plain (id integer PRIMARY KEY);
INSERT INTO rvs VALUES (1, 1), (2, 2);
INSERT INTO rvs_other VALUES (1, 1);

SELECT temporal.create_snapshot('before-import', '{rvs,rvs_other,rvs}') = temporal.scn_to_timestamp(temporal.current_scn()) AS is_now;
UPDATE rvs SET v = v + 10;
DELETE FROM rvs_other;
SELECT temporal.create_snapshot('after import', '{rvs}') IS NOT NULL AS made;
UPDATE rvs SET v = v + 10;

SELECT id, v FROM rvs FOR SYSTEM_TIME AS OF SNAPSHOT 'before-import' ORDER BY id;
SELECT id, v FROM rvs AS OF SNAPSHOT 'after import' ORDER BY id;
SELECT id, v FROM rvs FOR SYSTEM_TIME FROM SNAPSHOT 'before-import' TO SNAPSHOT 'after import' ORDER BY id, v;
-- a table that it does not list is read all the same
SELECT count(*) FROM rvs_other AS OF SNAPSHOT 'after import';
SELECT operation, key, new_row FROM temporal.diff('rvs', temporal.time_of_snapshot('before-import'), temporal.time_of_snapshot('after import')) ORDER BY key;
SELECT operation, key FROM temporal.restore('rvs', temporal.time_of_snapshot('before-import'), dry_run => true) ORDER BY key;

SELECT name, owner, relations, scn = temporal.timestamp_to_scn("time") AS is_scn, created_at IS NOT NULL AS is_dated
FROM temporal.snapshots ORDER BY "time";

-- What the creating statement sees, and nothing else
BEGIN;
UPDATE rvs SET v = 0 WHERE id = 1;
SELECT temporal.create_snapshot('own') IS NOT NULL AS made;
SELECT id, v FROM rvs AS OF SNAPSHOT 'own' ORDER BY id;
COMMIT;
SELECT id, v FROM rvs AS OF SNAPSHOT 'own' ORDER BY id;

-- All tables of the user, if none are named
SELECT 'rvs'::regclass = ANY (relations) AND 'rvs_other'::regclass = ANY (relations) AS has_all, 'rvs_plain'::regclass = ANY (relations) AS has_plain
FROM temporal.snapshots WHERE name = 'own';
SELECT temporal.create_snapshot('none', '{}') IS NOT NULL AS made;
SELECT relations FROM temporal.snapshots WHERE name = 'none';

-- Partitions stand for their table
CREATE TABLE rvs_part (id integer PRIMARY KEY) PARTITION BY LIST (id) WITH SYSTEM VERSIONING;
CREATE TABLE rvs_part_1 PARTITION OF rvs_part FOR VALUES IN (1);
SELECT temporal.create_snapshot('part', '{rvs_part_1}') IS NOT NULL AS made;
SELECT relations FROM temporal.snapshots WHERE name = 'part';

-- A table that is gone, or versioned no more, is in none
DROP TABLE rvs_part CASCADE;
ALTER TABLE rvs_other DROP SYSTEM VERSIONING;
SELECT name, relations FROM temporal.snapshots WHERE name IN ('part', 'before-import') ORDER BY name;

SELECT temporal.drop_snapshot('part');
SELECT count(*) FROM temporal.snapshots WHERE name = 'part';
BEGIN;
SELECT temporal.drop_snapshot('none');
SELECT count(*) FROM rvs AS OF SNAPSHOT 'none';
ROLLBACK;
SELECT count(*) FROM rvs AS OF SNAPSHOT 'none';

-- Others can use them; to make one takes the table, to drop one that or its creation
SET ROLE NONE;
CREATE ROLE regress_temporal_snapper;
GRANT SELECT ON rvs TO regress_temporal_snapper;
GRANT CREATE, USAGE ON SCHEMA public TO regress_temporal_snapper;
SET ROLE regress_temporal_snapper;
SELECT count(*) FROM rvs AS OF SNAPSHOT 'before-import';
SELECT count(*) > 0 AS sees FROM temporal.snapshots;
SELECT temporal.create_snapshot('theirs', '{rvs}');
\echo :SQLSTATE
SELECT temporal.drop_snapshot('before-import');
\echo :SQLSTATE
SELECT temporal.create_snapshot('mine') IS NOT NULL AS made;
CREATE TABLE rvs_theirs (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
SELECT temporal.create_snapshot('mine too') IS NOT NULL AS made;
SELECT name, owner, relations FROM temporal.snapshots WHERE name ~ 'mine' ORDER BY name;
INSERT INTO temporal.snapshot VALUES ('x', now(), 'x', now(), '{}');
\echo :SQLSTATE
SELECT temporal.drop_snapshot('mine');
SET ROLE regress_temporal_user;
SELECT temporal.drop_snapshot('mine too');
\echo :SQLSTATE
SET ROLE NONE;
SELECT temporal.create_snapshot('of both', '{rvs,rvs_theirs}') IS NOT NULL AS made;
SET ROLE regress_temporal_user;
SELECT temporal.drop_snapshot('of both');
SET ROLE NONE;
SELECT temporal.drop_snapshot('mine too');
DROP TABLE rvs_theirs CASCADE;
DROP OWNED BY regress_temporal_snapper;
DROP ROLE regress_temporal_snapper;
RESET ROLE;

-- What is refused
SELECT temporal.create_snapshot('before-import');
\echo :SQLSTATE
SELECT temporal.create_snapshot('');
\echo :SQLSTATE
SELECT temporal.create_snapshot(NULL);
\echo :SQLSTATE
SELECT temporal.create_snapshot('x', '{rvs_plain}');
\echo :SQLSTATE
SELECT temporal.create_snapshot('x', '{nowhere}');
\echo :SQLSTATE
SELECT temporal.create_snapshot('x', ARRAY['rvs', NULL]::regclass[]);
\echo :SQLSTATE
SELECT temporal.drop_snapshot('x');
\echo :SQLSTATE
SELECT temporal.drop_snapshot(NULL);
\echo :SQLSTATE
SELECT * FROM rvs AS OF SNAPSHOT 'x';
\echo :SQLSTATE
SELECT * FROM rvs AS OF SNAPSHOT NULL;
\echo :SQLSTATE
BEGIN READ ONLY;
SELECT temporal.create_snapshot('x');
\echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT temporal.drop_snapshot('own');
\echo :SQLSTATE
ROLLBACK;
SELECT temporal.drop_snapshot(name) FROM temporal.snapshots;
