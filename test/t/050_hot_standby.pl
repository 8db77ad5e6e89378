# A streaming standby reads the past as the primary does; promoted, it gives
# later ticks than the primary gave.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;
use Versions;

my $primary =
  TemporalTest->new_node('primary', init => [ allows_streaming => 1 ]);

$primary->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE p (id integer, k integer, PRIMARY KEY (id, k))
	WITH SYSTEM VERSIONING PARTITION BY LIST (k);
CREATE TABLE p_0 PARTITION OF p FOR VALUES IN (0);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE large (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
ALTER TABLE large SET (temporal.compression = none);
CREATE VIEW past AS SELECT id, v, sys_start, sys_end FROM t FOR SYSTEM_TIME ALL;
CREATE TABLE instant (n serial PRIMARY KEY, t timestamptz);
CREATE FUNCTION change(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE what;
	INSERT INTO instant (t) VALUES (temporal.system_time());
END $$;
SELECT change('INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i');
SELECT change('INSERT INTO p SELECT i, i % 2 FROM generate_series(1, 10) i');
SELECT change('INSERT INTO large SELECT i, 0 FROM generate_series(1, 5000) i');
SELECT change('UPDATE large SET v = v + 1 WHERE id % 3 = 0');
ANALYZE large, large_history;
SQL

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

sub change
{
	$primary->safe_psql('postgres', "SELECT change(\$\$$_\$\$)") foreach @_;
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
	return;
}

# The same of both, for every instant there is
my %question = (
	'AS OF' => 'SELECT i.n, a.id, a.v, a.sys_start, a.sys_end
		FROM instant i, t FOR SYSTEM_TIME AS OF i.t a ORDER BY 1, 2',
	'AS OF, partitioned' => 'SELECT i.n, a.id, a.k, a.sys_start
		FROM instant i, p FOR SYSTEM_TIME AS OF i.t a ORDER BY 1, 2, 3',
	'ALL through a view' => 'SELECT * FROM past ORDER BY 1, 3',
	'BETWEEN' => 'SELECT id, v, sys_start, sys_end FROM t FOR SYSTEM_TIME
		BETWEEN (SELECT min(t) FROM instant) AND (SELECT max(t) FROM instant)
		ORDER BY 1, 3',
	'AS OF the last change' => 'SELECT id, v FROM t FOR SYSTEM_TIME
		AS OF (SELECT max(t) FROM instant) ORDER BY 1',
	'AS OF before it' => q{SELECT id, v FROM t FOR SYSTEM_TIME
		AS OF (SELECT max(t) FROM instant) - interval '1 microsecond' ORDER BY 1});

sub compare
{
	my ($what) = @_;

	foreach my $name (sort keys %question)
	{
		my $answer = $primary->safe_psql('postgres', $question{$name});

		ok($answer eq $standby->safe_psql('postgres', $question{$name})
			  && length $answer > 0, "$what: $name");
	}
	return;
}

# A whole table: in the page, before it is asked whether the query sees a row
my $heap_instant = $primary->safe_psql('postgres',
	'SELECT t FROM instant ORDER BY n DESC OFFSET 1 LIMIT 1');
my $heap_sql = "SELECT count(*), sum(v) FROM large FOR SYSTEM_TIME AS OF '$heap_instant'";
my $parallel_sql = join('', map { "SET $_;" } 'parallel_setup_cost = 0',
	'parallel_tuple_cost = 0', 'min_parallel_table_scan_size = 0',
	'max_parallel_workers_per_gather = 2');
my $jit_sql = 'SET jit = on; SET jit_above_cost = 0; SET jit_inline_above_cost = 0;'
  . 'SET max_parallel_workers_per_gather = 0;';
my $held_sql = "BEGIN; DECLARE c CURSOR WITH HOLD FOR $heap_sql; COMMIT; FETCH ALL FROM c;";
$question{'AS OF a large table'} = $heap_sql;
$question{'in parallel'} = "$parallel_sql $heap_sql";
$question{'with JIT'} = "$jit_sql $heap_sql";
$question{'by a cursor that is held'} = $held_sql;

sub check_heap_plans
{
	my ($what) = @_;

	foreach my $settings ($parallel_sql, $jit_sql)
	{
		my $plan = $standby->safe_psql('postgres',
			"$settings EXPLAIN (COSTS OFF) $heap_sql");

		like($plan, qr/Custom Scan \(Temporal Heap\)/, "$what: it is used");
		like($plan, qr/Gather/, "$what: by workers, too") if $settings eq $parallel_sql;
	}
	return;
}

compare('after the backup');
check_heap_plans('after the backup');
change(
	'UPDATE t SET v = v + 1',
	'DELETE FROM t WHERE id % 7 = 0',
	'UPDATE p SET k = 1 - k WHERE id < 5',
	'INSERT INTO t SELECT i, 9 FROM generate_series(1, 110) i
		ON CONFLICT (id) DO UPDATE SET v = t.v + 10',
	'UPDATE large SET v = v + 1 WHERE id % 2 = 0', 'DELETE FROM large WHERE id % 5 = 0');
compare('while streaming');
change('TRUNCATE p', 'UPDATE t SET v = -1 WHERE id = 1');
compare('and on');

# A constant time, and one in the session of before a change
my $instant = $primary->safe_psql('postgres',
	'SELECT t FROM instant ORDER BY t OFFSET 2 LIMIT 1');
my $as_of =
  "SELECT id, v FROM t FOR SYSTEM_TIME AS OF '$instant' ORDER BY id";
is($standby->safe_psql('postgres', $as_of),
	$primary->safe_psql('postgres', $as_of),
	'a constant time');

# Writing is not possible, and trying to leaves the clock as it is
my ($ret, $stdout, $stderr);
foreach my $statement (
	'INSERT INTO t VALUES (1000, 1)',
	'UPDATE t SET v = 0',
	'DELETE FROM t',
	'TRUNCATE t',
	'SELECT temporal.row_start()',
	'ALTER TABLE t DROP SYSTEM VERSIONING',
	'CREATE TABLE u (id integer) WITH SYSTEM VERSIONING')
{
	($ret, $stdout, $stderr) = $standby->psql('postgres', $statement);
	like($stderr, qr/ERROR:  cannot /, "$statement fails on the standby");
}

# A session that lives through the promotion
change('UPDATE t SET v = v + 1 WHERE id <= 10');
my $expected = $primary->safe_psql('postgres', $question{'AS OF'});
my $last = $primary->safe_psql('postgres', <<'SQL');
SELECT extract(epoch FROM max(tick)) FROM (
	SELECT greatest(sys_start, nullif(sys_end, 'infinity')) AS tick
	FROM t FOR SYSTEM_TIME ALL
	UNION ALL
	SELECT greatest(sys_start, nullif(sys_end, 'infinity'))
	FROM p FOR SYSTEM_TIME ALL) v
SQL
is($standby->safe_psql('postgres', <<'SQL'), "t\nt\nt\nt", 'a session of before the promotion writes after it');
SELECT count(*) > 0 FROM t FOR SYSTEM_TIME AS OF now();
SELECT pg_promote();
UPDATE t SET v = v + 1 WHERE id = 1 RETURNING
	sys_start > (SELECT max(t) FROM instant);
SELECT sys_end > (SELECT max(t) FROM instant)
FROM t FOR SYSTEM_TIME ALL WHERE id = 1 AND sys_end < 'infinity'
ORDER BY sys_end DESC LIMIT 1;
SQL
$primary->stop;

cmp_ok(
	$standby->safe_psql('postgres',
		'UPDATE t SET v = v + 1 WHERE id = 2
		 RETURNING extract(epoch FROM sys_start)'),
	'>',
	$last,
	'ticks after the promotion are later than those of the primary');
is($standby->safe_psql('postgres', <<'SQL'), '13', 'the past of before the promotion is there');
SELECT count(DISTINCT i.n) FROM instant i, t FOR SYSTEM_TIME AS OF i.t a
WHERE a.id = 3
SQL
is( $standby->safe_psql('postgres', Versions::wrong_sql('t', 'id')),
	'', 'no overlap, one open version of each row');

# AS OF the same instants again, but for the ends that changed since
sub without_end { return join("\n", map { s/\|[^|]*$//r } split(/\n/, $_[0])) }
is( without_end($standby->safe_psql('postgres', $question{'AS OF'})),
	without_end($expected),
	'AS OF is what it was');

$standby->restart;
is( without_end($standby->safe_psql('postgres', $question{'AS OF'})),
	without_end($expected),
	'and after a restart');
$standby->stop;
done_testing();
