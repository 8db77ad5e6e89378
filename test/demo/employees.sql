CREATE EXTENSION temporal;

CREATE TABLE employees (
	id integer PRIMARY KEY,
	name text NOT NULL,
	salary numeric(10,2)
) WITH SYSTEM VERSIONING;

INSERT INTO employees VALUES (1, 'Ada', 5000), (2, 'Edgar', 4200);

-- A moment to come back to.
SELECT clock_timestamp() AS before_the_raise \gset

UPDATE employees SET salary = 6000 WHERE name = 'Ada';
DELETE FROM employees WHERE name = 'Edgar';

-- Today ...
SELECT id, name, salary FROM employees ORDER BY id;

-- ... then ...
SELECT id, name, salary
FROM employees FOR SYSTEM_TIME AS OF :'before_the_raise'
ORDER BY id;

-- ... what has become of each since ...
SELECT o.name, o.salary AS before, n.salary AS now
FROM employees FOR SYSTEM_TIME AS OF :'before_the_raise' AS o
	LEFT JOIN employees AS n USING (id)
ORDER BY o.id;

-- ... and everything that ever was.
SELECT * FROM employees FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
