--
-- Archives: who may, where, and files that are none, or damaged
--
SET ROLE NONE;
SELECT setting || '/regress_temporal_archives' AS directory FROM pg_settings WHERE name = 'data_directory' \gset
\set make 'cat; d=' :directory '; mkdir $d $d/allowed $d/allowed/below $d/other $d/allowed-not; ln -s $d/other $d/allowed/out; ln -s $d/allowed/below $d/allowed/in; ln -s $d/allowed $d/link'
\set remove 'cat; rm -r ' :directory
COPY (SELECT) TO PROGRAM :'make';
SELECT set_config('temporal.archive_directories', :'directory' || '/allowed', false) = '' AS empty;
SELECT set_config('test.directory', :'directory', false) = '' AS empty;
CREATE ROLE regress_temporal_writer;
GRANT USAGE ON SCHEMA public TO regress_temporal_writer;
GRANT pg_write_server_files TO regress_temporal_writer;

-- What a statement ends with, without what is different each time
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
	detail text;
	hint text;
BEGIN
	EXECUTE replace(statement, '$d', current_setting('test.directory')) INTO said;
	RETURN coalesce(regexp_replace(replace(said, current_setting('test.directory'), '$d'), '[0-9]{8}T.*archive$', '...archive'), 'null');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN replace(concat_ws(E'\n', SQLSTATE || ': ' || regexp_replace(SQLERRM, '(/x){9,}', '/x...'), nullif(detail, ''), nullif(hint, '')),
				   current_setting('test.directory'), '$d');
END
$$;
GRANT EXECUTE ON FUNCTION outcome(text) TO PUBLIC;
\set archive 'SELECT outcome($$SELECT file FROM temporal.archive_history(''are'', now(), '

SET ROLE regress_temporal_user;
CREATE TABLE are (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
INSERT INTO are VALUES (1, 'one'), (2, NULL), (3, 'three');
UPDATE are SET v = 'new' WHERE id < 3;
DELETE FROM are;
GRANT SELECT ON are TO regress_temporal_writer;

-- Owner, and allowed to write files
:archive '$d/allowed')$$);
SET ROLE regress_temporal_writer;
:archive '$d/allowed')$$);
SET ROLE NONE;
GRANT pg_write_server_files TO regress_temporal_user;
SET ROLE regress_temporal_user;
:archive '$d/allowed')$$);
-- but not to read them
SELECT outcome($$SELECT id FROM temporal.read_archive('$d/allowed/x') AS (id integer)$$);
SELECT outcome($$SELECT id FROM temporal.read_archive('$d/allowed/x', NULL::are)$$);
SELECT outcome($$SELECT damage FROM temporal.archive_info('$d/allowed/x')$$);
SELECT count(*) FROM temporal.archives;
SELECT outcome($$TABLE temporal.archive_file$$);
SET temporal.archive_directories = '/';

-- Where
SET ROLE NONE;
SET temporal.archive_directories = 'relative';
SET temporal.archive_directories = '/a, b';
SET temporal.archive_directories = '"';
:archive '$d/allowed/')$$);
:archive '$d/allowed/below')$$);
:archive '$d/allowed/in')$$);
:archive '$d//allowed/./below')$$);
:archive '$d/allowed/out')$$);
:archive '$d/link')$$);
:archive '$d/other')$$);
:archive '$d/allowed-not')$$);
:archive '$d')$$);
:archive '/')$$);
:archive '$d/allowed/../other')$$);
:archive '$d/allowed/below/..')$$);
:archive '..')$$);
:archive 'allowed')$$);
:archive '')$$);
:archive NULL)$$);
:archive '$d/allowed/missing')$$);
:archive '$d/allowed/in/../below')$$);
:archive '/dev/null')$$);
:archive repeat('/x', 3000))$$);
SELECT outcome($$SELECT file FROM temporal.archive_history(NULL, now(), '$d/allowed')$$);
SELECT outcome($$SELECT file FROM temporal.archive_history('are', NULL, '$d/allowed')$$);
SELECT outcome($$SELECT file FROM temporal.archive_history('pg_class', now(), '$d/allowed')$$);
SELECT outcome($$SELECT file FROM temporal.archive_history('are_history', now(), '$d/allowed')$$);
SELECT outcome($$SELECT file FROM temporal.archive_history(0, now(), '$d/allowed')$$);
-- a directory that is no longer one
\set spoil 'cat; rm -r ' :directory '/allowed/below; touch ' :directory '/allowed/below'
COPY (SELECT) TO PROGRAM :'spoil';
:archive '$d/allowed/below')$$);
-- a session in the past, or that may not write
SET temporal.as_of = '2030-01-01';
:archive '$d/allowed')$$);
RESET temporal.as_of;
SET default_transaction_read_only = on;
:archive '$d/allowed')$$);
RESET default_transaction_read_only;

