--
-- CREATE TABLE and ALTER TABLE in the SQL:2011 form
--
CREATE FUNCTION syn_describe(t regclass) RETURNS TABLE (name name, type text, not_null boolean, versioned boolean)
LANGUAGE sql AS $$
	SELECT attname, format_type(atttypid, atttypmod), attnotnull, to_regclass(t::text || '_history') IS NOT NULL
	FROM pg_attribute WHERE attrelid = t AND attnum > 0 AND NOT attisdropped ORDER BY attnum
$$;

-- The period's columns are added ...
CREATE TABLE syn_a (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
SELECT * FROM syn_describe('syn_a');

-- ... or written, with other constraints around what is ours (11.3, 11.4)
SET client_min_messages = warning;
CREATE TABLE syn_b (
	"Start" timestamptz NOT NULL GENERATED ALWAYS AS ROW START,
	id integer PRIMARY KEY,
	PERIOD FOR SYSTEM_TIME ("Start", u&"\0065nd_at"),
	end_at timestamptz GENERATED ALWAYS AS ROW END NOT NULL,
	v text DEFAULT 'PERIOD FOR SYSTEM_TIME (a, b)'
) WITH (fillfactor = 70) WITH SYSTEM VERSIONING;
SELECT * FROM syn_describe('syn_b');
SELECT reloptions FROM pg_class WHERE oid = 'syn_b'::regclass;

-- Among the clauses behind the parenthesis the order is free
CREATE TABLE syn_c (id integer) WITH SYSTEM VERSIONING PARTITION BY RANGE (id);
CREATE TABLE syn_d (id integer) TABLESPACE pg_default WITH (fillfactor = 80) WITH SYSTEM VERSIONING USING heap;
SELECT relname, relkind, reloptions FROM pg_class WHERE relname IN ('syn_c', 'syn_d') ORDER BY 1;
DROP TABLE syn_a, syn_b, syn_c, syn_d CASCADE;

-- ALTER TABLE
CREATE TABLE syn_a (id integer);
ALTER TABLE IF EXISTS ONLY syn_a ADD COLUMN v text, ADD SYSTEM VERSIONING;
SELECT * FROM syn_describe('syn_a');
ALTER TABLE syn_a DROP SYSTEM VERSIONING CASCADE;
SELECT versioned FROM syn_describe('syn_a') LIMIT 1;

-- Stock grammar: a column of these names
CREATE DOMAIN versioning AS integer;
ALTER TABLE syn_a ADD COLUMN system versioning, ADD period integer;
ALTER TABLE syn_a DROP system, DROP COLUMN period;
DROP DOMAIN versioning;
DROP TABLE syn_a CASCADE;

-- The standard writes the columns behind the period
CREATE TABLE syn_a (id integer);
ALTER TABLE syn_a ADD PERIOD FOR SYSTEM_TIME (s, e)
	ADD COLUMN s timestamptz GENERATED ALWAYS AS ROW START
	ADD COLUMN e timestamptz GENERATED ALWAYS AS ROW END,
	ADD SYSTEM VERSIONING;
SELECT * FROM syn_describe('syn_a');
DROP TABLE syn_a CASCADE;
-- with commas, and before the period
CREATE TABLE syn_a (id integer);
ALTER TABLE syn_a
	ADD COLUMN s timestamptz GENERATED ALWAYS AS ROW START,
	ADD e timestamptz NOT NULL GENERATED ALWAYS AS ROW END,
	ADD PERIOD FOR SYSTEM_TIME (s, e), ADD SYSTEM VERSIONING;
SELECT * FROM syn_describe('syn_a');
DROP TABLE syn_a CASCADE;

DROP FUNCTION syn_describe;
RESET client_min_messages;
