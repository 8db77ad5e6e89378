--
-- temporal.versions and temporal.changes: what each transaction did to a table
--
CREATE TABLE rvc (id integer PRIMARY KEY, name text, amount numeric, doc json) WITH SYSTEM VERSIONING;

-- The transactions of this session, counted from the first
CREATE TABLE rvc_step (n serial, scn bigint);
CREATE FUNCTION rvc_step(scn bigint) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM temporal.transactions t WHERE t.scn > (SELECT min(s.scn) FROM rvc_step s) AND t.scn <= $1';
INSERT INTO rvc_step (scn) VALUES (temporal.current_scn());

INSERT INTO rvc VALUES (1, 'one', 1.0, '{"a": 1}'), (2, 'two', 2.0, NULL), (3, NULL, 3.0, '[]');
UPDATE rvc SET amount = amount + 1 WHERE id < 3;
SELECT clock_timestamp() AS t1 \gset
DELETE FROM rvc WHERE id = 3;
UPDATE rvc SET id = 4 WHERE id = 2;
BEGIN;
INSERT INTO rvc VALUES (5, 'five', 5, NULL);
UPDATE rvc SET name = 'FIVE' WHERE id = 5;
UPDATE rvc SET name = 'uno' WHERE id = 1;
DELETE FROM rvc WHERE id = 4;
INSERT INTO rvc VALUES (4, 'vier', 4, NULL);
INSERT INTO rvc VALUES (6, 'six', 6, NULL);
DELETE FROM rvc WHERE id = 6;
SAVEPOINT s;
DELETE FROM rvc;
ROLLBACK TO s;
COMMIT;
SELECT clock_timestamp() AS t2 \gset
-- an update of nothing is a version; 1.0 and 1.00 are not the same, nor are two spellings of a json
UPDATE rvc SET name = name WHERE id = 1;
UPDATE rvc SET amount = 2.00, doc = '{"a":1}' WHERE id = 1;
TRUNCATE rvc;

SELECT rvc_step(scn), role, inserted, updated, deleted FROM temporal.versions('rvc');
SELECT rvc_step(scn), operation, key, old_row, new_row, changed_columns FROM temporal.changes('rvc');

-- The log knows them
SELECT count(*), count(*) FILTER (WHERE c.xid = t.xid AND c.committed_at = t.committed_at AND c.role = t.role) AS same
FROM temporal.changes('rvc') c JOIN temporal.transactions t USING (scn);
SELECT count(*), count(*) FILTER (WHERE v.xid = t.xid AND v.committed_at = t.committed_at AND v.role = t.role) AS same
FROM temporal.versions('rvc') v JOIN temporal.transactions t USING (scn);
SELECT sum(inserted + updated + deleted) = (SELECT count(*) FROM temporal.changes('rvc')) AS as_many FROM temporal.versions('rvc');

-- A window is [from, to), of commits
SELECT rvc_step(scn), operation, key FROM temporal.changes('rvc', :'t1', :'t2');
SELECT rvc_step(scn), inserted, updated, deleted FROM temporal.versions('rvc', :'t1');
SELECT rvc_step(scn), inserted, updated, deleted FROM temporal.versions('rvc', "to" => :'t1');
SELECT committed_at AS c FROM temporal.versions('rvc', :'t1') LIMIT 1 \gset
SELECT count(*) FROM temporal.changes('rvc', :'c', :'c');
SELECT count(*) FROM temporal.changes('rvc', :'c', timestamptz :'c' + interval '1 microsecond');
SELECT count(*) FROM temporal.changes('rvc', timestamptz :'c' + interval '1 microsecond', :'t2');
SELECT count(*) FROM temporal.changes('rvc', :'t2', :'t1');
SELECT count(*) FROM temporal.versions('rvc', 'infinity', '-infinity');
SELECT count(*) FROM temporal.changes('rvc', '2000-01-01', '2001-01-01');

