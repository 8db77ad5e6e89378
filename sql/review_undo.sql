--
-- temporal.transaction_changes and temporal.undo_transaction
--
\set SHOW_CONTEXT never
CREATE TABLE rvu (id integer PRIMARY KEY, name text, amount numeric) WITH SYSTEM VERSIONING;
CREATE TABLE rvu_line (rvu integer REFERENCES rvu, line integer, v integer, PRIMARY KEY (rvu, line)) WITH SYSTEM VERSIONING;
CREATE TABLE rvu_log (note text) WITH SYSTEM VERSIONING;
CREATE FUNCTION rvu_last() RETURNS bigint LANGUAGE sql AS 'SELECT xid::text::bigint FROM temporal.transactions ORDER BY scn DESC LIMIT 1';
CREATE FUNCTION rvu_error(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN regexp_replace(concat_ws('; ', SQLSTATE, message, detail, hint), '(transaction\D?)\d+', '\1N', 'g');
END $$;

INSERT INTO rvu VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3);
INSERT INTO rvu_line VALUES (1, 1, 11), (1, 2, 12), (2, 1, 21);
SELECT clock_timestamp() AS before \gset
BEGIN;
UPDATE rvu SET amount = 10 WHERE id = 1;
UPDATE rvu SET name = name WHERE id = 2;
DELETE FROM rvu WHERE id = 3;
INSERT INTO rvu VALUES (4, 'four', 4);
INSERT INTO rvu_line VALUES (4, 1, 41);
DELETE FROM rvu_line WHERE rvu = 1 AND line = 2;
UPDATE rvu_line SET v = 110 WHERE rvu = 1 AND line = 1;
COMMIT;
SELECT rvu_last() AS x \gset

SELECT relation, operation, key, old_row, new_row, changed_columns FROM temporal.transaction_changes(:x);
SELECT count(*), count(*) FILTER (WHERE c.scn = t.scn AND c.committed_at = t.committed_at AND c.xid = t.xid AND c.role = t.role) AS same
FROM temporal.transaction_changes(:x) c, temporal.transactions t WHERE t.xid = :'x'::xid8;
SELECT count(*) FROM temporal.transaction_changes(:'x'::xid8);
SELECT count(*) FROM (SELECT temporal.transaction_changes(:x)) s;

-- By itself undo only says what it would do
SELECT * FROM temporal.undo_transaction(:x);
SELECT count(*) FROM temporal.undo_transaction(:'x'::xid8) WHERE conflict IS NULL;
BEGIN;
SELECT relation, operation, key FROM temporal.undo_transaction(:x, false);
SELECT count(*) FROM temporal.diff('rvu', :'before', 'infinity');
SELECT count(*) FROM temporal.diff('rvu_line', :'before', 'infinity');
SELECT id, name, amount FROM rvu ORDER BY id;
SELECT rvu, line, v FROM rvu_line ORDER BY rvu, line;
COMMIT;
-- that was a transaction, too
SELECT rvu_last() AS y \gset
SELECT relation, operation, key FROM temporal.undo_transaction(:y, dry_run => false);
SELECT id, name, amount FROM rvu ORDER BY id;
-- and the first one has been undone: every row of it was changed since
SELECT relation, operation, key, conflict FROM temporal.undo_transaction(:x);
SELECT rvu_error(format('SELECT temporal.undo_transaction(%s, false)', :x));
SELECT rvu_last() AS z \gset
SELECT relation, operation, key FROM temporal.undo_transaction(:z, false);
SELECT count(*) FROM temporal.diff('rvu', :'before', 'infinity');

-- Conflicts: changed, deleted, inserted again; one is enough to do nothing
BEGIN;
UPDATE rvu SET amount = amount + 100;
INSERT INTO rvu VALUES (5, 'five', 5);
DELETE FROM rvu_line;
COMMIT;
SELECT rvu_last() AS x \gset
UPDATE rvu SET name = 'zwei' WHERE id = 2;
DELETE FROM rvu WHERE id = 3;
UPDATE rvu SET id = 6 WHERE id = 5;
INSERT INTO rvu_line VALUES (1, 1, 0);
SELECT relation, operation, key, old_row, new_row, conflict FROM temporal.undo_transaction(:x);
SELECT rvu_error(format('SELECT temporal.undo_transaction(%s, false)', :x));
SELECT id, name, amount FROM rvu ORDER BY id;

-- A row that was changed and changed back has been changed all the same
UPDATE rvu SET amount = 0 WHERE id = 1;
SELECT rvu_last() AS x \gset
UPDATE rvu SET amount = 1 WHERE id = 1;
UPDATE rvu SET amount = 0 WHERE id = 1;
SELECT operation, key, conflict FROM temporal.undo_transaction(:x);

