# Looking things up in the log of transactions: which were in flight at an
# instant, which has an xid.  The log is a heap in the order in which commits
# arrive, its indexes know a part of it each; every answer here is compared
# with one that uses neither order nor index.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use List::Util qw(min max);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Session;
use TemporalTest;

my $node = TemporalTest->new_node('main', conf => <<'CONF');
max_prepared_transactions = 10
max_connections = 40
shared_buffers = 4MB
autovacuum_naptime = 1s
log_statement = none
jit = off
CONF

# The answer, found by hand: the time, or the commit of the transaction that
# the time is a tick of, then the ticks of those in flight
my $by_hand = <<'SQL';
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i;
CREATE TABLE lived (span tstzrange, ticks timestamptz[]);
CREATE INDEX ON lived USING gist (span);
CREATE TABLE tick (tick timestamptz, committed_at timestamptz);
CREATE INDEX ON tick (tick);
CREATE FUNCTION learn() RETURNS void LANGUAGE sql AS $$
	TRUNCATE lived, tick;
	INSERT INTO lived
	SELECT tstzrange(min(tick), committed_at), array_agg(tick)
	FROM temporal.transaction_ticks GROUP BY scn, committed_at;
	INSERT INTO tick SELECT tick, committed_at FROM temporal.transaction_ticks;
	ANALYZE lived, tick;
$$;
CREATE FUNCTION by_hand(t timestamptz) RETURNS timestamptz[] LANGUAGE sql STABLE AS $$
	SELECT u || coalesce((SELECT array_agg(x ORDER BY x)
						  FROM lived l, unnest(l.ticks) x WHERE l.span @> u), '{}')
	FROM (SELECT coalesce((SELECT max(i.committed_at) FROM tick i
						   WHERE i.tick = t AND i.committed_at > t), t)) u(u)
$$;

-- Times to try: any, and those at which a decision is made
CREATE FUNCTION times(n integer, stable boolean) RETURNS SETOF timestamptz LANGUAGE sql AS $$
	SELECT t FROM (
		SELECT first + (last - first) * random() FROM
			(SELECT min(system_time) - interval '1 s', max(committed_at) + interval '1 s' FROM temporal.transactions) x(first, last),
			generate_series(1, n)
		UNION ALL
		SELECT committed_at + d * interval '1 us'
		FROM temporal.transactions, unnest('{-65537,-65536,-65535,-65534,-1,0,1}'::integer[]) d
		UNION ALL
		SELECT tick + d * interval '1 us'
		FROM temporal.transaction_ticks, unnest('{-1,0,0,0,1}'::integer[]) d) v(t)
	WHERE NOT stable OR t <= (SELECT temporal.stable_time())
	ORDER BY hashtext(t::text) LIMIT n
$$;
SQL

# Instants that are close to each other are looked up otherwise than others.
sub check_instants
{
	my ($database, $what, $n, $stable) = @_;
	my %order = (random => 'hashtext(t::text)', ascending => 't', descending => 't DESC');
	my $is_stable = $stable // 1 ? 'true' : 'false';
	my $prepare = <<"SQL";
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT setseed(0.5);
SELECT learn();
CREATE TEMP TABLE tried AS SELECT t, by_hand(t) AS by_hand FROM times($n, $is_stable) t;
CREATE TEMP TABLE found (way text, t timestamptz, by_hand timestamptz[], found timestamptz[]);
SQL

	foreach my $way (sort keys %order)
	{
		$prepare .= "INSERT INTO found SELECT '$way', t, by_hand, temporal.instant(t, 't') FROM (SELECT * FROM tried ORDER BY $order{$way}) x;\n";
	}
	my ($tried, $wrong, $flight, $most) = split /\|/,
	  $node->safe_psql($database, $prepare . <<'SQL');
SELECT count(*), count(*) FILTER (WHERE found IS DISTINCT FROM by_hand),
	   count(*) FILTER (WHERE cardinality(found) > 1), max(cardinality(found)) - 1
FROM found;
SQL
	$tried =~ s/\s//g;
	is($wrong, '0', "$what: $tried instants, $flight of them with something in flight, at most $most");
	cmp_ok($flight, '>', $tried / 10, "$what: there was something to find");
	diag($node->safe_psql($database, $prepare . <<'SQL')) if $wrong ne '0';
SELECT way, t, array(SELECT unnest(by_hand) EXCEPT SELECT unnest(found)) AS missing,
	   array(SELECT unnest(found) EXCEPT SELECT unnest(by_hand)) AS too_many
FROM found WHERE found IS DISTINCT FROM by_hand LIMIT 5;
SQL
	return;
}

