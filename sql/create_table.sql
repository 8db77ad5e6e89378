--
-- CREATE TABLE with system versioning, in all its forms
--
CREATE FUNCTION columns_of(relation regclass) RETURNS TABLE (col text, type text, not_null boolean, def text)
LANGUAGE sql AS $$
	SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
	FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
	WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped ORDER BY attnum
$$;
CREATE FUNCTION created(name text) RETURNS TABLE (table_name name, history regclass, versioned boolean,
	start_column name, end_column name, since_creation boolean)
LANGUAGE sql AS $$
	SELECT table_name, history, system_versioned, start_column, end_column, history_start = '-infinity'
	FROM temporal.tables WHERE table_name ~ ('^' || name)
	ORDER BY table_name
$$;

-- SQL:2011's own form
CREATE TABLE employees (
	id integer PRIMARY KEY,
	name varchar(100),
	salary decimal(10,2),
	department varchar(50),
	sys_start TIMESTAMP GENERATED ALWAYS AS ROW START,
	sys_end   TIMESTAMP GENERATED ALWAYS AS ROW END,
	PERIOD FOR SYSTEM_TIME (sys_start, sys_end)
) WITH SYSTEM VERSIONING;
SELECT * FROM columns_of('employees');
SELECT * FROM columns_of('employees_history');
SELECT * FROM created('employees');

-- What psql's \d tells
\d employees
\d employees_history
SELECT col_description('employees'::regclass, 5) AS start_column, col_description('employees'::regclass, 6) AS end_column,
       obj_description('employees_history'::regclass) AS history;

