--
-- Every kind of index on a history is kept by the capture, over many batches
--
CREATE TABLE hix (id integer PRIMARY KEY, v integer, t text) WITH (temporal.history_index = gist) WITH SYSTEM VERSIONING;
INSERT INTO hix SELECT g, 0, 't' || g FROM generate_series(1, 2500) g;
UPDATE hix SET v = 1;
SELECT count(*) FROM hix_history;

-- Users' own: an expression, a predicate, both, other methods
CREATE INDEX hix_lower ON hix_history (upper(t));
CREATE INDEX hix_partial ON hix_history (v) WHERE v > 1;
CREATE INDEX hix_both ON hix_history ((v * 10)) WHERE id < 100;
CREATE INDEX hix_hash ON hix_history USING hash (t);
CREATE INDEX hix_block ON hix_history USING brin (id, sys_end) WITH (pages_per_range = 4);
CREATE INDEX hix_include ON hix_history (sys_end) INCLUDE (t);
UPDATE hix SET v = 2;
UPDATE hix SET v = 3 WHERE id <= 10;
DELETE FROM hix WHERE id > 1200;
TRUNCATE hix;

-- Whatever index is used, it finds what a scan of all finds
SET enable_seqscan = off;
SELECT count(*) AS by_expression FROM hix_history WHERE upper(t) = 'T7';
SELECT count(*) AS by_predicate FROM hix_history WHERE v > 1;
SELECT count(*) AS by_both FROM hix_history WHERE v * 10 = 30 AND id < 100;
SELECT count(*) AS by_hash FROM hix_history WHERE t = 't7';
SELECT count(*) AS by_brin FROM hix_history WHERE id BETWEEN 7 AND 8;
SELECT count(*) AS by_time FROM hix_history WHERE sys_end = (SELECT max(sys_end) FROM hix_history);
SELECT count(*) AS by_period FROM hix_history
WHERE tstzrange(sys_start, sys_end) @> (SELECT min(sys_end) FROM hix_history);
RESET enable_seqscan;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
SELECT count(*) AS by_expression FROM hix_history WHERE upper(t) = 'T7';
SELECT count(*) AS by_predicate FROM hix_history WHERE v > 1;
SELECT count(*) AS by_both FROM hix_history WHERE v * 10 = 30 AND id < 100;
SELECT count(*) AS by_hash FROM hix_history WHERE t = 't7';
SELECT count(*) AS by_brin FROM hix_history WHERE id BETWEEN 7 AND 8;
SELECT count(*) AS by_time FROM hix_history WHERE sys_end = (SELECT max(sys_end) FROM hix_history);
SELECT count(*) AS by_period FROM hix_history
WHERE tstzrange(sys_start, sys_end) @> (SELECT min(sys_end) FROM hix_history);
RESET enable_indexscan;
RESET enable_bitmapscan;
RESET enable_indexonlyscan;

-- An index whose expression fails for a row lets the change fail, too: never a
-- change without its version
CREATE TABLE hix_fail (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE INDEX ON hix_fail_history ((10 / v));
INSERT INTO hix_fail VALUES (1, 0), (2, 2);
UPDATE hix_fail SET v = 5;
\echo :SQLSTATE
UPDATE hix_fail SET v = 5 WHERE id = 2;
SELECT id, v FROM hix_fail FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- The default: btree on the key, BRIN on the period, versions of many times
-- that were written in no order of their starts
CREATE TABLE hix_default (id integer PRIMARY KEY, v integer, filler text) WITH SYSTEM VERSIONING;
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		INSERT INTO hix_default SELECT g * 20 + i, i, repeat('f', 100) FROM generate_series(0, 99) g;
		COMMIT;
	END LOOP;
	FOR i IN 1..20 LOOP
		UPDATE hix_default SET v = v + 100 WHERE id % 7 = i % 7;
		COMMIT;
	END LOOP;
END $$;
UPDATE hix_default SET v = 0;
SET enable_seqscan = off;
CREATE TEMP TABLE hix_by_index AS
SELECT t, (SELECT count(*) FROM hix_default FOR SYSTEM_TIME AS OF t h) AS n,
       (SELECT sum(v) FROM hix_default FOR SYSTEM_TIME AS OF t h) AS s
FROM (SELECT DISTINCT sys_end AS t FROM hix_default_history UNION SELECT DISTINCT sys_start FROM hix_default_history) times;
RESET enable_seqscan;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT count(*) AS times,
       count(*) FILTER (WHERE n = (SELECT count(*) FROM hix_default FOR SYSTEM_TIME AS OF t h)
                        AND s = (SELECT sum(v) FROM hix_default FOR SYSTEM_TIME AS OF t h)) AS equal
FROM hix_by_index;
RESET enable_indexscan;
RESET enable_bitmapscan;
