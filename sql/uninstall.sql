--
-- The last of the tests: takes the extension away, and looks for traces
--
SET ROLE NONE;
SET client_min_messages = warning;

CREATE TABLE uninstall_survivor (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO uninstall_survivor VALUES (1, 10);
UPDATE uninstall_survivor SET v = 11;

-- Versioned tables need it
\set VERBOSITY terse
DROP EXTENSION temporal;
\set VERBOSITY default

DROP EXTENSION temporal CASCADE;
DROP SCHEMA IF EXISTS temporal;

-- The table is a table again, and works
SELECT id, v FROM uninstall_survivor;
UPDATE uninstall_survivor SET v = 12;
DELETE FROM uninstall_survivor;
SELECT count(*) FROM uninstall_survivor;
SELECT tgname FROM pg_trigger
WHERE tgrelid = 'uninstall_survivor'::regclass;

SELECT count(*) AS functions_left
FROM pg_proc WHERE probin LIKE '%temporal%';

-- And it can come back
CREATE EXTENSION temporal;
DROP EXTENSION temporal;

SELECT format('ALTER DATABASE %I RESET role', current_database())
\gexec
