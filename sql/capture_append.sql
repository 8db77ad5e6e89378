--
-- INSERT ... SELECT of rows as they are: the period is put behind their bytes
--
CREATE SCHEMA append_test;
SET search_path = append_test;

-- Tables of 1 to 17 columns, with NULLs in each of them: the bitmap of NULLs
-- grows by a byte where the period's two columns do not fit into it.
CREATE FUNCTION copy_width(width integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	columns text := (SELECT string_agg(format('c%s %s', i,
				(ARRAY['integer', 'text', 'smallint', 'numeric', 'boolean', '"char"', 'float8'])[i % 7 + 1]), ', ' ORDER BY i)
				FROM generate_series(1, width) i);
	vals text := (SELECT string_agg(format('CASE WHEN n & %s = 0 THEN %s END', 1 << (i % 5),
				(ARRAY['n', '''text'' || n', 'n::smallint', 'n / 7.0', 'n % 2 = 1', '''x''::"char"', 'n / 3.0'])[i % 7 + 1]), ', ' ORDER BY i)
				FROM generate_series(1, width) i);
	names text := (SELECT string_agg('c' || i, ', ' ORDER BY i) FROM generate_series(1, width) i);
	different bigint;
	plan text;
BEGIN
	EXECUTE format('CREATE TABLE source (%s)', columns);
	EXECUTE format('CREATE TABLE copied (%s) WITH SYSTEM VERSIONING', columns);
	EXECUTE format('CREATE TABLE formed (%s) WITH SYSTEM VERSIONING', columns);
	EXECUTE format('INSERT INTO source SELECT %s FROM generate_series(0, 40) n', vals);
	FOR plan IN EXECUTE 'EXPLAIN (COSTS OFF) INSERT INTO copied SELECT * FROM source' LOOP
		EXIT WHEN plan LIKE '%Temporal Period%';
	END LOOP;
	EXECUTE 'INSERT INTO copied SELECT * FROM source';
	EXECUTE 'INSERT INTO formed SELECT * FROM source OFFSET 0';
	EXECUTE '
		WITH c AS MATERIALIZED (SELECT ctid AS place, pg_column_size(copied.*) AS size, copied AS row FROM copied),
			f AS MATERIALIZED (SELECT ctid AS place, pg_column_size(formed.*) AS size, formed AS row FROM formed)
		SELECT count(*) FROM c FULL JOIN f USING (place)
		WHERE (c.row *= f.row) IS NOT TRUE OR c.size <> f.size' INTO different;
	DROP TABLE source, copied, formed CASCADE;
	RETURN plan || ', ' || different || ' differ';
END $$;
SET client_min_messages = warning;
SELECT width, copy_width(width) FROM generate_series(1, 17) width;
RESET client_min_messages;

CREATE TABLE source (id integer PRIMARY KEY, note text, n smallint);
CREATE TABLE target (id integer PRIMARY KEY, note text, n smallint) WITH SYSTEM VERSIONING;
INSERT INTO source VALUES (1, 'one', 1), (2, NULL, 2), (3, repeat('three', 10000), NULL);
ALTER TABLE source ALTER note SET STORAGE EXTERNAL;
INSERT INTO source VALUES (4, repeat('four', 1000), 4);
EXPLAIN (VERBOSE, COSTS OFF) INSERT INTO target SELECT * FROM source WHERE id < 100;

-- values that the source keeps out of line are the target's own afterwards
INSERT INTO target SELECT * FROM source;
DROP TABLE source;
SELECT id, md5(note), length(note), n, sys_end FROM target ORDER BY id;
UPDATE target SET n = 5;
SELECT id, length(note), n FROM target FOR SYSTEM_TIME ALL ORDER BY id, n;

-- not of another order or with something computed, nor of part of a row
CREATE TABLE source (id integer PRIMARY KEY, note text, n smallint);
INSERT INTO source SELECT i, 'source', i FROM generate_series(11, 20) i;
EXPLAIN (COSTS OFF) INSERT INTO target SELECT id, note, n + 1 FROM source;
EXPLAIN (COSTS OFF) INSERT INTO target (id, note) SELECT id, note FROM source;
EXPLAIN (COSTS OFF) INSERT INTO target (id, n, note) SELECT id, n, note FROM source;
EXPLAIN (COSTS OFF) INSERT INTO target SELECT * FROM source LIMIT 5;

-- by an index, RETURNING, ON CONFLICT, prepared, after rows grew a column
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) INSERT INTO target SELECT * FROM source WHERE id = 11;
PREPARE put(integer) AS INSERT INTO target SELECT * FROM source WHERE id = $1
	ON CONFLICT (id) DO UPDATE SET note = 'conflict' RETURNING id, note, n, sys_end;
EXECUTE put(11);
EXECUTE put(12);
EXECUTE put(11);
RESET enable_seqscan;
RESET enable_bitmapscan;
ALTER TABLE source ADD COLUMN late numeric DEFAULT 2.5;
CREATE TABLE later (LIKE source) WITH SYSTEM VERSIONING;
EXPLAIN (COSTS OFF) INSERT INTO later SELECT * FROM source;
INSERT INTO source VALUES (21, 'new', 21, NULL);
INSERT INTO later SELECT * FROM source;
SELECT id, note, n, late, sys_end FROM later WHERE id > 18 ORDER BY id;

-- a column dropped from either: not one row in the order of the other
ALTER TABLE source DROP COLUMN n;
EXPLAIN (COSTS OFF) INSERT INTO later (id, note, late) SELECT * FROM source;

-- of a table that is versioned itself, the period is not taken
EXPLAIN (COSTS OFF) INSERT INTO later (id, note, n, late) SELECT id, note, n, late FROM later;

-- what ModifyTable does to a row it does to these
CREATE TABLE checked (id integer PRIMARY KEY, amount integer NOT NULL CHECK (amount > 0),
	twice integer GENERATED ALWAYS AS (amount * 2) STORED) WITH SYSTEM VERSIONING;
CREATE TABLE amounts (id integer, amount integer);
INSERT INTO amounts VALUES (1, 10), (2, -1);
\set VERBOSITY terse
INSERT INTO checked SELECT * FROM amounts;
\set VERBOSITY default
INSERT INTO checked SELECT * FROM amounts WHERE id = 1;
SELECT id, amount, twice, sys_end FROM checked;

CREATE TABLE parted (id integer PRIMARY KEY, amount integer) PARTITION BY RANGE (id)
	WITH SYSTEM VERSIONING;
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_2 (sys_end timestamptz NOT NULL DEFAULT 'infinity', amount integer,
	gone text, id integer NOT NULL, sys_start timestamptz NOT NULL DEFAULT now());
ALTER TABLE parted_2 DROP COLUMN gone;
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM (10) TO (20);
INSERT INTO amounts VALUES (11, 11), (12, NULL);
EXPLAIN (COSTS OFF) INSERT INTO parted SELECT * FROM amounts;
INSERT INTO parted SELECT * FROM amounts;
SELECT tableoid::regclass, id, amount, sys_end FROM parted ORDER BY id;

-- triggers on rows may change or drop them, and see the period
CREATE TABLE guarded (id integer PRIMARY KEY, note text, owner text) WITH SYSTEM VERSIONING;
CREATE TABLE rows AS SELECT i AS id, 'n' || i AS note, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END AS owner
	FROM generate_series(1, 4) i;
CREATE FUNCTION change_row() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.id = 2 THEN RETURN NULL; END IF; NEW.note := upper(NEW.note); RETURN NEW; END $$;
CREATE FUNCTION show_row() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE '% % %', TG_LEVEL, NEW.note, NEW.sys_end; RETURN NULL; END $$;
CREATE TRIGGER change_row BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION change_row();
CREATE TRIGGER show_row AFTER INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION show_row();
CREATE TRIGGER show_statement BEFORE INSERT ON guarded FOR EACH STATEMENT EXECUTE FUNCTION show_row();
EXPLAIN (COSTS OFF) INSERT INTO guarded SELECT * FROM rows;
INSERT INTO guarded SELECT * FROM rows RETURNING id, note, sys_end, ctid;
DROP TRIGGER change_row ON guarded;
DROP TRIGGER show_row ON guarded;
DROP TRIGGER show_statement ON guarded;

-- a key that comes again starts after its last version ended, also in a savepoint
DELETE FROM guarded;
BEGIN;
SAVEPOINT a;
INSERT INTO guarded SELECT * FROM rows;
ROLLBACK TO a;
INSERT INTO guarded SELECT * FROM rows;
COMMIT;
SELECT count(*) AS rows, count(DISTINCT sys_start) AS starts,
	(SELECT count(*) FROM guarded g JOIN guarded_history h USING (id) WHERE g.sys_start < h.sys_end) AS overlaps
FROM guarded;

-- policies of rows
DELETE FROM guarded;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON guarded USING (owner = 'a');
INSERT INTO guarded SELECT * FROM rows;
INSERT INTO guarded SELECT * FROM rows WHERE owner = 'a';
SELECT id FROM guarded ORDER BY id;

-- the past is read only
SET temporal.as_of = '2020-01-01';
INSERT INTO guarded SELECT * FROM rows;
RESET temporal.as_of;

SET client_min_messages = warning;
DROP SCHEMA append_test CASCADE;
