--
-- Writes through views
--
CREATE TABLE vw (id integer PRIMARY KEY, v integer, dept text) WITH SYSTEM VERSIONING;
INSERT INTO vw VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'a');
CREATE VIEW vw_simple AS SELECT id, v FROM vw;
CREATE VIEW vw_all AS SELECT * FROM vw;
CREATE VIEW vw_checked AS SELECT * FROM vw WHERE dept = 'a' WITH CHECK OPTION;
CREATE VIEW vw_nested AS SELECT id AS key, v AS value FROM vw_simple WHERE v > 0;
CREATE VIEW vw_barrier WITH (security_barrier) AS SELECT * FROM vw WHERE dept = 'b';

INSERT INTO vw_simple VALUES (4, 40);
UPDATE vw_simple SET v = 41 WHERE id = 4;
DELETE FROM vw_simple WHERE id = 4;
UPDATE vw_nested SET value = value + 1 WHERE key = 1;
UPDATE vw_barrier SET v = 22;
INSERT INTO vw_nested VALUES (5, 50) ;
INSERT INTO vw_simple VALUES (5, 51) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
SELECT id, v, sys_end = lead(sys_start) OVER (PARTITION BY id ORDER BY sys_start) AS meets_next,
       sys_end = 'infinity' AS is_current
FROM vw FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- WITH CHECK OPTION
INSERT INTO vw_checked VALUES (6, 60, 'a');
\set VERBOSITY terse
INSERT INTO vw_checked VALUES (7, 70, 'b');
\echo :SQLSTATE
UPDATE vw_checked SET dept = 'b' WHERE id = 6;
\set VERBOSITY default
UPDATE vw_checked SET v = 61 WHERE id = 6;
SELECT id, v FROM vw FOR SYSTEM_TIME ALL WHERE id >= 6 ORDER BY sys_start;

-- The period cannot be set through a view either, under whatever name
CREATE VIEW vw_renamed AS SELECT id, v, sys_start AS since, sys_end AS until FROM vw;
UPDATE vw_all SET sys_start = now();
\echo :SQLSTATE
UPDATE vw_renamed SET since = now();
INSERT INTO vw_renamed (id, v, until) VALUES (8, 80, now());
INSERT INTO vw_renamed VALUES (8, 80, DEFAULT, DEFAULT);
INSERT INTO vw_renamed VALUES (9, 90);
UPDATE vw_renamed SET v = 91, since = DEFAULT WHERE id = 9;
SELECT id, v, since = lag(until) OVER (ORDER BY since) AS meets_previous
FROM (SELECT id, v, sys_start AS since, sys_end AS until FROM vw FOR SYSTEM_TIME ALL) h
WHERE id = 9 ORDER BY since;

-- A view's own DEFAULT for a period column is a value like any other
ALTER VIEW vw_renamed ALTER COLUMN until SET DEFAULT '2000-01-01';
INSERT INTO vw_renamed (id, v) VALUES (10, 100);
\echo :SQLSTATE

-- Views that cannot be updated by themselves: INSTEAD OF triggers and rules
CREATE VIEW vw_sums AS SELECT dept, sum(v) AS total FROM vw GROUP BY dept;
CREATE FUNCTION vw_spread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE vw SET v = NEW.total WHERE dept = OLD.dept;
	RETURN NEW;
END $$;
CREATE TRIGGER vw_spread INSTEAD OF UPDATE ON vw_sums FOR EACH ROW EXECUTE FUNCTION vw_spread();
UPDATE vw_sums SET total = 7 WHERE dept = 'b';
SELECT v, sys_end = 'infinity' AS is_current FROM vw FOR SYSTEM_TIME ALL WHERE id = 2 ORDER BY sys_start;

CREATE RULE vw_sums_delete AS ON DELETE TO vw_sums DO INSTEAD
	DELETE FROM vw WHERE dept = OLD.dept;
DELETE FROM vw_sums WHERE dept = 'b';
SELECT count(*) AS current FROM vw WHERE id = 2;
SELECT count(*) AS versions FROM vw_history WHERE id = 2;

-- A rule that writes beside the statement
CREATE TABLE vw_log (id integer, was integer) WITH SYSTEM VERSIONING;
CREATE RULE vw_also AS ON UPDATE TO vw DO ALSO INSERT INTO vw_log VALUES (OLD.id, OLD.v);
UPDATE vw SET v = v + 1 WHERE id = 1;
SELECT l.id, l.was, l.sys_start = vw.sys_start AS same_instant FROM vw_log l JOIN vw USING (id);
DROP RULE vw_also ON vw;