-- What can be read is there, too
SELECT file FROM temporal.archives WHERE table_name = 'are' ORDER BY made_at LIMIT 1 \gset
SELECT regexp_replace(:'file', '.*/', '') AS name \gset
\set copy 'cat; d=' :directory '; cp ' :file ' $d/other/good; cp ' :file ' $d/allowed/good; ln -s ../other/good $d/allowed/linked; mkfifo $d/allowed/fifo; mkdir $d/allowed/sub; touch $d/allowed/empty; echo no archive >$d/allowed/foreign'
COPY (SELECT) TO PROGRAM :'copy';
SELECT file, outcome(format('SELECT count(*) FROM temporal.read_archive(%L) AS (id integer)', file)) AS outcome
FROM unnest('{$d/allowed/good,$d/allowed/in/good,$d/link/good,$d/other/good,$d/allowed/out/good,$d/allowed/../other/good,$d/allowed/linked,
	$d/allowed/fifo,$d/allowed/sub,$d/allowed/,$d/allowed,$d/allowed/.,$d/allowed/..,$d/allowed/missing,
	$d/allowed/empty,$d/allowed/foreign,good,"",/,/good,/etc/passwd}'::text[]) file;
SELECT outcome($$SELECT count(*) FROM temporal.read_archive('$d/allowed' || repeat('/x', 3000)) AS (id integer)$$);
SELECT outcome($$SELECT count(*) FROM temporal.read_archive('$d/allowed/' || repeat('x', 256)) AS (id integer)$$);
SELECT outcome($$SELECT count(*) FROM temporal.read_archive(NULL) AS (id integer)$$);
SELECT outcome($$SELECT checksum_ok FROM temporal.archive_info('$d/allowed/foreign')$$);
SELECT outcome($$SELECT checksum_ok FROM temporal.archive_info(NULL)$$);

-- A copy is as good, but no row tells of it
SELECT versions, checksum_ok, recorded FROM temporal.archive_info(:'directory' || '/allowed/good');

-- What is asked for
\set good :directory '/allowed/good'
SELECT outcome($$SELECT * FROM temporal.read_archive('$d/allowed/good')$$);
SELECT temporal.read_archive(:'good');
SELECT * FROM temporal.read_archive(:'good') AS (id integer, v text) ORDER BY id, v;
SELECT (temporal.read_archive(:'good', NULL::are)).v;
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good') AS (idd integer, w text)$$);
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good') AS (id date)$$);
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good') AS (id boolean)$$);
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good') AS (v integer)$$);
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good') AS (id integer[])$$);
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good') AS (sys_end timestamp)$$);
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good', 1)$$);
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good', NULL::text[])$$);
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good', ROW(1, 2))$$);
SELECT outcome($$SELECT 1 FROM temporal.read_archive('$d/allowed/good', NULL::pg_class)$$);

-- Every byte that is wrong is found, and every one that is missing or too many
CREATE FUNCTION put(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	path text := current_setting('test.directory') || '/allowed/damaged';
	large oid := lo_from_bytea(0, bytes);
BEGIN
	PERFORM lo_export(large, path);
	PERFORM lo_unlink(large);
	RETURN path;
END
$$;
CREATE TABLE arf (path text, bytes bytea);
INSERT INTO arf SELECT :'good', pg_read_binary_file(:'good');
CREATE FUNCTION damages() RETURNS TABLE (kind text, place integer, read text, info text) LANGUAGE plpgsql AS $$
DECLARE
	good bytea := (SELECT bytes FROM arf);
	bad bytea;
	path text;
BEGIN
	FOREACH kind IN ARRAY '{flipped,zero,ones,cut off,lengthened,removed,doubled}'::text[] LOOP
		FOR place IN 0 .. length(good) - 1 LOOP
			CONTINUE WHEN kind NOT IN ('flipped', 'cut off') AND place % 5 > 0;
			bad := CASE kind
				WHEN 'flipped' THEN set_bit(good, place * 8 + place % 8, 1 - get_bit(good, place * 8 + place % 8))
				WHEN 'zero' THEN set_byte(good, place, 0)
				WHEN 'ones' THEN set_byte(good, place, 255)
				WHEN 'cut off' THEN substr(good, 1, place)
				WHEN 'lengthened' THEN good || substr(good, place + 1)
				WHEN 'removed' THEN substr(good, 1, place) || substr(good, place + 2)
				WHEN 'doubled' THEN substr(good, 1, place + 1) || substr(good, place + 1)
			END;
			CONTINUE WHEN bad = good;
			path := put(bad);
			read := left(outcome(format('SELECT count(*) FROM temporal.read_archive(%L, NULL::are)', path)), 5);
			info := left(outcome(format('SELECT checksum_ok FROM temporal.archive_info(%L)', path)), 5);
			RETURN NEXT;
		END LOOP;
	END LOOP;
END
$$;
SELECT kind, read, info, min(place) < 12 AS in_preamble, count(*) > 1 AS several FROM damages() GROUP BY kind, read, info, place < 12 ORDER BY 1, 4 DESC, 2;

DROP TABLE are, arf CASCADE;
DROP FUNCTION damages, put, outcome;
COPY (SELECT) TO PROGRAM :'remove';
REVOKE pg_write_server_files FROM regress_temporal_user;
DROP OWNED BY regress_temporal_writer;
DROP ROLE regress_temporal_writer;
RESET ROLE;
