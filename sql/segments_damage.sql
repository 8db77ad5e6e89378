--
-- Bytes of segments that are not what was written: an error that names them,
-- or the right answer; never a crash, never another answer
--
CREATE TYPE sdm_pair AS (a integer, b text);
CREATE TABLE sdm (id integer PRIMARY KEY, v bigint, t text, n numeric, b boolean, f float8, a text[], p sdm_pair, nm name, "at" timestamptz) WITH SYSTEM VERSIONING;
INSERT INTO sdm SELECT g, g * g, CASE WHEN g % 4 > 0 THEN repeat(md5(g::text), 1 + g % 3) END, sqrt(g::numeric), g % 3 = 0, sqrt(g), ARRAY[g::text, NULL], ROW(g, 'x')::sdm_pair, 'n' || g, '2001-01-01'::timestamptz + g * interval '1 s'
FROM generate_series(1, 700) g;
UPDATE sdm SET v = v + 1, t = t || 'x';
UPDATE sdm SET v = v + 1 WHERE id % 2 = 0;
DELETE FROM sdm;
SELECT versions, segments > 1 AS segments FROM temporal.compress_history('sdm', now());
SELECT md5(string_agg(h::text, ',' ORDER BY h::text COLLATE "C")) AS all_of_it FROM sdm_history h \gset
SET ROLE NONE;
SELECT segments AS store FROM temporal.segment_store WHERE history = 'sdm_history'::regclass \gset
SET temporal.allow_period_writes = on;
CREATE TABLE sdm_was AS SELECT ctid AS place, s.* FROM :store s;
SET client_min_messages = error;

-- Each damage is done, looked at, and undone
CREATE FUNCTION sdm_try(store regclass, right_answer text, what text, change text, OUT outcome text) LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	state text;
	message text;
	detail text;
BEGIN
	BEGIN
		EXECUTE format('UPDATE %s SET %s WHERE (run, key_low) = (SELECT run, key_low FROM %1$s ORDER BY versions DESC, run, key_low LIMIT 1)', store, change);
		BEGIN
			SELECT md5(string_agg(h::text, ',' ORDER BY h::text COLLATE "C")) INTO answer FROM sdm_history h;
			outcome := CASE WHEN answer = right_answer THEN 'right' ELSE 'WRONG' END;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
			outcome := CASE WHEN state = 'XX001' AND message ~ '^segment \(\d+,\d+\) of history "sdm_history" is damaged$' AND detail ~ '^(Header|Column ".+"): .+\.$'
							THEN 'told' ELSE state || ' ' || message END;
		END;
		RAISE SQLSTATE 'UNDO0';
	EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
		NULL;
	END;
END $$;
CREATE TABLE sdm_outcome (what text, outcome text);
SELECT sdm_try(:'store', :'all_of_it', 'nothing', 'run = run');
SELECT octet_length(data) AS size FROM sdm_was ORDER BY versions DESC, run, key_low LIMIT 1 \gset

-- Bits that are flipped, in each byte of the header and at many places behind it
INSERT INTO sdm_outcome
SELECT 'header', sdm_try(:'store', :'all_of_it', '', format('data = set_bit(data, %s, 1 - get_bit(data, %1$s))', g * 8 + g % 8)) FROM generate_series(0, 160) g;
INSERT INTO sdm_outcome
SELECT 'columns', sdm_try(:'store', :'all_of_it', '', format('data = set_bit(data, %s, 1 - get_bit(data, %1$s))', g * 8 + g % 8)) FROM generate_series(161, :size - 1, 97) g;
-- What is cut off, or put on
INSERT INTO sdm_outcome
SELECT 'cut', sdm_try(:'store', :'all_of_it', '', format('data = substr(data, 1, %s)', g)) FROM generate_series(0, :size - 1, 331) g;
INSERT INTO sdm_outcome
SELECT 'cut', sdm_try(:'store', :'all_of_it', '', format('data = substr(data, 1, %s)', g)) FROM unnest(ARRAY[1, 2, 7, 8, 9, 12, 100, :size - 1]) g;
INSERT INTO sdm_outcome
SELECT 'cut at the front', sdm_try(:'store', :'all_of_it', '', format('data = substr(data, %s)', g)) FROM generate_series(2, :size, 997) g;
INSERT INTO sdm_outcome
SELECT 'longer', sdm_try(:'store', :'all_of_it', '', 'data = data || data');
-- Other bytes
INSERT INTO sdm_outcome
SELECT 'noise', sdm_try(:'store', :'all_of_it', '', format('data = overlay(data PLACING %L::bytea FROM %s)', decode(repeat(md5(g::text), 4), 'hex'), g)) FROM generate_series(1, :size - 64, 499) g;
INSERT INTO sdm_outcome
SELECT 'zeros', sdm_try(:'store', :'all_of_it', '', format('data = overlay(data PLACING %L::bytea FROM %s)', decode(repeat('00', 40), 'hex'), g)) FROM generate_series(1, :size - 64, 499) g;
INSERT INTO sdm_outcome
SELECT 'all noise', sdm_try(:'store', :'all_of_it', '', format('data = decode(repeat(md5(%L), %s), ''hex'')', g, g)) FROM generate_series(1, 40) g;
INSERT INTO sdm_outcome
SELECT 'all noise', sdm_try(:'store', :'all_of_it', '', format('data = %L || decode(repeat(md5(%L), 100), ''hex'')', '\x0100'::bytea, g)) FROM generate_series(1, 20) g;
-- Stored in another way, it is the same
INSERT INTO sdm_outcome
SELECT 'stored otherwise', sdm_try(:'store', :'all_of_it', '', 'data = data || ''''');
SELECT what, outcome, count(*) FILTER (WHERE outcome <> 'told') AS times FROM sdm_outcome GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) > 300 AS many FROM sdm_outcome;

-- A segment that is damaged stands in nobody's way who does not need it
UPDATE :store SET data = set_byte(data, octet_length(data) - 1, 255 - get_byte(data, octet_length(data) - 1)) WHERE key_low = (SELECT min(key_low) FROM :store);
\set VERBOSITY sqlstate
SELECT count(*) FROM sdm_history;
SELECT count(sys_end) FROM sdm_history;
SELECT count(*) FROM sdm_history WHERE id = 699;
SELECT max(sys_start) > min(sys_start) FROM sdm_history;
SELECT count(*) FROM sdm FOR SYSTEM_TIME AS OF now();
-- and is not lost where it would have to move: what cannot be read stays
SELECT temporal.decompress_history('sdm');
ALTER TABLE sdm DROP SYSTEM VERSIONING;
COPY sdm_history TO '/dev/null';
CREATE TABLE sdm_copy AS SELECT * FROM sdm_history;
\set VERBOSITY default
UPDATE :store s SET data = w.data FROM sdm_was w WHERE s.run = w.run AND s.key_low = w.key_low AND s.key_high = w.key_high;
SELECT md5(string_agg(h::text, ',' ORDER BY h::text COLLATE "C")) = :'all_of_it' AS mended FROM sdm_history h;
SELECT versions FROM temporal.decompress_history('sdm');
SELECT md5(string_agg(h::text, ',' ORDER BY h::text COLLATE "C")) = :'all_of_it' AS the_same FROM sdm_history h;
DROP TABLE sdm_was, sdm_outcome;
DROP TABLE sdm CASCADE;
