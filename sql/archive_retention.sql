--
-- Archives of what retention removes
--
SET ROLE NONE;
SELECT setting || '/regress_temporal_retained' AS directory FROM pg_settings WHERE name = 'data_directory' \gset
\set make 'cat; mkdir ' :directory
\set remove 'cat; rm -r ' :directory
COPY (SELECT) TO PROGRAM :'make';
SET temporal.archive_directories = :'directory';
CREATE TABLE arr (id integer PRIMARY KEY, v text, n integer) WITH SYSTEM VERSIONING;
ALTER TABLE arr SET (temporal.archive_before_delete = true, temporal.max_history_versions = 2);
ALTER TABLE arr SET (temporal.archive_before_delete = true, temporal.archive_location = :'directory', temporal.max_history_versions = 2);
INSERT INTO arr SELECT i, repeat('v', 10), 0 FROM generate_series(1, 2000) i;
UPDATE arr SET n = n + 1;
UPDATE arr SET n = n + 1, v = repeat(md5(id::text), 100) WHERE id <= 100;
SELECT versions > 0 AS compressed FROM temporal.compress_history('arr', now());
UPDATE arr SET n = n + 1;
UPDATE arr SET n = n + 1;
CREATE TABLE arr_before AS TABLE arr_history;
-- nothing is written to say what would go
SELECT versions FROM temporal.retention_preview('arr') \gset
SELECT count(*) AS files FROM pg_ls_dir(:'directory');
SELECT archived = :versions AND versions = :versions AND versions > 2000 AS all_archived FROM temporal.enforce_retention('arr');
SELECT count(*) AS archives, sum(versions) = :versions AS all_versions, bool_and(removed) AS removed FROM temporal.archives WHERE table_name = 'arr';
SELECT file FROM temporal.archives WHERE table_name = 'arr' \gset
-- what was there is in the history or in the archive, and not in both
SELECT count(*) AS lost FROM (TABLE arr_before EXCEPT ALL (TABLE arr_history UNION ALL SELECT * FROM temporal.read_archive(:'file', NULL::arr))) x;
SELECT count(*) AS twice FROM ((TABLE arr_history UNION ALL SELECT * FROM temporal.read_archive(:'file', NULL::arr)) EXCEPT ALL TABLE arr_before) x;
-- so it is in batches
UPDATE arr SET n = n + 1;
SELECT count(*) AS history FROM arr_history \gset
CALL temporal.run_maintenance('arr');
SELECT count(*) > 1 AS several, :history - (SELECT count(*) FROM arr_history) = sum(versions) - :versions AS all_versions FROM temporal.archives WHERE table_name = 'arr';
SELECT count(*) AS errors FROM temporal.job_runs WHERE relation = 'arr'::regclass AND error IS NOT NULL;
SELECT count(*) AS lost FROM (TABLE arr_before EXCEPT ALL (TABLE arr_history UNION ALL
	SELECT r.* FROM temporal.archives a, temporal.read_archive(a.file, NULL::arr) r WHERE a.table_name = 'arr')) x;
-- where it cannot be archived, nothing is removed
UPDATE arr SET n = n + 1;
SELECT count(*) AS history FROM arr_history \gset
COPY (SELECT) TO PROGRAM :'remove';
\set VERBOSITY sqlstate
SELECT * FROM temporal.enforce_retention('arr');
CALL temporal.run_maintenance('arr');
\set VERBOSITY default
SELECT count(*) - :history AS removed FROM arr_history;
SELECT versions, error LIKE '%is not a directory that the server can reach' AS error FROM temporal.job_runs
WHERE relation = 'arr'::regclass AND error IS NOT NULL;
SELECT state, failures FROM temporal.jobs WHERE relation = 'arr'::regclass AND kind = 'retain';
-- and once it can be again, what was left is
COPY (SELECT) TO PROGRAM :'make';
SELECT versions AS wanted FROM temporal.retention_preview('arr') \gset
CALL temporal.run_maintenance('arr');
SELECT :history - count(*) = :wanted AND :wanted > 0 AS removed FROM arr_history;
COPY (SELECT) TO PROGRAM :'remove';
-- whether versions are archived is part of what the audit log says of a policy
SELECT reason LIKE '%archive_before_delete to %' AS archives FROM temporal.audit_log
WHERE relation = 'public.arr' AND action = 'policy' ORDER BY logged_at DESC LIMIT 1;
DROP TABLE arr, arr_before CASCADE;
RESET ROLE;