# The same when nothing is settled, because of something that was prepared
# before all, and the snapshot decides
sub check_unsettled
{
	my ($database, $what, $n) = @_;
	my $session = Session->new($node, $database, <<'SQL');
BEGIN;
INSERT INTO temporal.prepared_transaction (committed_at, system_time, settled, arrived, xid, lifetime, "session_user", role)
SELECT t, t, t, t, 0, 0, 'user', 'role' FROM CAST('2019-01-01' AS timestamptz) t;
SQL

	check_instants($database, "$what, unsettled", $n, 0);
	$session->query('ROLLBACK;');
	$session->quit;
	return;
}

#
# Transactions that never were: each of a number of processes goes through the
# stages of transactions (transaction_flight.c, transaction_log.c), with pauses
# in between, most of them short, in a time of our own.  There are far more
# coincidences than a real server has, and transactions that take hours.
#

# a log-uniform number
sub pause
{
	my ($from, $to) = @_;

	return int($from * ($to / $from)**rand());
}

# between two steps of a process
sub breath { return rand() < 0.03 ? pause(50, 20000) : 1 + int(rand(4)); }

sub lifetime
{
	my $chance = rand();

	return $chance < 0.75 ? pause(10, 20_000)
	  : $chance < 0.95 ? pause(20_000, 10_000_000)
	  : pause(10_000_000, 36_000_000_000);
}

