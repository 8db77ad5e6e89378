--
-- Places are counted in characters, also behind and inside of our clauses
--
-- syntax_multibyte_1.out is for databases whose encoding is not UTF8.
--
SELECT getdatabaseencoding() <> 'UTF8' AS skip_test \gset
\if :skip_test
\quit
\endif
SET client_encoding = 'UTF8';
CREATE TABLE "Tàblé" (id integer, "été" timestamptz, "名" timestamptz);

-- Before the clause, in it, behind it
SELECT 'é', 'ü' FROM "Tàblé" FOR SYSTEM_TIME AS OF now() + 'é' + WHERE;
SELECT 'é' FROM "Tàblé" FOR SYSTEM_TIME ASOF 'é';
SELECT 'é' FROM "Tàblé" FOR SYSTEM_TIME AS OF 'tête' WHERE WHERE;
SELECT 'é' FROM "Tàblé" FOR SYSTEM_TIME AS OF 'tête' /* é */ é WHERE nope = '名';
SELECT * FROM "Tàblé" FOR SYSTEM_TIME AS OF coalesce("名", 'é' 'ü') e;
SELECT * FROM "Tàblé" a, "Tàblé" FOR SYSTEM_TIME FROM "été" TO "été" "名" WHERE "名"."名é" = 1;
SELECT 'é'\; SELECT 'é' FROM "Tàblé" FOR SYSTEM_TIME ALL "é" WHERE nope\; SELECT 'é';
SELECT * FROM "Tàblé" FOR SYSTEM_TIME CONTAINED IN ('é', 'é' 'ü');
DELETE FROM "Tàblé" FOR SYSTEM_TIME AS OF 'été';
SELECT 'é' FROM "Tàblé"AS/*名*/OF/*é*/NOW/*é*/é WHERE nope = '名';
SELECT 'é' FROM "Tàblé" AS OF TIMESTAMP 'tête' /* é */ é;
WITH "Tàblé" AS (SELECT 1) SELECT 'é' FROM "Tàblé" AS OF NOW;
SELECT 'é' FROM "Tàblé" /* é */ VERSIONS/*名*/BETWEEN /* é */ SCN MINVALUE /* é */ AND "名" + WHERE;
SELECT 'é' FROM "Täblé"VERSIONS/*名*/BETWEEN/*é*/TIMESTAMP/*é*/MINVALUE/*名*/AND/*é*/MAXVALUE/*é*/é WHERE nope = '名';
FLASHBACK/*é*/TABLE/*é*/"Täblé"/*é*/,/*é*/"Tàblé"/*é*/TO TIMESTAMP/*é*/now()/*é*/ENABLE/*é*/TRIGGERS/*é*/;
SELECT 'é'\; FLASHBACK TABLE é TO SCN 'é'\; SELECT 'é';
FLASHBACK TABLE "Tàblé" /* é */ TO TIMESTAMP 'é' /* é */ é;
FLASHBACK TABLE "Tàblé" TO TIMESTAMP /* éééé */ 'tête';

-- In tables
CREATE TABLE "é" ("é" timestamptz GENERATED ALWAYS AS ROW /* é */ START, PERIOD FOR SYSTEM_TIME ("é", "ü"), foo);
CREATE TABLE "é" ("é" integer) WITH SYSTEM /* é */ VERSIONING "é";
CREATE TABLE "é" ("é" integer) WITH (é = 1) WITH SYSTEM VERSIONING PARTITION BY RANGE ("é" "é" "é");
ALTER TABLE "Tàblé" ADD /*é*/ SYSTEM /* éééééééééééééééééééééé */ VERSIONING /* é */ "é";
ALTER TABLE "Tàblé" ADD SYSTEM/*é*/VERSIONING WITH (temporal."é" = 1) "é";
ALTER TABLE "Tàblé" ADD PERIOD FOR SYSTEM_TIME ("é", "ü") ADD COLUMN "é" timestamp "é" GENERATED ALWAYS AS ROW START;
ALTER TABLE é ADD é integer GENERATED ALWAYS AS ROW START;
ALTER TABLE é é, ADD é timestamptz GENERATED ALWAYS AS ROW START;
CREATE TABLE éé (id integer);
ALTER TABLE éé ADD é timestamptz "ü" GENERATED ALWAYS AS ROW START;
ALTER TABLE éé ADD é timestamptz GENERATED ALWAYS AS ROW START, ADD ü timestamptz GENERATED ALWAYS AS ROW END, ADD PERIOD FOR SYSTEM_TIME (é, ü);
SELECT attname FROM pg_attribute WHERE attrelid = 'éé'::regclass AND attnum > 0 ORDER BY attnum;
DROP TABLE éé;

-- What is kept of the names
CREATE VIEW syn_view AS SELECT "名".id FROM "Tàblé" FOR SYSTEM_TIME AS OF '2024-01-01' /* é */ "名";
SELECT regexp_replace(pg_get_viewdef('syn_view'), '^.* FROM', 'FROM') AS stock;
DROP VIEW syn_view;
DROP TABLE "Tàblé";
