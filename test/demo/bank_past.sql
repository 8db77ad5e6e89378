-- From when on all three have a history, and when the load ended
SELECT max(history_start) AS first FROM temporal.tables \gset
SELECT max(sys_start) AS last FROM pgbench_tellers \gset

-- How much happened in between
SELECT (SELECT count(*) FROM pgbench_accounts FOR SYSTEM_TIME ALL) AS account_versions,
       (SELECT count(*) FROM pgbench_tellers FOR SYSTEM_TIME ALL) AS teller_versions,
       (SELECT count(*) FROM pgbench_branches FOR SYSTEM_TIME ALL) AS branch_versions;

-- Balances as of six instants during the run.  Each transaction moves the same
-- amount in all three tables, so the sums must agree, whenever one looks.
SELECT s.t AS instant, a.sum AS accounts, t.sum AS tellers, b.sum AS branches
FROM generate_series(0, 5) AS n,
     LATERAL (SELECT :'first'::timestamptz + n * (:'last'::timestamptz - :'first') / 5) AS s(t),
     LATERAL (SELECT sum(abalance) FROM pgbench_accounts FOR SYSTEM_TIME AS OF s.t) AS a,
     LATERAL (SELECT sum(tbalance) FROM pgbench_tellers FOR SYSTEM_TIME AS OF s.t) AS t,
     LATERAL (SELECT sum(bbalance) FROM pgbench_branches FOR SYSTEM_TIME AS OF s.t) AS b
ORDER BY instant;

-- The same at fifty
SELECT count(*) AS instants,
       count(*) FILTER (WHERE a.sum = t.sum AND t.sum = b.sum) AS balanced
FROM generate_series(0, 49) AS n,
     LATERAL (SELECT :'first'::timestamptz + n * (:'last'::timestamptz - :'first') / 49) AS s(t),
     LATERAL (SELECT sum(abalance) FROM pgbench_accounts FOR SYSTEM_TIME AS OF s.t) AS a,
     LATERAL (SELECT sum(tbalance) FROM pgbench_tellers FOR SYSTEM_TIME AS OF s.t) AS t,
     LATERAL (SELECT sum(bbalance) FROM pgbench_branches FOR SYSTEM_TIME AS OF s.t) AS b;
\set ECHO none
-- test: the same statement once more, for its verdict
SELECT count(*) < 50 OR bool_or(a.sum IS DISTINCT FROM t.sum OR t.sum IS DISTINCT FROM b.sum) AS wrong_at_fifty
FROM generate_series(0, 49) AS n,
     LATERAL (SELECT :'first'::timestamptz + n * (:'last'::timestamptz - :'first') / 49) AS s(t),
     LATERAL (SELECT sum(abalance) FROM pgbench_accounts FOR SYSTEM_TIME AS OF s.t) AS a,
     LATERAL (SELECT sum(tbalance) FROM pgbench_tellers FOR SYSTEM_TIME AS OF s.t) AS t,
     LATERAL (SELECT sum(bbalance) FROM pgbench_branches FOR SYSTEM_TIME AS OF s.t) AS b \gset
\set ECHO all

-- And at every instant there was: the sums change when a transaction is
-- committed, and at each such moment the three must change by the same amount.
-- A row has the system time of its transaction, or another of its ticks;
-- temporal.transaction_ticks says which commit that was.
WITH change AS (
	SELECT 'a' AS which, sys_start AS tick, abalance AS amount FROM pgbench_accounts FOR SYSTEM_TIME ALL
	UNION ALL
	SELECT 'a', sys_end, -abalance FROM pgbench_accounts FOR SYSTEM_TIME ALL
	UNION ALL
	SELECT 't', sys_start, tbalance FROM pgbench_tellers FOR SYSTEM_TIME ALL
	UNION ALL
	SELECT 't', sys_end, -tbalance FROM pgbench_tellers FOR SYSTEM_TIME ALL
	UNION ALL
	SELECT 'b', sys_start, bbalance FROM pgbench_branches FOR SYSTEM_TIME ALL
	UNION ALL
	SELECT 'b', sys_end, -bbalance FROM pgbench_branches FOR SYSTEM_TIME ALL
), commit AS (
	SELECT t.scn,
	       coalesce(sum(amount) FILTER (WHERE which = 'a'), 0) AS accounts,
	       coalesce(sum(amount) FILTER (WHERE which = 't'), 0) AS tellers,
	       coalesce(sum(amount) FILTER (WHERE which = 'b'), 0) AS branches
	FROM change JOIN temporal.transaction_ticks AS t USING (tick)
	GROUP BY t.scn
)
SELECT count(*) AS ticks,
       count(*) FILTER (WHERE accounts <> tellers OR tellers <> branches) AS unbalanced
FROM commit \gset

\echo :ticks commits, :unbalanced of them unbalanced

-- The busiest teller: how often it changed, and its last five versions
SELECT tid, count(*) AS versions FROM pgbench_tellers FOR SYSTEM_TIME ALL
GROUP BY tid ORDER BY versions DESC, tid LIMIT 1 \gset

\echo teller :tid has :versions versions

SELECT tbalance, tbalance - lag(tbalance) OVER (ORDER BY sys_start) AS change, sys_start, sys_end
FROM pgbench_tellers FOR SYSTEM_TIME ALL
WHERE tid = :tid
ORDER BY sys_start DESC LIMIT 5;

-- Who changed it, and when was that committed?
SELECT v.tbalance, t.xid, t.role, t.committed_at
FROM pgbench_tellers FOR SYSTEM_TIME ALL AS v
     JOIN temporal.transaction_ticks AS t ON t.tick = v.sys_start
WHERE v.tid = :tid
ORDER BY t.scn DESC LIMIT 3;

-- Two instants side by side: which branch and teller balances moved
SELECT o.tid, o.tbalance AS then, n.tbalance AS now
FROM pgbench_tellers FOR SYSTEM_TIME AS OF :'first' AS o
     JOIN pgbench_tellers AS n USING (tid)
ORDER BY tid;

-- What versioning does with a table
SELECT * FROM temporal.describe('pgbench_accounts');
\set ECHO none
-- test: fail unless everything balanced and something happened
SELECT :unbalanced > 0 OR :ticks < 10 OR :'wrong_at_fifty'::boolean AS wrong \gset
\if :wrong
DO $$ BEGIN RAISE EXCEPTION 'the sums differ'; END $$;
\endif
