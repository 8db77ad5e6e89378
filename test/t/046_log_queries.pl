# temporal.log_queries: a line for each execution of each clause, where numbers
# of pages depend on more than a regression test can know.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $node = TemporalTest->new_node('main', conf => "autovacuum = off\njit = off\n");

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t SELECT i, 0 FROM generate_series(1, 2000) i;
UPDATE t SET v = 1;
CREATE TABLE p (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING
	PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);
INSERT INTO p SELECT i, 0 FROM generate_series(0, 19) i;
CREATE TABLE at AS SELECT id, sys_start AS t FROM t WHERE id <= 3;
CREATE FUNCTION count_at(x timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT count(*) FROM t FOR SYSTEM_TIME AS OF x);
END $$;
ANALYZE t, t_history, p;
SQL

# The lines of a statement
sub lines
{
	my ($statement, @settings) = @_;
	my ($ret, $stdout, $stderr) = $node->psql('postgres', join("\n",
			"SET temporal.log_queries = on;",
			(map { "SET $_;" } @settings),
			'SET client_min_messages = debug1;', $statement));

	is($ret, 0, $statement);
	return $stderr =~ /DEBUG:  temporal: (.*)/g;
}

my $time = qr/\d{4}-\d\d-\d\d [0-9:.]+\S+/;

like(join(';', lines('SELECT count(*) FROM t FOR SYSTEM_TIME ALL')),
	qr/^table t, clause ALL, pages [1-9]\d+, of history [1-9]\d*, segments 0$/, 'ALL');
like(join(';', lines('SELECT count(*) FROM t FOR SYSTEM_TIME AS OF now()')),
	qr/^table t, clause AS OF $time, pages \d+, of history 0, segments 0$/, 'AS OF now');
my ($line) = lines("SELECT count(*) FROM t FOR SYSTEM_TIME AS OF (SELECT min(t) FROM at) WHERE sys_start < '2000-01-01'");
my ($logged) = $line =~ /AS OF ($time),/;
is($logged, $node->safe_psql('postgres', 'SELECT committed_at FROM temporal.transaction_ticks WHERE tick = (SELECT min(t) FROM at)'),
	'the commit of the time of a sub-select, and not that of another condition');
is(join(';', lines('SELECT count(*) FROM at, LATERAL (SELECT FROM t FOR SYSTEM_TIME AS OF at.t) x')) =~ s/\d+/n/gr,
	'table t, clause AS OF, pages n, of history n, segments n', 'times of a column are not shown');
like(join(';', lines('SELECT count(*) FROM t FOR SYSTEM_TIME ALL',
			'max_parallel_workers_per_gather = 2', 'parallel_setup_cost = 0',
			'parallel_tuple_cost = 0', 'min_parallel_table_scan_size = 0')),
	qr/^table t, clause ALL, pages [1-9]\d+, of history [1-9]\d*, segments 0$/, 'what workers read counts');
is(scalar(() = lines('SELECT count_at(t) FROM at')), 3, 'a line for each execution in a function');
my @both = lines('SELECT count(*) FROM p FOR SYSTEM_TIME ALL a JOIN p FOR SYSTEM_TIME AS OF now() b USING (id)');
is(scalar(@both), 2, 'one for each reference, whatever partitions there are');
like($both[0], qr/^table p, clause ALL, pages [2-9]/, 'both partitions');
is(scalar(() = lines('EXPLAIN SELECT count(*) FROM t FOR SYSTEM_TIME ALL')), 0, 'none for EXPLAIN');
is(scalar(() = lines("SET temporal.log_queries = off; SELECT count(*) FROM t FOR SYSTEM_TIME ALL")), 0, 'none when it is off');
is(scalar(() = lines("PREPARE q AS SELECT count(*) FROM t FOR SYSTEM_TIME ALL; EXECUTE q; SET temporal.log_queries = off; EXECUTE q; SET temporal.log_queries = on; EXECUTE q;")),
	2, 'plans that are kept follow the setting');
is(scalar(() = lines("DECLARE c CURSOR WITH HOLD FOR SELECT * FROM t FOR SYSTEM_TIME ALL; CLOSE c; COPY (SELECT FROM t FOR SYSTEM_TIME ALL WHERE id = 1) TO STDOUT; INSERT INTO plain SELECT id FROM t FOR SYSTEM_TIME ALL" =~ s/plain/at (id)/r)),
	3, 'cursors, COPY, INSERT');

$node->safe_psql('postgres', "SELECT temporal.compress_history('t', before => 'infinity')");
like(join(';', lines('SELECT count(*) FROM t FOR SYSTEM_TIME ALL')),
	qr/^table t, clause ALL, pages [1-9]\d+, of history \d+, segments [1-9]\d*$/, 'segments');

$node->stop;
done_testing();
