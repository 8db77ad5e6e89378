-- temporal.row_start(), row_end(), system_time(): the periods of rows
SET search_path = public;
SELECT plan(19);

SELECT is(temporal.row_end(), 'infinity'::timestamptz, 'a current row ends at infinity');
SELECT volatility_is('temporal', 'row_end', ARRAY[]::name[], 'immutable');
SELECT volatility_is('temporal', 'row_start', ARRAY[]::name[], 'stable', 'row_start() is stable, or COPY could not write many rows at once');
SELECT volatility_is('temporal', 'system_time', ARRAY[]::name[], 'stable');
SELECT is(proparallel, 'r', 'row_start() stays with the leader') FROM pg_proc WHERE oid = 'temporal.row_start()'::regprocedure;

SELECT is(temporal.system_time(), NULL, 'no system time before the first write');
BEGIN;
SELECT is(temporal.system_time(), NULL, 'nor in a transaction that only reads');
SELECT ok(temporal.row_start() <= clock_timestamp(), 'a row does not start in the future');
SELECT is(temporal.row_start(), temporal.row_start(), 'rows of one transaction start together');
SELECT is(temporal.system_time(), temporal.row_start(), 'at the system time');
SAVEPOINT s;
SELECT is(temporal.system_time(), temporal.row_start(), 'also after a savepoint');
ROLLBACK TO s;
SELECT is(temporal.system_time(), temporal.row_start(), 'and after a return to it');
SELECT temporal.system_time() AS first_time \gset
COMMIT;
SELECT is(temporal.system_time(), NULL, 'it ends with the transaction');
BEGIN;
SELECT ok(temporal.row_start() > :'first_time', 'the next transaction is later');
ROLLBACK;

-- One tick is given once, whatever the clock's resolution
CREATE TABLE tick (t timestamptz);
DO $$
BEGIN
	FOR i IN 1..500 LOOP
		INSERT INTO tick VALUES (temporal.row_start());
		COMMIT;
	END LOOP;
END $$;
SELECT is(count(DISTINCT t), 500::bigint, 'five hundred transactions, five hundred ticks') FROM tick;
SELECT is(count(*), 0::bigint, 'each later than the one before')
FROM (SELECT t <= lag(t) OVER (ORDER BY ctid) AS wrong FROM tick) x WHERE wrong;
SELECT ok(max(t) <= clock_timestamp() + interval '1 second', 'and not ahead of the clock') FROM tick;

-- A table's rows bear them
CREATE TABLE row_times (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
BEGIN;
INSERT INTO row_times VALUES (1);
SELECT is(sys_start, temporal.system_time(), 'a row starts at the system time') FROM row_times;
SELECT is(sys_end, temporal.row_end(), 'and has no end') FROM row_times;
COMMIT;

SELECT * FROM finish();