-- Forms: in FROM it is a query, elsewhere it is called; the answers are the same
SELECT count(*) FROM (SELECT temporal.changes('rvc', :'t1', :'t2')) s;
SELECT c.operation, c.n FROM temporal.changes('rvc', :'t1', :'t2') WITH ORDINALITY AS c (scn, committed_at, xid, role, operation, key, o, n, cols, place) WHERE place = 2;
SELECT count(*) FROM ROWS FROM (temporal.changes('rvc', :'t1', :'t2'), generate_series(1, 2));
SELECT (c).operation, c IS NULL AS is_null, count(c.*) FROM temporal.changes('rvc', :'t1', :'t2') c GROUP BY 1, 2 ORDER BY 1;
SELECT x, count(*) FROM (VALUES ('rvc'::regclass), ('rvc')) AS v (x), LATERAL temporal.versions(x, :'t1') GROUP BY 1;
SELECT v.n, count(c.operation) FROM (VALUES (1, timestamptz :'t1'), (2, timestamptz :'t2'), (3, 'infinity')) AS v (n, t) LEFT JOIN LATERAL temporal.changes('rvc', v.t) c ON true GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM temporal.changes('rvc', :'t1', clock_timestamp() + random() * interval '1 second');
SELECT count(*) FROM temporal.changes('rvc', (SELECT timestamptz :'t1'), (SELECT max(t) FROM (VALUES (timestamptz :'t2')) AS v (t)));
CREATE VIEW rvc_log AS SELECT rvc_step(scn) AS step, operation, key FROM temporal.changes('rvc') WHERE operation <> 'D';
SELECT count(*) FROM rvc_log;
CREATE FUNCTION rvc_sql(t timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM temporal.changes('rvc', t) $$;
CREATE FUNCTION rvc_plpgsql(r regclass, t timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN count(*) FROM temporal.changes(r, t); END $$;
SELECT rvc_sql(:'t1'), rvc_plpgsql('rvc', :'t1');
PREPARE rvc_by (regclass, timestamptz) AS SELECT count(*) FROM temporal.changes($1, $2);
PREPARE rvc_by_time (timestamptz, timestamptz) AS SELECT count(*) FROM temporal.changes('rvc', $1, $2);
EXECUTE rvc_by ('rvc', :'t1');
EXECUTE rvc_by_time (:'t1', :'t2');
SET plan_cache_mode = force_generic_plan;
EXECUTE rvc_by ('rvc', :'t1');
EXECUTE rvc_by_time (:'t1', :'t2');
EXECUTE rvc_by_time (NULL, :'t2');
\echo :SQLSTATE
RESET plan_cache_mode;
BEGIN;
DECLARE c CURSOR FOR SELECT rvc_step(scn), operation, key FROM temporal.changes('rvc');
FETCH 2 FROM c;
MOVE 9 FROM c;
FETCH 2 FROM c;
COMMIT;
CREATE TABLE rvc_kept AS SELECT * FROM temporal.changes('rvc');
SELECT count(*) FROM rvc_kept;
UPDATE rvc_kept k SET role = 'x' FROM temporal.changes('rvc', :'t1', :'t2') c WHERE c.scn = k.scn AND c.key = k.key;
SELECT count(*) FROM rvc_kept WHERE role = 'x';

-- Own changes that are not committed have no transaction yet
BEGIN;
INSERT INTO rvc VALUES (9, 'nine', 9, NULL);
SELECT xid, role, operation, key, new_row FROM temporal.changes('rvc', :'t2') WHERE xid IS NULL;
ROLLBACK;

-- A plan does not outlive the key it was made for
PREPARE rvc_last AS SELECT operation, new_row FROM temporal.changes('rvc') WHERE key = '{"id": 9}';
EXECUTE rvc_last;
INSERT INTO rvc VALUES (9, 'nine', 9, '{}');
EXECUTE rvc_last;
ALTER TABLE rvc DROP CONSTRAINT rvc_pkey;
EXECUTE rvc_last;
ALTER TABLE rvc ADD PRIMARY KEY (id);
EXECUTE rvc_last;

-- Keys of several columns, names that need quotes, columns named as those of the queries
SET ROLE NONE;
CREATE SCHEMA "Odd schema" AUTHORIZATION regress_temporal_user;
RESET ROLE;
CREATE TABLE "Odd schema"."Odd ""table" ("o1" text COLLATE "C", "The key" integer, v integer, old integer, "new" integer, d text, committed_at text, xid integer, "role" text,
	twice integer GENERATED ALWAYS AS (v * 2) STORED, no integer GENERATED ALWAYS AS IDENTITY, PRIMARY KEY ("The key", o1)) WITH SYSTEM VERSIONING;
INSERT INTO "Odd schema"."Odd ""table" VALUES ('a', 1, 1, 1, 1, 'd', 'c', 1, 'r'), ('a', 2, 2, 2, 2, 'd', 'c', 2, 'r');
UPDATE "Odd schema"."Odd ""table" SET "new" = 7, old = 8, v = 9 WHERE "The key" = 2;
SELECT operation, key, old_row, changed_columns FROM temporal.changes('"Odd schema"."Odd ""table"');
SELECT inserted, updated, deleted FROM temporal.versions('"Odd schema"."Odd ""table"');

-- Partitions: the key is all of it, so a row that moves is another one
CREATE TABLE rvc_part (id integer, region text, v integer, PRIMARY KEY (id, region)) PARTITION BY LIST (region) WITH SYSTEM VERSIONING;
CREATE TABLE rvc_part_n PARTITION OF rvc_part FOR VALUES IN ('north');
CREATE TABLE rvc_part_s PARTITION OF rvc_part FOR VALUES IN ('south');
INSERT INTO rvc_part VALUES (1, 'north', 1), (2, 'south', 2);
UPDATE rvc_part SET v = 3 WHERE id = 1;
UPDATE rvc_part SET region = 'south' WHERE id = 1;
SELECT operation, key, changed_columns FROM temporal.changes('rvc_part');
SELECT operation, key, changed_columns FROM temporal.changes('rvc_part_n');
SELECT inserted, updated, deleted FROM temporal.versions('rvc_part_s');

-- Without a primary key versions are counted one by one, and cannot be told apart
CREATE TABLE rvc_keyless (v integer) WITH SYSTEM VERSIONING;
INSERT INTO rvc_keyless VALUES (1), (2), (2);
UPDATE rvc_keyless SET v = 3 WHERE v = 2;
DELETE FROM rvc_keyless WHERE v = 1;
SELECT inserted, updated, deleted FROM temporal.versions('rvc_keyless');
SELECT * FROM temporal.changes('rvc_keyless');
\echo :SQLSTATE
SELECT temporal.changes('rvc_keyless');

-- Versions that the log does not know count as committed at their ticks
SET ROLE NONE;
SET temporal.allow_period_writes = on;
CREATE TABLE rvc_import (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO rvc_import (id, v, sys_start, sys_end) VALUES (1, 3, '2010-01-01 00:00+00', 'infinity');
INSERT INTO rvc_import_history (id, v, sys_start, sys_end) VALUES
	(1, 1, '-infinity', '1999-01-01 00:00+00'), (1, 2, '1999-01-01 00:00+00', '2010-01-01 00:00+00'), (2, 1, '2005-01-01 00:00+00', '2006-01-01 00:00+00');
RESET temporal.allow_period_writes;
SET TIME ZONE 'UTC';
SELECT scn, committed_at, xid, role, operation, key, changed_columns FROM temporal.changes('rvc_import');
SELECT scn, committed_at, xid, role, inserted, updated, deleted FROM temporal.versions('rvc_import', '1999-01-01', '2006-01-01');
RESET TIME ZONE;
SET ROLE regress_temporal_user;

-- What is refused
CREATE TABLE rvc_plain (id integer PRIMARY KEY);
CREATE TEMPORARY VIEW rvc_view AS SELECT 1 AS id;
SELECT * FROM temporal.changes('rvc_plain');
\echo :SQLSTATE
SELECT * FROM temporal.versions('rvc_view');
\echo :SQLSTATE
SELECT * FROM temporal.versions('rvc_history');
\echo :SQLSTATE
SELECT * FROM temporal.versions('nowhere');
\echo :SQLSTATE
SELECT * FROM temporal.versions(0::regclass);
\echo :SQLSTATE
SELECT * FROM temporal.versions(NULL);
\echo :SQLSTATE
SELECT * FROM temporal.versions('rvc', NULL);
\echo :SQLSTATE
SELECT * FROM temporal.changes('rvc', now(), NULL::timestamptz + interval '1 day');
\echo :SQLSTATE
SELECT * FROM temporal.changes('rvc', (SELECT NULL::timestamptz));
\echo :SQLSTATE
SELECT temporal.changes('rvc', '-infinity', NULL);
\echo :SQLSTATE
SELECT * FROM temporal.changes('rvc', 'yesterday and a bit');
\echo :SQLSTATE

-- The helper compares rows of one type, byte by byte
SELECT temporal.changed_columns(ROW(1, 'a'::text, 1.0), ROW(1, 'b'::text, 1.00)), temporal.changed_columns(ROW(NULL::integer, 2), ROW(NULL::integer, NULL::integer));
SELECT temporal.changed_columns(NULL, ROW(1));
SELECT temporal.changed_columns(ROW(1), ROW(1, 2));
\echo :SQLSTATE
SELECT temporal.changed_columns(ROW(1), ROW(1::bigint));
\echo :SQLSTATE
SELECT temporal.changed_columns(a, b) FROM (VALUES (1, repeat('x', 10000))) AS a (id, long), (VALUES (1, repeat('x', 10000)), (2, repeat('y', 10000))) AS b (id, long);