-- The short form adds sys_start and sys_end as the last columns
CREATE TABLE form_short (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
SELECT * FROM columns_of('form_short');

-- Types that may be written, and a NOTICE where the column's is another
CREATE TABLE form_tz (id integer PRIMARY KEY, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START,
	e TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
CREATE TABLE form_precision (id integer PRIMARY KEY, s TIMESTAMP(3) GENERATED ALWAYS AS ROW START,
	e TIMESTAMP(12) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
CREATE TABLE form_not_null (id integer PRIMARY KEY, s TIMESTAMPTZ NOT NULL GENERATED ALWAYS AS ROW START,
	e TIMESTAMPTZ GENERATED ALWAYS AS ROW END NOT NULL, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
CREATE TABLE form_in_front (s TIMESTAMPTZ GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END,
	PERIOD FOR SYSTEM_TIME (s, e), id integer PRIMARY KEY, v integer DEFAULT 7) WITH SYSTEM VERSIONING;
INSERT INTO form_in_front (id) VALUES (1);
-- wherever they are written, they stand last: INSERT without a column list
-- does not expect them
INSERT INTO form_in_front VALUES (2, 8);
INSERT INTO form_in_front VALUES (3, 9, DEFAULT, DEFAULT);
SELECT id, v, e FROM form_in_front ORDER BY id;
SELECT table_name, start_column, end_column FROM created('form');

-- A period without system versioning
CREATE TABLE period_alone (id integer PRIMARY KEY, v integer, since TIMESTAMPTZ GENERATED ALWAYS AS ROW START,
	until TIMESTAMPTZ GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until));
SELECT * FROM created('period_alone');
INSERT INTO period_alone VALUES (1, 1);
SELECT since AS first FROM period_alone \gset
UPDATE period_alone SET v = 2;
SELECT v, since > :'first' AS later, until FROM period_alone;
UPDATE period_alone SET since = now();
\echo :SQLSTATE
DELETE FROM period_alone;
SELECT to_regclass('period_alone_history') IS NULL AS no_history;

-- The stock form
CREATE TABLE stock (id integer PRIMARY KEY, v integer) WITH (temporal.system_versioning = on);
CREATE TABLE stock_bare (id integer PRIMARY KEY) WITH (temporal.system_versioning);
CREATE TABLE stock_named (id integer PRIMARY KEY, v integer)
	WITH (temporal.system_versioning = true, temporal.period_start = valid_from, temporal.period_end = valid_to);
CREATE TABLE stock_period (id integer PRIMARY KEY)
	WITH (temporal.period_start = 'valid_from', temporal.period_end = 'valid_to');
CREATE TABLE stock_columns (f timestamptz, id integer PRIMARY KEY, t timestamptz)
	WITH (temporal.system_versioning, temporal.period_start = f, temporal.period_end = t, fillfactor = 80);
SELECT table_name, versioned, start_column, end_column FROM created('stock');
SELECT reloptions FROM pg_class WHERE oid = 'stock_columns'::regclass;
SELECT * FROM columns_of('stock_named');

-- Mixed with PostgreSQL's clauses, in any order
CREATE TABLE mixed_1 (id integer PRIMARY KEY, v integer) WITH (fillfactor = 70) WITH SYSTEM VERSIONING;
CREATE TABLE mixed_2 (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING WITH (fillfactor = 70);
CREATE TABLE mixed_3 (id integer, v integer) WITH SYSTEM VERSIONING PARTITION BY RANGE (id);
CREATE TABLE mixed_4 (id integer, v integer) PARTITION BY RANGE (id) WITH SYSTEM VERSIONING;
CREATE TABLE mixed_5 (id integer PRIMARY KEY, v integer) USING heap WITH SYSTEM VERSIONING TABLESPACE pg_default;
CREATE TABLE IF NOT EXISTS mixed_6 (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
CREATE TABLE IF NOT EXISTS mixed_6 (id integer PRIMARY KEY, other integer) WITH SYSTEM VERSIONING;
CREATE TABLE IF NOT EXISTS mixed_7 (id integer PRIMARY KEY);
CREATE TABLE IF NOT EXISTS mixed_7 (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
CREATE UNLOGGED TABLE mixed_8 (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
CREATE TABLE mixed_9 (id integer PRIMARY KEY, v integer) WITH (fillfactor = 70, autovacuum_enabled = off) WITH SYSTEM VERSIONING TABLESPACE pg_default;
SELECT table_name, versioned FROM created('mixed');
SELECT relname, relpersistence, reloptions FROM pg_class WHERE relname ~ '^mixed_[128]' AND relkind = 'r' ORDER BY 1;

-- CREATE TABLE AS, LIKE, constraints of every kind
CREATE TABLE like_source (id integer PRIMARY KEY, v integer DEFAULT 3 CHECK (v > 0), w text COLLATE "C" NOT NULL DEFAULT 'w');
INSERT INTO like_source VALUES (1, 1, 'x');
CREATE TABLE made_as WITH (temporal.system_versioning) AS SELECT * FROM like_source;
SELECT id, v, w, sys_start > '2020-01-01' AS starts_now, sys_end FROM made_as;
SELECT table_name, versioned, since_creation FROM created('made_as');
CREATE TABLE made_like (LIKE like_source INCLUDING ALL) WITH SYSTEM VERSIONING;
SELECT col, not_null, def FROM columns_of('made_like');
SELECT col, not_null, def FROM columns_of('made_like_history');
INSERT INTO made_like VALUES (1);
UPDATE made_like SET v = 4;
SELECT id, v, w FROM made_like FOR SYSTEM_TIME ALL ORDER BY sys_start;
-- a copy of the columns alone has no versioning, and its period columns are ordinary
CREATE TABLE made_of (LIKE made_like);
SELECT count(*) AS versioned FROM created('made_of');
INSERT INTO made_of VALUES (1, 1, 'w', '2000-01-01', '2001-01-01');
CREATE TABLE made_with (id integer GENERATED ALWAYS AS IDENTITY, a integer UNIQUE, b integer REFERENCES like_source, c int4range,
	PRIMARY KEY (id), CHECK (a > 0), EXCLUDE USING gist (c WITH &&), CONSTRAINT u UNIQUE (a, b)) WITH SYSTEM VERSIONING;
SELECT conname, contype FROM pg_constraint WHERE conrelid = 'made_with_history'::regclass;
-- uniqueness among the current rows may include the period
CREATE TABLE made_key (id integer, v integer, s TIMESTAMPTZ GENERATED ALWAYS AS ROW START, e TIMESTAMPTZ GENERATED ALWAYS AS ROW END,
	PERIOD FOR SYSTEM_TIME (s, e), PRIMARY KEY (id, e)) WITH SYSTEM VERSIONING;
INSERT INTO made_key VALUES (1, 1);
UPDATE made_key SET v = 2;
SELECT id, v FROM made_key FOR SYSTEM_TIME ALL ORDER BY s;

-- Names: with every character, as long as may be, keywords
CREATE TABLE "Tab""le 'x' ; -- /* $1 ü" ("Col""umn 'y'" integer PRIMARY KEY, "select" integer,
	"From ü" TIMESTAMPTZ GENERATED ALWAYS AS ROW START, "To.""" TIMESTAMPTZ GENERATED ALWAYS AS ROW END,
	PERIOD FOR SYSTEM_TIME ("From ü", "To.""")) WITH SYSTEM VERSIONING;
INSERT INTO "Tab""le 'x' ; -- /* $1 ü" VALUES (1, 1);
UPDATE "Tab""le 'x' ; -- /* $1 ü" SET "select" = 2;
SELECT "Col""umn 'y'", "select", "To.""" = 'infinity' AS is_current FROM "Tab""le 'x' ; -- /* $1 ü" FOR SYSTEM_TIME ALL "as of" ORDER BY "From ü";
SELECT property, value FROM temporal.describe('"Tab""le ''x'' ; -- /* $1 ü"') WHERE property IN ('table', 'period', 'history');
ALTER TABLE "Tab""le 'x' ; -- /* $1 ü" DROP SYSTEM VERSIONING CASCADE;
CREATE TABLE n23456789_123456789_123456789_123456789_123456789_123456789_123 (
	c23456789_123456789_123456789_123456789_123456789_123456789_123 integer PRIMARY KEY,
	s23456789_123456789_123456789_123456789_123456789_123456789_123 TIMESTAMPTZ GENERATED ALWAYS AS ROW START,
	e23456789_123456789_123456789_123456789_123456789_123456789_123 TIMESTAMPTZ GENERATED ALWAYS AS ROW END,
	PERIOD FOR SYSTEM_TIME (s23456789_123456789_123456789_123456789_123456789_123456789_123,
		e23456789_123456789_123456789_123456789_123456789_123456789_123)) WITH SYSTEM VERSIONING;
INSERT INTO n23456789_123456789_123456789_123456789_123456789_123456789_123 VALUES (1);
DELETE FROM n23456789_123456789_123456789_123456789_123456789_123456789_123;
SELECT count(*) FROM n23456789_123456789_123456789_123456789_123456789_123456789_123 FOR SYSTEM_TIME ALL;
SELECT length(history::text), history FROM created('n23456');
-- longer ones are cut, as everywhere
CREATE TABLE o23456789_123456789_123456789_123456789_123456789_123456789_123456789 (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
SELECT length(table_name), length(history::text) FROM created('o23456');
CREATE TABLE system (versioning integer PRIMARY KEY, period integer, system_time integer, "all" integer) WITH SYSTEM VERSIONING;
INSERT INTO system VALUES (1, 2, 3, 4);
SELECT versioning, period, system_time, "all" FROM system FOR SYSTEM_TIME ALL system_time;

-- Where the history goes
CREATE TABLE hist_named (id integer PRIMARY KEY, v integer) WITH (temporal.history_table = 'hist_past') WITH SYSTEM VERSIONING;
CREATE TABLE hist_quoted (id integer PRIMARY KEY) WITH (temporal.history_table = '"Hist ""Past"""') WITH SYSTEM VERSIONING;
CREATE TABLE hist_schema (id integer PRIMARY KEY) WITH (temporal.history_table = 'public.hist_past_2', fillfactor = 50) WITH SYSTEM VERSIONING;
SELECT table_name, history FROM created('hist');
CREATE TABLE hist_taken (id integer PRIMARY KEY) WITH (temporal.history_table = 'hist_past') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE hist_auto_history (id integer);
CREATE TABLE hist_auto (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE hist_itself (id integer PRIMARY KEY) WITH (temporal.history_table = 'hist_itself') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
SELECT to_regclass('hist_taken') IS NULL AND to_regclass('hist_auto') IS NULL AND to_regclass('hist_itself') IS NULL AS nothing_left;
CREATE TABLE hist_nowhere (id integer PRIMARY KEY) WITH (temporal.history_table = 'nowhere.past') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE hist_bad (id integer PRIMARY KEY) WITH (temporal.history_table = 'a..b') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE hist_bad (id integer PRIMARY KEY) WITH (temporal.history_table = '') WITH SYSTEM VERSIONING;
\echo :SQLSTATE
CREATE TABLE hist_bad (id integer PRIMARY KEY) WITH (temporal.history_table = 'other_database.public.past') WITH SYSTEM VERSIONING;
\echo :SQLSTATE

-- Dropping: the history depends on the table
DROP TABLE employees;
\echo :SQLSTATE
DROP TABLE employees CASCADE;
SELECT to_regclass('employees_history') IS NULL AS gone, count(*) AS registered FROM created('employees');
-- and both names are free again
CREATE TABLE employees (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
DROP TABLE IF EXISTS employees CASCADE;

-- In functions, in DO, in a transaction that is rolled back
DO $$
BEGIN
	CREATE TABLE in_do (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
	INSERT INTO in_do VALUES (1, 1);
	EXECUTE 'CREATE TABLE in_execute (id integer PRIMARY KEY) WITH SYSTEM VERSIONING';
END $$;
SELECT table_name, versioned FROM created('in_');
CREATE FUNCTION make(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE %I (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING', name);
	EXECUTE format('INSERT INTO %I VALUES (1, 1)', name);
	EXECUTE format('UPDATE %I SET v = 2', name);
END $$;
SELECT make('made_by_function');
SELECT v FROM made_by_function FOR SYSTEM_TIME ALL;
BEGIN;
CREATE TABLE rolled_back (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
ROLLBACK;
SELECT count(*) FROM created('rolled_back');
