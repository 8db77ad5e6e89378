--
-- INSERT: a row starts at the system time of its transaction, and writes
-- nothing to history
--
CREATE TABLE ins (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;

-- Without a column list, the period columns are not expected
INSERT INTO ins VALUES (1, 'one');
INSERT INTO ins VALUES (2, 'two'), (3, 'three');
INSERT INTO ins SELECT g, 'many' FROM generate_series(4, 6) g;
INSERT INTO ins (id) VALUES (7);

-- This fails for want of a key, not of a period
\set VERBOSITY terse
INSERT INTO ins DEFAULT VALUES;
\set VERBOSITY default

-- Rows of one statement start together, at different times from the others'
SELECT count(*) AS nrows, count(DISTINCT sys_start) AS nstarts,
       bool_and(sys_end = 'infinity') AS all_current
FROM ins;
SELECT count(*) AS in_history FROM ins_history;

-- Rows of one transaction start together, whatever time it took them, and at
-- the time the transaction is told is its own
BEGIN;
SELECT temporal.system_time() IS NULL AS none_before_the_first_write;
INSERT INTO ins VALUES (10, 'ten');
SELECT temporal.system_time() AS system_time \gset
INSERT INTO ins VALUES (11, 'eleven');
SELECT id, sys_start = :'system_time' AS starts_at_system_time
FROM ins WHERE id >= 10 ORDER BY id;
SELECT temporal.system_time() = :'system_time' AS still_the_same;
COMMIT;
SELECT temporal.system_time() IS NULL AS none_in_another_transaction;

-- The time is between the statement's neighbours
SELECT clock_timestamp() AS before \gset
INSERT INTO ins VALUES (12, 'twelve')
RETURNING id, v, sys_start > :'before' AND sys_start <= clock_timestamp() AS in_time,
          sys_end;

-- DEFAULT is accepted for a period column, alone and among several rows
INSERT INTO ins VALUES (13, 'thirteen', DEFAULT, DEFAULT);
INSERT INTO ins (id, sys_start) VALUES (14, DEFAULT), (15, DEFAULT);
INSERT INTO ins (sys_end, id) VALUES (DEFAULT, 16);

-- Any other value is not, in PostgreSQL's own words for generated columns
INSERT INTO ins (id, sys_start) VALUES (20, now());
\echo :SQLSTATE
INSERT INTO ins (id, sys_end) VALUES (20, 'infinity');
\echo :SQLSTATE
INSERT INTO ins (id, sys_start) VALUES (20, DEFAULT), (21, now());
INSERT INTO ins (id, sys_end) VALUES (20, NULL);
INSERT INTO ins SELECT 20, 'forged', now(), now();
INSERT INTO ins (id, sys_start) SELECT 20, sys_start FROM ins WHERE id = 1;
INSERT INTO ins TABLE ins;
WITH forged AS (INSERT INTO ins (id, sys_end) VALUES (20, now()) RETURNING id)
SELECT * FROM forged;
PREPARE forge (timestamptz) AS INSERT INTO ins (id, sys_start) VALUES (20, $1);
EXECUTE forge ('2000-01-01');
DEALLOCATE forge;

-- Not even the value the DEFAULT would have, or a call that looks like it
INSERT INTO ins (id, sys_start) VALUES (20, temporal.row_start() + interval '0');
INSERT INTO ins (id, sys_start) VALUES (20, temporal.row_start('ins_history'::regclass));

SELECT count(*) AS forged FROM ins WHERE id >= 20;
SELECT count(*) AS in_history FROM ins_history;

-- OVERRIDING concerns identity columns, not the period
INSERT INTO ins (id, sys_start) OVERRIDING SYSTEM VALUE VALUES (20, now());
INSERT INTO ins (id, sys_start) OVERRIDING USER VALUE VALUES (20, now());
SELECT count(*) AS forged FROM ins WHERE id >= 20;

-- A failed INSERT leaves nothing, and takes nothing from the next
INSERT INTO ins VALUES (1, 'again');
BEGIN;
INSERT INTO ins VALUES (30, 'rolled back');
ROLLBACK;
SELECT count(*) AS rolled_back FROM ins FOR SYSTEM_TIME ALL WHERE id = 30;

-- ON CONFLICT DO NOTHING writes nothing
INSERT INTO ins VALUES (1, 'again') ON CONFLICT DO NOTHING;
SELECT id, v FROM ins FOR SYSTEM_TIME ALL WHERE id = 1;

-- Data-modifying prepared statements take the time of each execution
PREPARE add_row (integer) AS INSERT INTO ins VALUES ($1, 'prepared');
EXECUTE add_row (40);
EXECUTE add_row (41);
EXECUTE add_row (42);
SELECT count(DISTINCT sys_start) AS nstarts FROM ins WHERE v = 'prepared';
