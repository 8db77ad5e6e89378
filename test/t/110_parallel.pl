# Parallel queries over the past give the answers of serial ones, also right
# after a restart, when nobody has asked for the clock yet.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;
use Versions;

my $node = TemporalTest->new_node('main', conf => <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
autovacuum = off
CONF

my $parallel = <<'SQL';
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SET parallel_leader_participation = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET jit = off;
SQL

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE p (id integer, k integer, v integer, PRIMARY KEY (id, k))
	WITH SYSTEM VERSIONING PARTITION BY LIST (k);
CREATE TABLE p_0 PARTITION OF p FOR VALUES IN (0);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE instant (n serial PRIMARY KEY, t timestamptz);
CREATE FUNCTION change(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE what;
	INSERT INTO instant (t) VALUES (temporal.system_time());
END $$;
SELECT change('INSERT INTO t SELECT i, i FROM generate_series(1, 5000) i');
SELECT change('INSERT INTO p SELECT i, i % 2, 0 FROM generate_series(1, 5000) i');
SELECT change('UPDATE t SET v = v + 1');
SELECT change('UPDATE p SET v = v + 1 WHERE id % 3 = 0');
SELECT change('DELETE FROM t WHERE id % 5 = 0');
SELECT change('UPDATE p SET k = 1 - k WHERE id % 7 = 0');
SELECT change('UPDATE t SET v = -v WHERE id % 2 = 0');
ANALYZE;
SQL
my @instants = split /\n/,
  $node->safe_psql('postgres', 'SELECT t FROM instant ORDER BY n');
my %question = (
	'ALL' =>
	  'SELECT count(*), sum(v), count(DISTINCT sys_start) FROM t FOR SYSTEM_TIME ALL',
	'BETWEEN' =>
	  "SELECT count(*), sum(v) FROM t FOR SYSTEM_TIME BETWEEN '$instants[2]' AND '$instants[4]'",
	'partitioned ALL' =>
	  'SELECT count(*), sum(v), sum(k) FROM p FOR SYSTEM_TIME ALL',
	'join' =>
	  "SELECT count(*), sum(a.v + b.v) FROM t FOR SYSTEM_TIME AS OF '$instants[4]' a
		JOIN p FOR SYSTEM_TIME AS OF '$instants[5]' b USING (id)",
	'instant of a sub-select' =>
	  'SELECT count(*), sum(v) FROM t FOR SYSTEM_TIME AS OF (SELECT t FROM instant WHERE n = 4)'
);
foreach my $n (0 .. $#instants)
{
	$question{"AS OF $n"} =
	  "SELECT count(*), sum(v), min(v) FROM t FOR SYSTEM_TIME AS OF '$instants[$n]'";
	$question{"partitioned AS OF $n"} =
	  "SELECT count(*), sum(v), sum(k) FROM p FOR SYSTEM_TIME AS OF '$instants[$n]'";
}

my %serial;
foreach my $name (sort keys %question)
{
	$serial{$name} = $node->safe_psql('postgres',
		"SET max_parallel_workers_per_gather = 0; $question{$name}");
}

sub check
{
	my ($what, $setting) = @_;

	foreach my $name (sort keys %question)
	{
		is($node->safe_psql('postgres', "$setting $question{$name}"),
			$serial{$name}, "$what: $name");
	}
	return;
}

my $plan = $node->safe_psql('postgres',
	"$parallel EXPLAIN (COSTS OFF) $question{'AS OF 2'}");
like($plan, qr/Gather.*Parallel (Append|Seq Scan).*t_history/s,
	'the plan is parallel')
  or diag($plan);
check('parallel', $parallel);

# Each of these finds the clock as the server start left it
$node->restart;
is($node->safe_psql('postgres', "$parallel $question{'AS OF 2'}"),
	$serial{'AS OF 2'}, 'parallel right after a restart');
$node->restart;
is($node->safe_psql('postgres', "$parallel SET force_parallel_mode = on; $question{'partitioned AS OF 3'}"),
	$serial{'partitioned AS OF 3'}, 'partitioned right after a restart')
  if $node->pg_version < 16;
check('parallel after a restart', $parallel);

# Writing takes its rows from a parallel scan, and the tick from the leader
$node->safe_psql('postgres', "$parallel
	CREATE TABLE copy (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
	INSERT INTO copy SELECT id, v FROM t FOR SYSTEM_TIME AS OF '$instants[2]';
	UPDATE copy SET v = s.v FROM (SELECT id, v FROM t FOR SYSTEM_TIME
		AS OF '$instants[6]') s WHERE s.id = copy.id;");
is( $node->safe_psql('postgres',
		'SELECT count(*), count(DISTINCT sys_start) FROM copy FOR SYSTEM_TIME ALL'),
	'9000|2',
	'rows written from a parallel query have one start each transaction');
is($node->safe_psql('postgres', Versions::wrong_sql('copy', 'id', always_there => 1)),
	'', 'no overlap, no gap, one open version of each row');

$node->stop;
done_testing();