sub simulate
{
	my ($nprocesses, $nrows) = @_;
	my ($last, @rows) = (0);
	my @process = map { { next => pause(1, 1000), stage => 'enter' } } 1 .. $nprocesses;
	my $tick = sub { return $last = max($last + 1, $_[0]) };

	while (@rows < $nrows)
	{
		# the process whose turn it is
		my $p = $process[0];

		foreach (@process) { $p = $_ if $_->{next} < $p->{next} }
		my $now = $p->{next};
		my $stage = $p->{stage};

		if ($stage eq 'enter')
		{
			$p->{since} = max($last, 1);
			$p->{ticks} = [];
			$p->{fresh} = rand() < 0.1 ? 1 + int(rand(rand() < 0.1 ? 50 : 3)) : 0;
			$p->{length} = lifetime();
			@$p{qw(stage next)} = ('tick', $now + breath());
		}
		elsif ($stage eq 'tick')
		{
			push @{ $p->{ticks} }, $tick->($now);
			if ($p->{fresh}-- > 0)
			{
				$p->{next} = $now + 1 + int($p->{length} / 50 * rand());
			}
			else
			{
				@$p{qw(stage next)} =
				  ('announce', max($now + 1, $p->{ticks}[0] + $p->{length}));
			}
		}
		elsif ($stage eq 'announce')
		{
			$p->{commit} = $last;
			@$p{qw(stage next)} = ('look', $now + breath());
		}
		elsif ($stage eq 'look')
		{
			my @others = grep { $_ != $p } @process;

			$p->{settled} = min($last, map { $_->{since} // $last } @others);
			$p->{arrived} = min($last, map { $_->{commit} // $last } @others);
			@$p{qw(stage next)} = ('commit', $now + breath());
		}
		elsif ($stage eq 'commit')
		{
			$p->{committed} = $tick->($now);
			@$p{qw(stage next)} = ('insert', $now + breath());
		}
		elsif ($stage eq 'insert')
		{
			push @rows, [ @$p{qw(committed ticks settled arrived)} ]
			  if rand() < 0.95;
			@$p{qw(stage next)} = ('leave', $now + breath());
		}
		else
		{
			delete @$p{qw(since commit)};
			@$p{qw(stage next)} = ('enter', $now + pause(1, 300_000));
		}
	}
	return @rows;
}

sub time_sql { return "timestamptz '2020-01-01Z' + interval '1 us' * $_[0]"; }

# The rows, in the order in which they arrived.  INSERT uses space that it finds
# elsewhere, the library does not: CLUSTER puts them in order.
sub rows_sql
{
	my $n = 0;
	my $sql = "INSERT INTO temporal.transaction_log (committed_at, system_time, settled, arrived, xid, lifetime, ticks, \"session_user\", role) VALUES\n";

	$sql .= join(",\n", map {
			my ($c, $ticks, $settled, $arrived) = @$_;
			my ($s, @fresh) = @$ticks;
			my $length = $c - $s;
			my $magnitude = 0;

			$magnitude++ while ($length >>= 2) > 0;
			'(' . join(', ', (map { time_sql($_) } $c, $s, $settled, $arrived), ++$n, $magnitude,
				@fresh ? 'ARRAY[' . join(', ', map { time_sql($_) } @fresh) . ']' : 'NULL',
				"'user'", "'role'") . ')' } @_);
	return <<"SQL";
$sql;
CREATE INDEX arrival ON temporal.transaction_log (xid);
CLUSTER temporal.transaction_log USING arrival;
DROP INDEX temporal.arrival;
SQL
}

my $seed = $ENV{TEMPORAL_SEED} // (time() ^ ($$ << 8)) % 1_000_000;
foreach my $run ([ 'artificial', 2011, 50, 10000 ], [ 'crowded', $seed, 8, 3000 ])
{
	my ($database, $of_run, $nprocesses, $nrows) = @$run;

	srand($of_run);
	note("$database: TEMPORAL_SEED=$of_run");
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION temporal; $by_hand
		TRUNCATE temporal.transaction_log");
	$node->safe_psql($database, rows_sql(simulate($nprocesses, $nrows)));
	is($node->safe_psql($database, 'SELECT count(*) FROM temporal.transaction_log'),
		$nrows, "$database: rows are there");
	check_instants($database, "$database, seed $of_run", 4000);
	is( $node->safe_psql($database, 'SELECT temporal.current_scn() = max(scn) FROM temporal.transactions'),
		't',
		"$database: current_scn() is the last");
	$node->safe_psql($database, 'VACUUM FULL temporal.transaction_log');
	check_instants($database, "$database after VACUUM FULL", 1000);
	check_unsettled($database, $database, 2000);
}

#
# What a look-up costs: 100,000 transactions in 10 seconds, each of which took
# 50 us, beside some slow ones
#

$node->safe_psql('postgres', 'CREATE DATABASE cost');
$node->safe_psql('cost', "CREATE EXTENSION temporal; $by_hand");
$node->safe_psql('cost', <<'SQL');
TRUNCATE temporal.transaction_log;
CREATE TABLE slow AS
SELECT 1000 * i + 7 AS s, 1000 * i + 7 + length AS c
FROM (VALUES (200, 70000), (300, 200000), (2000, 1000000), (3000, 5000000), (500, 9000000)) v(i, length);
INSERT INTO temporal.transaction_log (committed_at, system_time, settled, arrived, xid, lifetime, "session_user", role)
SELECT base + us * c, base + us * s, base + us * least(c, (SELECT min(w.s) - 1 FROM slow w WHERE w.s < x.c AND w.c > x.c)),
	   base + us * c, c, length(rtrim(((c - s)::bigint::bit(64))::text)) * 0 + floor(log(4, (c - s)::numeric)), 'user', 'role'
FROM (SELECT 100 * i AS s, 100 * i + 50 AS c FROM generate_series(1, 100000) i UNION ALL SELECT s, c FROM slow) x,
	 (VALUES (timestamptz '2020-01-01Z', interval '1 us')) b(base, us)
ORDER BY c;
VACUUM ANALYZE temporal.transaction_log;
SQL
check_instants('cost', 'cost', 1000);

# blocks of the log, and of its index of slow ones, read by AS OF one key
my $session = Session->new($node, 'cost');
my $pages = $session->query("SELECT pg_relation_size('temporal.transaction_log') / 8192;");
cmp_ok($pages, '>', 1000, "the log has $pages pages");
my %cost;
my $blocks = <<'SQL';
SELECT pg_stat_get_xact_blocks_fetched('temporal.transaction_log'::regclass)
	 + pg_stat_get_xact_blocks_fetched('temporal.transaction_log_slow'::regclass)
	 + pg_stat_get_xact_blocks_fetched('temporal.transaction_log_order'::regclass);
SQL
foreach my $at (
	[ 'when nothing is in flight', 100075 ],
	[ 'with one in flight', 190030 ],
	[ 'while a slow one is', 210075 ],
	[ 'while several slow ones are', 3100075 ],
	[ 'near its end', 9499075 ],
	[ 'in the end', 10000075 ],
	[ 'at the beginning', 80 ],
	[ 'at a tick of a slow one', 3000007 ])
{
	my ($what, $us) = @$at;
	my $t = time_sql($us);

	foreach my $sql (
		"SELECT v FROM t TABLESAMPLE temporal.as_of('2020-01-01Z'::timestamptz + interval '$us us') WHERE id = 1;",
		"SELECT v FROM t TABLESAMPLE temporal.as_of((SELECT $t)) WHERE id = 1;")
	{
		my ($before, $after);

		# other times, so that the session does not remember it
		$session->query("SELECT temporal.instant($t + interval '1 us' * i, 't') FROM generate_series(1, 20) i;");
		$session->query('BEGIN;');
		$before = $session->query($blocks);
		$session->query($sql);
		$after = $session->query($blocks);
		$session->query('COMMIT;');
		cmp_ok($after - $before, '<', 60,
			"AS OF one key $what reads " . ($after - $before) . ' pages of the log');
	}
}
cmp_ok($session->query(<<'SQL'), '<', 40, 'and on the average of many instants fewer');
BEGIN;
SELECT count(*) FILTER (WHERE temporal.instant(timestamptz '2020-01-01Z' + interval '75 us' + interval '20 ms' * i, 't') IS NULL) AS x FROM generate_series(1, 500) i \gset
SELECT (pg_stat_get_xact_blocks_fetched('temporal.transaction_log'::regclass)
	 + pg_stat_get_xact_blocks_fetched('temporal.transaction_log_slow'::regclass)
	 + pg_stat_get_xact_blocks_fetched('temporal.transaction_log_order'::regclass)) / 500;
COMMIT;
SQL
$session->quit;

#
# Real transactions
#

$node->safe_psql('postgres', "DROP TABLE IF EXISTS t; $by_hand");
my $file = PostgreSQL::Test::Utils::tempdir . '/load.sql';
append_to_file($file, <<'SQL');
\set a random(1, 50)
\set b random(51, 100)
BEGIN;
UPDATE t SET v = v + 1 WHERE id = :a;
UPDATE t SET v = v + 1 WHERE id = :b;
COMMIT;
SQL

sub load
{
	my ($n) = @_;

	$node->command_ok(
		[
			'pgbench', '-n', '-c', 8, '-j', 2, '-t', $n / 8, '--max-tries', 100,
			'-h', $node->host, '-p', $node->port, '-f', $file, 'postgres'
		],
		"$n transactions");
	return;
}

# Each xid of the log that BRIN does not find
sub check_xids
{
	my ($what) = @_;

	is($node->safe_psql('postgres', <<'SQL'), '0', "$what: each xid is found");
SET enable_seqscan = off;
SET enable_indexscan = off;
CREATE TEMP TABLE xids AS SELECT xid::text::bigint AS xid, committed_at, row_number() OVER (ORDER BY scn DESC) AS n FROM temporal.transactions;
CREATE FUNCTION pg_temp.lost() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	x record;
	found_at timestamptz;
	n bigint := 0;
BEGIN
	FOR x IN SELECT * FROM xids WHERE xids.n < 400 OR xids.n % 10 = 0 LOOP
		SELECT max(l.committed_at) INTO found_at FROM temporal.transaction_log l WHERE l.xid = x.xid;
		IF found_at IS DISTINCT FROM x.committed_at
		   OR (x.n < 100 AND temporal.time_of_transaction(x.xid) <> x.committed_at) THEN
			n := n + 1;
		END IF;
	END LOOP;
	RETURN n;
END $$;
SELECT pg_temp.lost();
SQL
	return;
}

# slow transactions, which take what time they take
my @slow = map { Session->new($node, 'postgres') } 1 .. 4;
my $seconds = "DO \$\$ DECLARE t timestamptz := clock_timestamp(); BEGIN LOOP EXIT WHEN clock_timestamp() > t + interval '0.3 s'; END LOOP; END \$\$;";

like($node->safe_psql('postgres', "SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT * FROM temporal.transaction_log WHERE xid = 1"),
	qr/Bitmap Index Scan on transaction_log_order/, 'BRIN is used');
foreach (0 .. 3)
{
	$slow[$_]->query("BEGIN; INSERT INTO t VALUES (200 + $_, 0);");
}
load(2000);
check_instants('postgres', 'while slow ones are open', 1000, 0);
load(2000);
$_->query('COMMIT;') foreach @slow;
check_instants('postgres', 'after a load', 3000);
check_xids('after a load');

# whatever is done to the log, with sessions that go on
foreach my $upkeep (
	'VACUUM temporal.transaction_log',
	'VACUUM (FREEZE) temporal.transaction_log',
	'REINDEX INDEX temporal.transaction_log_order',
	'REINDEX TABLE temporal.transaction_log',
	'VACUUM FULL temporal.transaction_log',
	'ANALYZE temporal.transaction_log',
	"SELECT brin_summarize_range('temporal.transaction_log_order', 0)",
	"SELECT brin_desummarize_range('temporal.transaction_log_order', 0)",
	"SELECT brin_summarize_new_values('temporal.transaction_log_order')")
{
	$slow[$_]->query("BEGIN; UPDATE t SET v = v + 1 WHERE id = 200 + $_; COMMIT;") foreach 0, 1;
	$slow[0]->query("BEGIN; UPDATE t SET v = v + 1 WHERE id = 200; $seconds");
	$node->safe_psql('postgres', $upkeep);
	$slow[1]->query('BEGIN; UPDATE t SET v = v + 1 WHERE id = 201; COMMIT;') foreach 1 .. 3;
	$slow[0]->query('COMMIT;');
	check_xids($upkeep);
	check_instants('postgres', $upkeep, 300);
}
load(2000);
check_xids('after more');
check_instants('postgres', 'after more', 3000);
check_unsettled('postgres', 'after more', 3000);

# an index that is built beside writers
my ($old, $reindex) = map { Session->new($node, 'postgres') } 1 .. 2;
$old->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;');
$reindex->send('REINDEX TABLE CONCURRENTLY temporal.transaction_log;');
$node->poll_query_until('postgres', "SELECT phase ~ 'old snapshots' FROM pg_stat_progress_create_index");
$slow[$_]->query("BEGIN; UPDATE t SET v = v + 1 WHERE id = 200 + $_; $seconds COMMIT;") foreach 0 .. 3;
load(800);
$old->query('COMMIT;');
is($reindex->result, '', 'REINDEX CONCURRENTLY');
check_xids('REINDEX CONCURRENTLY');
check_instants('postgres', 'REINDEX CONCURRENTLY', 3000);

# or that is somebody else's
$node->safe_psql('postgres', <<'SQL');
CREATE INDEX other_xid ON temporal.transaction_log (xid);
CREATE INDEX other_expression ON temporal.transaction_log ((role || xid)) WHERE lifetime > 2;
SQL
load(400);
foreach my $question ('xid > 0', "role || xid > '' AND lifetime > 2")
{
	my $sql = "SELECT count(*) FROM temporal.transaction_log WHERE $question";

	is( $node->safe_psql('postgres', "SET enable_seqscan = off; SET enable_bitmapscan = off; $sql"),
		$node->safe_psql('postgres', "SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; $sql"),
		"a further index has all of it: $question");
}
$node->safe_psql('postgres', 'DROP INDEX temporal.other_xid, temporal.other_expression');

# VACUUM FULL begins wherever somebody has stopped to read.  (With fewer buffers
# a server whose processes are slow may run out of them.)
cmp_ok($node->safe_psql('postgres', "SELECT pg_relation_size('temporal.transaction_log') / 8192"),
	'>', 64, 'a log of less than a quarter of the buffers is read from its beginning');
$node->safe_psql('postgres', <<'SQL');
ALTER SYSTEM SET shared_buffers = '1MB';
SQL
$node->restart;
$_->quit foreach @slow, $old, $reindex;
$node->safe_psql('postgres', <<'SQL');
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM temporal.transaction_log;
MOVE 3000 FROM c;
ROLLBACK;
VACUUM FULL temporal.transaction_log;
SQL
check_instants('postgres', 'VACUUM FULL after a scan that was given up', 3000);
is( $node->safe_psql('postgres', 'SELECT temporal.current_scn() = max(scn) FROM temporal.transactions'),
	't',
	'current_scn() is the last one');

$node->stop;
done_testing();
