--
-- AS OF SCN, TRANSACTION and SNAPSHOT; VERSIONS BETWEEN; FLASHBACK TABLE
--
-- A view is stored in the stock form, so its definition shows what was made of
-- what was typed.
--
CREATE TABLE syn_item (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
CREATE TABLE syn_order (id integer, placed_at timestamptz, scn bigint, "transaction" bigint, snapshot timestamptz);
INSERT INTO syn_order VALUES (1, '2999-01-01', 4711, 4711, '2999-01-01');
INSERT INTO syn_item VALUES (1, 'a'), (2, 'b');

CREATE FUNCTION syn_stock(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	definition text;
BEGIN
	EXECUTE 'CREATE VIEW syn_view AS ' || query;
	definition := regexp_replace(pg_get_viewdef('syn_view'), '\s+', ' ', 'g');
	DROP VIEW syn_view;
	-- select lists are printed differently since PostgreSQL 16
	definition := regexp_replace(definition, '\( SELECT .*? FROM', '(SELECT ... FROM', 'g');
	definition := regexp_replace(definition, 'v\(version, .*?\)', 'v', 'g');
	RETURN substring(definition from ' FROM (.*);');
END $$;

-- What a point in time is measured in, in every place that takes one
SELECT syn_stock(format('SELECT e.id FROM syn_item %s', x))
FROM unnest(ARRAY[
	$$ FOR SYSTEM_TIME AS OF SCN 4711 e $$,
	$$ FOR SYSTEM_TIME AS OF TRANSACTION 4711 e $$,
	$$ FOR SYSTEM_TIME AS OF TRANSACTION '4711'::xid8 e $$,
	$$ FOR SYSTEM_TIME AS OF SNAPSHOT 'before' e $$,
	$$ FOR SYSTEM_TIME AS OF TIMESTAMP now() e $$,
	$$ AS OF SCN 4711 e $$,
	$$ AS OF TRANSACTION 4711 AS e (id) $$,
	$$ AS OF SNAPSHOT 'before' e $$,
	$$ AS/* c */OF -- c
	SCN(4711)e $$,
	$$ FOR SYSTEM_TIME FROM SCN 1 TO SCN 2 e $$,
	$$ FOR SYSTEM_TIME FROM SNAPSHOT 'a' TO '2024-01-01' e $$,
	$$ FOR SYSTEM_TIME BETWEEN SCN 1 AND SCN 2 e $$,
	$$ FOR SYSTEM_TIME BETWEEN SYMMETRIC SCN 1 AND TRANSACTION 2 e $$,
	$$ FOR SYSTEM_TIME BETWEEN ASYMMETRIC TRANSACTION 1 AND TIMESTAMP '2024-01-01' e $$,
	$$ FOR SYSTEM_TIME BETWEEN TIMESTAMP now() - interval '1 day' AND SNAPSHOT 'a' e $$,
	$$ FOR SYSTEM_TIME CONTAINED IN (SCN 1, SCN 2) e $$,
	$$ FOR SYSTEM_TIME CONTAINED IN (TIMESTAMP '2024-01-01', SNAPSHOT 'a') e $$
]) AS x;

-- The word belongs to all of the expression behind it
SELECT syn_stock(format('SELECT e.id FROM syn_item AS OF %s e', x))
FROM unnest(ARRAY[
	$$ SCN 4711 + 1 $$,
	$$ SCN -1 $$,
	$$ SCN (4711) $$,
	$$ SCN (SELECT 4711) $$,
	$$ SCN CASE WHEN true THEN 4711 END $$,
	$$ SCN CAST('4711' AS bigint) $$,
	$$ SCN '4711' $$,
	$$ SCN NULL $$,
	$$ SCN length('abc') $$,
	$$ SNAPSHOT U&'bef!006fre' UESCAPE '!' $$,
	$$ SNAPSHOT 'be' || 'fore' $$,
	$$ SNAPSHOT current_setting('timezone') $$
]) AS x;

-- Columns further left, and words that are units no more
SELECT syn_stock(format('SELECT e.id FROM syn_order o JOIN syn_item FOR SYSTEM_TIME AS OF %s ON true', x))
FROM unnest(ARRAY[
	$$ SCN o.scn e $$,
	$$ SCN scn e $$,
	$$ TRANSACTION transaction AS e $$,
	$$ SNAPSHOT o.id::text e $$,
	$$ snapshot AS e $$,
	$$ snapshot - interval '1 day' e $$,
	$$ snapshot AT TIME ZONE 'UTC' e $$,
	$$ snapshot::timestamptz e $$,
	$$ "snapshot" e $$,
	$$ (snapshot) e $$,
	$$ o.snapshot e $$
]) AS x;
SELECT syn_stock($$ SELECT e.id FROM (SELECT now() AS at, 1 AS id) scn, syn_item FOR SYSTEM_TIME AS OF scn.at e $$);
SELECT syn_stock($$ SELECT e.id FROM syn_order, syn_item FOR SYSTEM_TIME BETWEEN snapshot AND snapshot AS e $$);
SELECT syn_stock($$ SELECT e.id FROM syn_order, syn_item FOR SYSTEM_TIME FROM snapshot TO snapshot AS e $$);
SELECT syn_stock($$ SELECT e.id FROM syn_order, syn_item FOR SYSTEM_TIME CONTAINED IN (snapshot, snapshot) e $$);
SELECT syn_stock($$ SELECT syn_item.id FROM syn_order, syn_item FOR SYSTEM_TIME AS OF snapshot WHERE true $$);
SELECT syn_stock($$ SELECT syn_item.id FROM syn_order, syn_item FOR SYSTEM_TIME AS OF snapshot LEFT JOIN syn_order p ON true $$);
SELECT syn_stock($$ SELECT timestamp.id FROM (SELECT now() AS timestamp, 1 AS id) AS timestamp, syn_item FOR SYSTEM_TIME AS OF timestamp $$);
SELECT scn.scn, transaction, snapshot = placed_at AS snapshot FROM syn_order AS scn;
SELECT snapshot.scn FROM syn_order snapshot JOIN syn_order transaction USING (id);
CREATE FUNCTION syn_plpgsql(scn bigint, snapshot timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT count(*) FROM syn_item FOR SYSTEM_TIME AS OF snapshot) +
		(SELECT count(*) FROM syn_item FOR SYSTEM_TIME AS OF snapshot AS e) +
		(SELECT count(*) FROM syn_item AS OF SCN scn) +
		(SELECT count(*) FROM syn_item AS OF SCN syn_plpgsql.scn e);
END $$;
SELECT (extract(epoch FROM sys_start - '2000-01-01 00:00+00') * 1000000)::bigint AS scn FROM syn_item LIMIT 1 \gset
SELECT syn_plpgsql(:scn, 'infinity');
DROP FUNCTION syn_plpgsql;

-- VERSIONS BETWEEN
SELECT syn_stock(format('SELECT 1 FROM syn_item VERSIONS BETWEEN %s', x))
FROM unnest(ARRAY[
	$$ TIMESTAMP '2024-01-01' AND '2024-02-01' $$,
	$$ TIMESTAMP '2024-01-01' AND TIMESTAMP '2024-02-01' e $$,
	$$ TIMESTAMP now() - interval '1 day' AND now() AS e $$,
	$$ TIMESTAMP MINVALUE AND MAXVALUE AS e (a, b) $$,
	$$ TIMESTAMP TIMESTAMP '2024-01-01' AND (now()) e $$,
	$$ TIMESTAMP CASE WHEN true AND true THEN now() END AND now() e $$,
	$$ SCN MINVALUE AND 4711 e $$,
	$$ SCN 4711 AND MAXVALUE e $$,
	$$ SCN 1 AND 2 $$,
	$$ SCN 1 AND SCN 2 e $$,
	$$ SCN 1 AND TIMESTAMP now() e $$,
	$$ TIMESTAMP '2024-01-01' AND SCN MAXVALUE e $$,
	$$ SCN (SELECT max(scn) FROM syn_order) AND 4711 + 1 e WHERE true $$
]) AS x;
SELECT syn_stock($$ SELECT 1 FROM "syn_item"VERSIONS/* c */BETWEEN -- c
	SCN 1 AND 2"e" $$);
SELECT syn_stock($$ SELECT 1 FROM public.syn_item versions between scn 1 and 2 $$);
SELECT syn_stock($$ SELECT 1 FROM syn_order o JOIN syn_item VERSIONS BETWEEN TIMESTAMP o.placed_at AND MAXVALUE i USING (id) $$);
SELECT syn_stock($$ SELECT 1 FROM syn_order o, syn_item VERSIONS BETWEEN SCN MINVALUE AND scn AS i $$);
SELECT syn_stock($$ SELECT 1 FROM syn_order o, syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND (SELECT max(sys_start) FROM syn_item AS OF SCN 1) i $$);
SELECT syn_stock($$ SELECT (SELECT count(*) FROM syn_item VERSIONS BETWEEN SCN 1 AND o.scn) FROM syn_order o $$);

-- A table whose name is a type's, too, and one made in the same string
CREATE TABLE path (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
SELECT syn_stock($$ SELECT 1 FROM path VERSIONS BETWEEN SCN 1 AND 2 $$);
DROP TABLE path CASCADE;
CREATE TABLE syn_new (syn_new integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING\; INSERT INTO syn_new VALUES (1, 'a')\; SELECT syn_new, v FROM syn_new VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE;
DROP TABLE syn_new CASCADE;

-- In statements of every kind
UPDATE syn_item SET v = 'c' WHERE id = 2;
SELECT id, v FROM syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE ORDER BY id, v;
SELECT * FROM syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE WHERE false;
WITH w AS (SELECT * FROM syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE) SELECT count(*) FROM w;
INSERT INTO syn_order (id) SELECT id FROM syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE WHERE v = 'c';
UPDATE syn_order o SET scn = i.id FROM syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE i WHERE i.id = o.id AND i.v = 'c';
DELETE FROM syn_order o USING syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE i WHERE i.id = o.scn;
MERGE INTO syn_order o USING syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE i ON i.id = o.scn WHEN MATCHED THEN DELETE;
COPY (SELECT id, v FROM syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE ORDER BY id, v) TO STDOUT;
PREPARE syn_versions (timestamptz) AS SELECT count(*) FROM syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND $1 e;
EXECUTE syn_versions ('infinity');
DEALLOCATE syn_versions;
DO $$
DECLARE
	versions bigint;
	up_to timestamptz := 'infinity';
BEGIN
	SELECT count(*) INTO versions FROM syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND up_to;
	IF versions BETWEEN 3 AND 3 THEN
		RAISE NOTICE 'three';
	END IF;
END $$;

SELECT count(*) FROM (SELECT FROM syn_item i, syn_item VERSIONS BETWEEN TIMESTAMP MINVALUE AND MAXVALUE FOR UPDATE OF i) s;

-- An alias, a column and a label called "versions" are stock
SELECT versions.id FROM syn_item versions ORDER BY 1;
SELECT versions.id FROM syn_item versions JOIN syn_order o ON versions.id BETWEEN 1 AND o.id ORDER BY 1;
SELECT versions.id FROM syn_item AS versions WHERE versions.sys_start BETWEEN TIMESTAMP '2000-01-01' AND now() ORDER BY 1;
SELECT versions BETWEEN TIMESTAMP '2000-01-01' AND TIMESTAMP '2999-01-01' AS versions, NOT versions BETWEEN now() AND now() AS not_now
FROM (SELECT now()::timestamp AS versions) AS versions
WHERE versions BETWEEN TIMESTAMP '2000-01-01' AND now() AND (versions BETWEEN TIMESTAMP '2000-01-01' AND now())
GROUP BY versions HAVING versions BETWEEN TIMESTAMP '2000-01-01' AND now()
ORDER BY versions BETWEEN TIMESTAMP '2000-01-01' AND now(), versions.versions BETWEEN TIMESTAMP '2000-01-01' AND now();
SELECT 1 OPERATOR(pg_catalog.+) versions BETWEEN scn AND 3 AS yes, 2 * versions BETWEEN scn AND 4 AS too,
	CASE WHEN versions BETWEEN scn AND 1 THEN versions BETWEEN scn AND 2 ELSE versions BETWEEN scn AND 3 END AS always
FROM (SELECT 2 AS versions, 1 AS scn) s;
SELECT now() AT TIME ZONE versions BETWEEN timestamp '2000-01-01' AND timestamp '2999-01-01' AS yes FROM (SELECT 'UTC' AS versions) s;
SELECT 1 versions;
SELECT 't VERSIONS BETWEEN SCN 1 AND 2' AS "t VERSIONS BETWEEN SCN 1 AND 2"; -- t VERSIONS BETWEEN SCN 1 AND 2
CREATE TABLE versions (by timestamp, versions timestamp);
SELECT versions FROM versions versions ORDER BY versions BETWEEN TIMESTAMP '2000-01-01' AND by;
SELECT by.versions FROM versions by GROUP BY versions;
DROP TABLE versions;

-- FLASHBACK TABLE
CREATE TABLE "Syn Other" (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
INSERT INTO "Syn Other" VALUES (1, 'other');
SELECT sys_start AS before FROM "Syn Other" \gset
SELECT (extract(epoch FROM :'before'::timestamptz - '2000-01-01 00:00+00') * 1000000)::bigint AS scn \gset
SELECT id, v FROM syn_item ORDER BY id;
UPDATE syn_item SET v = 'later';
FLASHBACK TABLE syn_item TO TIMESTAMP :'before';
SELECT id, v FROM syn_item ORDER BY id;
DELETE FROM syn_item;
FLASHBACK TABLE public.syn_item TO SCN :scn ENABLE TRIGGERS;
SELECT id, v FROM syn_item ORDER BY id;
-- Several tables, names that need quotes, and every kind of expression
UPDATE syn_item SET v = 'later';
UPDATE "Syn Other" SET v = 'later';
flashback/* c */table "syn_item", public.U&"Syn!0020Other" UESCAPE '!' -- c
	to timestamp TIMESTAMPTZ :'before' - CASE WHEN true THEN INTERVAL '0' DAY END;
SELECT id, v FROM syn_item UNION ALL SELECT id, v FROM "Syn Other" ORDER BY v;
UPDATE syn_item SET v = 'later';
FLASHBACK TABLE syn_item, "Syn Other" TO TIMESTAMP (TIMESTAMPTZ :'before') ENABLE TRIGGERS;
SELECT id, v FROM syn_item UNION ALL SELECT id, v FROM "Syn Other" ORDER BY v;
DELETE FROM "Syn Other";
-- In strings of several statements, functions and blocks
SELECT 1 AS one\; FLASHBACK TABLE syn_item TO SCN :scn\; FLASHBACK TABLE "Syn Other" TO SCN (:scn + 0);
SELECT id, v FROM syn_item UNION ALL SELECT id, v FROM "Syn Other" ORDER BY v;
CREATE PROCEDURE syn_back(before timestamptz) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE syn_item SET v = 'later';
	FLASHBACK TABLE syn_item TO TIMESTAMP before;
	IF true THEN
		FLASHBACK TABLE syn_item, "Syn Other" TO TIMESTAMP syn_back.before - interval '0' ENABLE TRIGGERS;
	END IF;
END $$;
CALL syn_back(:'before');
SELECT id, v FROM syn_item ORDER BY id;
DROP PROCEDURE syn_back;
CREATE FUNCTION syn_back(before timestamptz) RETURNS void LANGUAGE sql AS
	'UPDATE syn_item SET v = ''later''; FLASHBACK TABLE syn_item TO TIMESTAMP before';
SELECT syn_back(:'before');
SELECT id, v FROM syn_item ORDER BY id;
DROP FUNCTION syn_back;
DO $$ DECLARE flashback integer := 1; BEGIN flashback := flashback + 1; RAISE NOTICE 'flashback %', flashback; END $$;
-- It is no reserved word
CREATE TABLE flashback (flashback integer);
SELECT flashback.flashback FROM flashback flashback;
DROP TABLE flashback;

DROP FUNCTION syn_stock;
SET client_min_messages = warning;
DROP TABLE syn_item, syn_order, "Syn Other" CASCADE;
