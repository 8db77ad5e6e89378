--
-- FOR SYSTEM_TIME and AS OF wherever a table can stand in FROM
--
-- A view is stored in the stock form, so its definition shows what the SQL:2011
-- form was translated to.
--
CREATE TABLE syn_item (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
CREATE TABLE syn_order (id integer, placed_at timestamptz);
INSERT INTO syn_item VALUES (1, 'a'), (2, 'b');
INSERT INTO syn_order VALUES (1, '2999-01-01'), (2, '2999-01-01');

CREATE FUNCTION syn_stock(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	definition text;
BEGIN
	EXECUTE 'CREATE VIEW syn_view AS ' || query;
	definition := regexp_replace(pg_get_viewdef('syn_view'), '\s+', ' ', 'g');
	DROP VIEW syn_view;
	-- select lists are printed differently since PostgreSQL 16
	RETURN substring(regexp_replace(definition, 'LATERAL \( SELECT .*? FROM', 'LATERAL (SELECT ... FROM')
		from ' FROM (.*);');
END $$;

-- Every kind of clause (SQL:2011 part 2, 7.6)
SELECT syn_stock($$ SELECT id FROM syn_item FOR SYSTEM_TIME AS OF now() $$);
SELECT syn_stock($$ SELECT id FROM syn_item FOR SYSTEM_TIME FROM now() TO 'infinity' $$);
SELECT syn_stock($$ SELECT id FROM syn_item FOR SYSTEM_TIME BETWEEN now() AND 'infinity' $$);
SELECT syn_stock($$ SELECT id FROM syn_item FOR SYSTEM_TIME BETWEEN ASYMMETRIC now() AND 'infinity' $$);
SELECT syn_stock($$ SELECT id FROM syn_item FOR SYSTEM_TIME BETWEEN SYMMETRIC now() AND 'infinity' $$);
SELECT syn_stock($$ SELECT id FROM syn_item FOR SYSTEM_TIME CONTAINED IN (now(), 'infinity') $$);
SELECT syn_stock($$ SELECT id FROM syn_item FOR SYSTEM_TIME ALL $$);

-- Every way to write a table
SELECT syn_stock($$ SELECT id FROM ONLY syn_item FOR SYSTEM_TIME ALL $$);
SELECT syn_stock($$ SELECT id FROM ONLY (public.syn_item) FOR SYSTEM_TIME ALL $$);
SELECT syn_stock($$ SELECT id FROM public.syn_item * FOR SYSTEM_TIME ALL AS e (id) $$);
SELECT syn_stock($$ SELECT id FROM "syn_item" FOR/* c */SYSTEM_TIME -- c
	all e $$);
SELECT syn_stock($$ SELECT id FROM U&"syn!005fitem" UESCAPE '!' FOR SYSTEM_TIME ALL e $$);

-- The expression is as long as it can be, and what then follows is the alias
SELECT syn_stock(format('SELECT e.id FROM syn_item FOR SYSTEM_TIME AS OF %s WHERE true', x))
FROM unnest(ARRAY[
	$$ TIMESTAMP '2024-01-01' e $$,
	$$ TIMESTAMP(3) WITH TIME ZONE '2024-01-01 UTC' AS e $$,
	$$ '2024-01-01'::timestamptz e $$,
	$$ now() - interval '1 day' e $$,
	$$ now() - INTERVAL '1' DAY e $$,
	$$ INTERVAL '1-2' YEAR TO MONTH + now() e $$,
	$$ now() AT TIME ZONE 'UTC' e $$,
	$$ date_trunc('day', now()) AS e $$,
	$$ CASE WHEN true AND NOT false THEN now() END e $$,
	$$ (SELECT now()) e $$,
	$$ (ARRAY[now()])[1] e $$,
	$$ current_timestamp(3) e $$,
	$$ coalesce(NULL, now()) e (id, v) $$,
	$$ now() OPERATOR(pg_catalog.-) interval '1 day' e $$,
	$$ U&'2024!002d01-01' UESCAPE '!' e $$,
	$$ E'2024\x2d01-01' e $$
]) AS x;
SELECT syn_stock($$ SELECT e.id FROM syn_item FOR SYSTEM_TIME FROM INTERVAL '1' YEAR TO MONTH + now() TO now() e $$);
SELECT syn_stock($$ SELECT e.id FROM syn_item FOR SYSTEM_TIME BETWEEN CASE WHEN true AND true THEN now() END AND now() e $$);
SELECT syn_stock($$ SELECT at.id FROM syn_item FOR SYSTEM_TIME AS OF now() at $$);
SELECT syn_stock($$ SELECT escape.id FROM syn_item FOR SYSTEM_TIME AS OF now() escape $$);
SELECT syn_stock($$ SELECT day.id FROM syn_item FOR SYSTEM_TIME AS OF now() day $$);

-- NOW is the present, unless the expression goes on behind it
SELECT syn_stock(format('SELECT 1 FROM (SELECT now() AS now) now, syn_item FOR SYSTEM_TIME AS OF %s', x))
FROM unnest(ARRAY[
	$$ NOW $$,
	$$ now e $$,
	$$ NOW AS e (id) WHERE true $$,
	$$ NOW, syn_order $$,
	$$ NOW() $$,
	$$ now.now $$,
	$$ "now" $$,
	$$ (now) $$,
	$$ now - interval '1 day' e $$,
	$$ now AT TIME ZONE 'UTC' e $$,
	$$ now::timestamptz e $$
]) AS x;

-- Oracle's short form: TIMESTAMP is a type before a string, else nothing
SELECT syn_stock(format('SELECT e.id FROM syn_item AS OF %s WHERE true', x))
FROM unnest(ARRAY[
	$$ NOW e $$,
	$$ NOW AS e (id) $$,
	$$ TIMESTAMP '2024-01-01' e $$,
	$$ TIMESTAMP '2024-01-01' + interval '1 day' AS e $$,
	$$ TIMESTAMP(3) WITH TIME ZONE '2024-01-01 UTC' e $$,
	$$ TIMESTAMP WITHOUT TIME ZONE E'2024\x2d01-01' e $$,
	$$ TIMESTAMP (now()) e $$,
	$$ TIMESTAMP (now()) - interval '1 day' e (id, v) $$,
	$$ TIMESTAMP now() - interval '1 day' e $$,
	$$ TIMESTAMP (SELECT now()) e $$,
	$$ TIMESTAMP timestamptz '2024-01-01 UTC' e $$,
	$$ TIMESTAMP TIMESTAMP '2024-01-01' e $$,
	$$ TIMESTAMP CASE WHEN true THEN now() END e $$
]) AS x;
SELECT syn_stock($$ SELECT id FROM ONLY (public.syn_item) AS/* c */OF -- c
	now $$);
SELECT syn_stock($$ SELECT id FROM "syn_item"AS
OF/**/NOW"e" $$);
SELECT syn_stock($$ SELECT id FROM syn_item AS -- c
OF NOW $$);
SELECT syn_stock($$ SELECT of.id FROM syn_item AS OF NOW AS of $$);
SELECT syn_stock($$ SELECT of.id FROM syn_item FOR SYSTEM_TIME ALL AS of, syn_order $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item AS OF TIMESTAMP o.placed_at p ON p.id = o.id $$);
SELECT syn_stock($$ SELECT p.v FROM syn_item AS OF TIMESTAMP (SELECT max(sys_start) FROM syn_item FOR SYSTEM_TIME ALL) p, syn_item AS OF NOW $$);
SELECT id, v FROM syn_item AS OF NOW ORDER BY id;
SELECT id, v FROM syn_item AS OF TIMESTAMP '2999-01-01' ORDER BY id;

-- An alias, a label and a type called "of" are stock
SELECT of.id FROM syn_item AS of, syn_order u WHERE of.id = u.id ORDER BY 1;
SELECT of.id FROM syn_item AS of WHERE of.id = 1;
SELECT of.id FROM syn_item AS of JOIN syn_order now USING (id) ORDER BY 1;
SELECT a FROM syn_item AS of (a, b) ORDER BY a;
SELECT a FROM syn_item AS of(a) FOR UPDATE OF of;
SELECT count(*) FROM (SELECT 1) AS of;
SELECT id AS of FROM syn_item ORDER BY of;
SELECT 1 AS of, now() AS now, 2 AS "timestamp" FROM syn_item AS of LIMIT 0;
SELECT 1 AS OF
WHERE false;
UPDATE syn_order AS of SET placed_at = placed_at WHERE false;
DELETE FROM syn_order AS of WHERE false;
CREATE DOMAIN of AS integer;
SELECT CAST(1 AS of);
DROP DOMAIN of;
SELECT 't AS OF NOW' AS "t AS OF NOW"; -- t AS OF NOW

-- Columns of tables to its left: through LATERAL; else the plain form
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF o.placed_at p ON p.id = o.id $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o, syn_item FOR SYSTEM_TIME AS OF placed_at p $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF now() p ON p.id = o.id $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF (SELECT max(placed_at) FROM syn_order) p ON p.id = o.id $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF (SELECT max(i.placed_at) FROM syn_order i) p ON p.id = o.id $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF (SELECT placed_at) p ON p.id = o.id $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF (SELECT max(g.d) FROM (SELECT * FROM generate_series(now(), now(), '1 day')) g (d)) p ON p.id = o.id $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF (SELECT max(d) FROM generate_series(now(), now(), '1 day') d WHERE d < placed_at) p ON p.id = o.id $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF (SELECT max(i.placed_at) FROM syn_order i WHERE i.id = o.id) p ON p.id = o.id $$);
SELECT syn_stock($$ SELECT (SELECT p.v FROM syn_item FOR SYSTEM_TIME AS OF o.placed_at p LIMIT 1) FROM syn_order o $$);
SELECT syn_stock($$ SELECT z.v FROM syn_order o, LATERAL (SELECT v FROM syn_item FOR SYSTEM_TIME AS OF placed_at) z $$);
SELECT syn_stock($$ SELECT p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF (SELECT max(i.sys_start) FROM syn_item FOR SYSTEM_TIME AS OF o.placed_at i) p ON true $$);
SELECT o.id, p.v FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF o.placed_at p USING (id) ORDER BY id;

-- Joins of every kind, sub-selects, set operations
SELECT count(*) FROM (syn_item FOR SYSTEM_TIME ALL a LEFT JOIN (syn_item FOR SYSTEM_TIME ALL b NATURAL FULL JOIN syn_order) ON true);
SELECT id FROM syn_item FOR SYSTEM_TIME ALL UNION (SELECT id FROM syn_item FOR SYSTEM_TIME ALL EXCEPT SELECT 2) ORDER BY id;
SELECT count(*) FROM (SELECT * FROM syn_item FOR SYSTEM_TIME ALL) s WHERE EXISTS (SELECT FROM syn_item FOR SYSTEM_TIME AS OF (SELECT now() FROM syn_item FOR SYSTEM_TIME ALL LIMIT 1) WHERE id = s.id);
VALUES ((SELECT count(*) FROM syn_item FOR SYSTEM_TIME ALL));

-- Statements of every kind
WITH a AS (SELECT * FROM syn_item FOR SYSTEM_TIME ALL),
     d AS (DELETE FROM syn_order USING syn_item FOR SYSTEM_TIME ALL i WHERE false RETURNING 1)
SELECT count(*) FROM a;
INSERT INTO syn_order (id) SELECT id FROM syn_item FOR SYSTEM_TIME ALL WHERE id = 1
	RETURNING (SELECT count(*) FROM syn_item FOR SYSTEM_TIME ALL);
UPDATE syn_order o SET id = i.id FROM syn_item FOR SYSTEM_TIME ALL i WHERE i.id = o.id AND placed_at IS NULL;
MERGE INTO syn_order o USING syn_item FOR SYSTEM_TIME ALL i ON i.id = o.id AND placed_at IS NULL WHEN MATCHED THEN DELETE;
CREATE TABLE syn_copy AS SELECT id FROM syn_item FOR SYSTEM_TIME ALL;
CREATE MATERIALIZED VIEW syn_mv AS SELECT id FROM syn_item FOR SYSTEM_TIME ALL;
SELECT id INTO syn_into FROM syn_item FOR SYSTEM_TIME ALL;
DROP TABLE syn_copy, syn_into;
DROP MATERIALIZED VIEW syn_mv;
COPY (SELECT id FROM syn_item FOR SYSTEM_TIME ALL ORDER BY id) TO STDOUT;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM syn_item FOR SYSTEM_TIME ALL ORDER BY id;
FETCH 1 FROM c;
COMMIT;
PREPARE syn_at(timestamptz) AS SELECT count(*) FROM syn_item FOR SYSTEM_TIME AS OF $1 e;
EXECUTE syn_at('infinity');
DEALLOCATE syn_at;
CREATE RULE syn_rule AS ON INSERT TO syn_order DO ALSO (SELECT count(*) FROM syn_item FOR SYSTEM_TIME ALL; SELECT id FROM syn_item FOR SYSTEM_TIME ALL LIMIT 0);
DROP RULE syn_rule ON syn_order;
CREATE POLICY syn_policy ON syn_order USING (id IN (SELECT id FROM syn_item FOR SYSTEM_TIME ALL));
DROP POLICY syn_policy ON syn_order;

-- Functions
CREATE FUNCTION syn_atomic(t timestamptz) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC SELECT 1; SELECT count(*) FROM syn_item FOR SYSTEM_TIME AS OF t e; END;
CREATE FUNCTION syn_return(t timestamptz) RETURNS bigint LANGUAGE sql
RETURN (SELECT count(*) FROM syn_item FOR SYSTEM_TIME AS OF t e);
CREATE FUNCTION syn_string(t timestamptz) RETURNS bigint LANGUAGE sql
AS 'SELECT count(*) FROM syn_item FOR SYSTEM_TIME AS OF t e';
CREATE FUNCTION syn_plpgsql(t timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint := (SELECT count(*) FROM syn_item FOR SYSTEM_TIME AS OF t);
	a bigint[];
	r record;
BEGIN
	n := n + (SELECT count(*) FROM syn_item FOR SYSTEM_TIME AS OF t e);
	a[1] := (SELECT count(*) FROM syn_item FOR SYSTEM_TIME AS OF syn_plpgsql.t e);
	FOR r IN SELECT 1 FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF t e USING (id) LOOP
		n := n + 10;
	END LOOP;
	SELECT n + count(*) FROM syn_item FOR SYSTEM_TIME AS OF t e INTO n;
	IF EXISTS (SELECT FROM syn_item FOR SYSTEM_TIME AS OF t) THEN
		n := n + 100;
	END IF;
	RETURN n + a[1];
END $$;
SELECT syn_atomic('infinity'), syn_return('infinity'), syn_string('infinity'), syn_plpgsql('infinity');
DROP FUNCTION syn_atomic, syn_return, syn_string, syn_plpgsql;

-- A name that WITH defines is a table only where the definition is not seen
WITH syn_item AS (SELECT * FROM syn_item FOR SYSTEM_TIME ALL) SELECT count(*) FROM syn_item;
WITH a AS (SELECT * FROM syn_item AS OF NOW), syn_item AS (SELECT 1) SELECT count(*) FROM a, syn_item;
WITH syn_item AS (SELECT 1) SELECT count(*) FROM public.syn_item AS OF NOW;
WITH a AS (WITH syn_item AS (SELECT 1) SELECT * FROM syn_item) SELECT count(*) FROM a, syn_item AS OF NOW;
(WITH syn_item AS (SELECT 1) SELECT count(*) FROM syn_item) UNION SELECT count(*) FROM syn_item AS OF NOW ORDER BY 1;
SELECT (WITH syn_item AS (SELECT 1) SELECT count(*) FROM syn_item), count(*) FROM syn_item AS OF NOW;
WITH "SYN_ITEM" AS (SELECT 1) SELECT count(*) FROM syn_item AS OF NOW;
WITH syn_item AS (SELECT 1) SELECT 1 AS one\; SELECT count(*) FROM syn_item AS OF NOW;

-- Several statements in one string
SELECT 1 AS one\; SELECT count(*) FROM syn_item FOR SYSTEM_TIME ALL\; SELECT 'b' AS two;

-- What only looks like it
SELECT substring('abcdef' FOR system_time FROM 2), overlay('abcdef' PLACING 'x' FROM 1 FOR system_time)
FROM (SELECT 3 AS system_time) s;
SELECT 'FOR SYSTEM_TIME ALL' AS "FOR SYSTEM_TIME", $x$ t FOR SYSTEM_TIME ALL $x$ AS dollar; -- FOR SYSTEM_TIME
CREATE TABLE system_time (system_time integer, versioning integer, period integer, system integer);
INSERT INTO system_time VALUES (1, 2, 3, 4);
SELECT system_time.system_time, versioning, period, system FROM system_time system_time FOR UPDATE;
WITH system AS (SELECT 1 AS versioning) SELECT versioning FROM system FOR UPDATE;
DROP TABLE system_time;

DROP FUNCTION syn_stock;
SET client_min_messages = warning;
DROP TABLE syn_item, syn_order CASCADE;