-- What constraints forbid is not undone
INSERT INTO rvu VALUES (7, 'seven', 7);
SELECT rvu_last() AS x \gset
INSERT INTO rvu_line VALUES (7, 1, 71);
SELECT temporal.undo_transaction(:x, false);
\echo :SQLSTATE

-- TRUNCATE, and values that change hands
CREATE TABLE rvu_unique (id integer PRIMARY KEY, name text NOT NULL UNIQUE) WITH SYSTEM VERSIONING;
INSERT INTO rvu_unique VALUES (1, 'a'), (2, 'b'), (3, 'c');
BEGIN;
UPDATE rvu_unique SET name = 'z' WHERE id = 3;
UPDATE rvu_unique SET name = 'c' WHERE id = 2;
UPDATE rvu_unique SET name = 'b' WHERE id = 1;
COMMIT;
SELECT operation, key FROM temporal.undo_transaction(rvu_last(), false);
SELECT id, name FROM rvu_unique ORDER BY id;
TRUNCATE rvu_unique;
SELECT operation, key FROM temporal.undo_transaction(rvu_last(), false);
SELECT id, name FROM rvu_unique ORDER BY id;

-- Without a primary key it is told, but cannot be undone
BEGIN;
INSERT INTO rvu_log VALUES ('a'), ('b');
INSERT INTO rvu VALUES (8, 'eight', 8);
COMMIT;
BEGIN;
UPDATE rvu_log SET note = 'c' WHERE note = 'a';
COMMIT;
SELECT relation, operation, key, old_row, new_row FROM temporal.transaction_changes(rvu_last());
SELECT temporal.undo_transaction(rvu_last());
\echo :SQLSTATE

-- A table of more columns than a query can have twice is in nobody's way
DO $$
BEGIN
	EXECUTE format('CREATE TABLE rvu_wide (id integer PRIMARY KEY, %s) WITH SYSTEM VERSIONING',
		(SELECT string_agg('c' || g || ' integer', ', ') FROM generate_series(1, 900) g));
END $$;
INSERT INTO rvu VALUES (9, 'nine', 9);
SELECT relation, operation, key FROM temporal.transaction_changes(rvu_last());
SELECT relation, operation, key FROM temporal.undo_transaction(rvu_last(), false);
INSERT INTO rvu_wide (id) VALUES (1);
SELECT temporal.transaction_changes(rvu_last());
\echo :SQLSTATE
DROP TABLE rvu_wide CASCADE;

-- Rows that were there when versioning was added were not inserted then, though
-- they start there
CREATE TABLE rvu_begun (id integer PRIMARY KEY, v integer);
INSERT INTO rvu_begun VALUES (1, 1), (2, 2);
BEGIN;
ALTER TABLE rvu_begun ADD SYSTEM VERSIONING;
UPDATE rvu_begun SET v = 3 WHERE id = 1;
SELECT pg_current_xact_id()::text::bigint AS begun \gset
COMMIT;
\set VERBOSITY sqlstate
SELECT temporal.undo_transaction(:begun);
SELECT temporal.undo_transaction(:begun, false);
\set VERBOSITY default
SELECT id, v FROM rvu_begun ORDER BY id;
UPDATE rvu_begun SET v = 4 WHERE id = 1;
SELECT operation, key, new_row FROM temporal.undo_transaction(rvu_last(), false);
-- nor were those of which retention has removed what was there before
SELECT rvu_last() AS updated \gset
ALTER TABLE rvu_begun SET (temporal.retention_period = '0 seconds');
SELECT versions > 0 AS some FROM temporal.enforce_retention('rvu_begun');
\set VERBOSITY sqlstate
SELECT temporal.undo_transaction(:updated);
SELECT temporal.undo_transaction(:updated, false);
\set VERBOSITY default
SELECT id, v FROM rvu_begun ORDER BY id;
UPDATE rvu_begun SET v = 5 WHERE id = 2;
SELECT operation, key, new_row FROM temporal.undo_transaction(rvu_last(), false);
DROP TABLE rvu_begun CASCADE;

-- What is refused
SELECT temporal.transaction_changes(1);
\echo :SQLSTATE
SELECT temporal.undo_transaction(-1);
\echo :SQLSTATE
SELECT temporal.undo_transaction('18446744073709551615'::xid8, false);
\echo :SQLSTATE
SELECT temporal.transaction_changes(NULL::bigint);
\echo :SQLSTATE
SELECT temporal.undo_transaction(NULL::xid8);
\echo :SQLSTATE
SELECT temporal.undo_transaction(rvu_last(), NULL);
\echo :SQLSTATE
BEGIN READ ONLY;
SELECT count(*) FROM temporal.undo_transaction((SELECT max(xid::text::bigint) FROM temporal.versions('rvu_unique')));
SELECT temporal.undo_transaction(rvu_last(), false);
\echo :SQLSTATE
ROLLBACK;
