--
-- COPY: the period columns are not there, as with generated columns
--
CREATE TABLE cpy (id integer PRIMARY KEY, v text, n integer GENERATED ALWAYS AS (id * 2) STORED)
WITH SYSTEM VERSIONING;

COPY cpy FROM stdin;
1	one
2	two
\.
COPY cpy (id, v) FROM stdin (FORMAT csv);
3,three
\.
COPY cpy (id) FROM stdin;
4
\.
SELECT id, v, n, sys_end FROM cpy ORDER BY id;
SELECT count(DISTINCT sys_start) AS starts FROM cpy;
SELECT count(*) AS in_history FROM cpy_history;

-- In one transaction all start together
BEGIN;
COPY cpy FROM stdin;
5	five
\.
INSERT INTO cpy VALUES (6, 'six');
COPY cpy FROM stdin;
7	seven
\.
COMMIT;
SELECT count(DISTINCT sys_start) AS starts FROM cpy WHERE id >= 5;

-- A line with more columns, a named period column: refused
\set VERBOSITY terse
COPY cpy FROM stdin;
8	eight	2000-01-01	infinity
\.
\set VERBOSITY default
\copy cpy (id, v, sys_start) FROM '/dev/null'
\echo :SQLSTATE
\copy cpy (id, sys_end) FROM '/dev/null'
\echo :SQLSTATE
\copy cpy (id, nothing) FROM '/dev/null'
\echo :SQLSTATE
SELECT count(*) AS forged FROM cpy WHERE id >= 8;

-- COPY TO leaves them out as well, so that what it wrote can be read again;
-- named, they can be had
COPY (SELECT id, v FROM cpy WHERE id < 3 ORDER BY id) TO stdout;
COPY cpy TO stdout;
COPY cpy (v, id) TO stdout (FORMAT csv, HEADER);
COPY cpy (v, sys_end) TO stdout;

-- The past
UPDATE cpy SET v = 'changed' WHERE id = 1;
COPY (SELECT id, v FROM cpy FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY sys_start) TO stdout;

-- WHERE, FREEZE and HEADER work as ever
COPY cpy FROM stdin (FORMAT csv, HEADER match) WHERE id > 20;
id,v
20,twenty
21,twenty-one
\.
SELECT id, v FROM cpy WHERE id >= 20;

-- A COPY that fails leaves nothing
COPY cpy FROM stdin;
30	thirty
1	again
\.
SELECT count(*) AS left_behind FROM cpy WHERE id = 30;

-- A thousand rows of a COPY start together
CREATE TABLE cpy_many (id integer, v integer) WITH SYSTEM VERSIONING;
\copy cpy_many FROM PROGRAM 'seq -f "%g	7" 3000'
SELECT count(*) AS nrows, count(DISTINCT sys_start) AS starts FROM cpy_many;

-- A table whose only columns are the period
CREATE TABLE cpy_nothing () WITH SYSTEM VERSIONING;
\copy cpy_nothing FROM '/dev/null'
\echo :SQLSTATE
