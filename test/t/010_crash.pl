# Crashes under load: a backend killed with SIGKILL, and an immediate stop.
# What was committed is there, whole; the clock goes on later than before.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;
use Versions;

my $node = TemporalTest->new_node('main', conf => <<'CONF');
restart_after_crash = on
checkpoint_timeout = 30s
deadlock_timeout = 50ms
log_statement = none
CONF

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE account (id integer PRIMARY KEY, balance integer NOT NULL)
	WITH SYSTEM VERSIONING;
INSERT INTO account SELECT i, 100 FROM generate_series(1, 20) i;
CREATE TABLE spot (id integer, region integer, n integer DEFAULT 0,
				   PRIMARY KEY (id, region))
	WITH SYSTEM VERSIONING PARTITION BY LIST (region);
CREATE TABLE spot_0 PARTITION OF spot FOR VALUES IN (0);
CREATE TABLE spot_1 PARTITION OF spot FOR VALUES IN (1);
INSERT INTO spot SELECT i, i % 2 FROM generate_series(1, 10) i;
CREATE TABLE probe (id integer PRIMARY KEY, n integer) WITH SYSTEM VERSIONING;
INSERT INTO probe VALUES (1, 0);
SQL

my %script = (
	transfer => <<'SQL',
\set a random(1, 20)
\set b random(1, 20)
BEGIN;
UPDATE account SET balance = balance - 1 WHERE id = :a;
SAVEPOINT s;
UPDATE account SET balance = 0 WHERE id = :b;
ROLLBACK TO s;
UPDATE account SET balance = balance + 1 WHERE id = :b;
COMMIT;
SQL
	bulk => <<'SQL',
\set r random(0, 4)
UPDATE account SET balance = balance WHERE id % 5 = :r;
SQL
	move => <<'SQL',
\set a random(1, 10)
UPDATE spot SET region = 1 - region, n = n + 1 WHERE id = :a;
SQL
	replace => <<'SQL',
\set a random(1, 10)
BEGIN;
DELETE FROM spot WHERE id = :a;
INSERT INTO spot VALUES (:a, 0) ON CONFLICT DO NOTHING;
COMMIT;
SQL
);
my $dir = PostgreSQL::Test::Utils::tempdir;
my @scripts;
foreach my $name (sort keys %script)
{
	append_to_file("$dir/$name.sql", $script{$name});
	push @scripts, '-f', "$dir/$name.sql@" . ($name eq 'transfer' ? 6 : 1);
}

my ($out, $err);

sub start_load
{
	($out, $err) = ('', '');
	return IPC::Run::start(
		[
			'pgbench', '-n', '-c', 4, '-T', 300, '-h', $node->host,
			'-p', $node->port, '-U',
			$node->safe_psql('postgres', 'SELECT current_user'), @scripts,
			'postgres'
		],
		'<', \undef, '>', \$out, '2>', \$err);
}

sub versions
{
	return $node->safe_psql('postgres',
		'SELECT count(*) FROM account FOR SYSTEM_TIME ALL');
}

# What the clock has told a client whose transaction was committed
sub probe
{
	return $node->safe_psql('postgres',
		'UPDATE probe SET n = n + 1 RETURNING extract(epoch FROM sys_start)');
}

sub check
{
	my ($what, $before) = @_;
	my $after = probe();

	cmp_ok($after, '>', $before, "$what: the clock goes on");
	is($node->safe_psql('postgres', <<'SQL'), 't', "$what: later than all that survived");
SELECT (SELECT sys_start FROM probe) >
	   (SELECT max(greatest(sys_start, nullif(sys_end, 'infinity')))
		FROM (SELECT sys_start, sys_end FROM account FOR SYSTEM_TIME ALL
			  UNION ALL
			  SELECT sys_start, sys_end FROM spot FOR SYSTEM_TIME ALL) v)
SQL
	is( $node->safe_psql('postgres',
			Versions::wrong_sql('account', 'id', always_there => 1)),
		'', "$what: no overlap, no gap, one open version of each row");
	# (a row that moves between the two statements of who replaces it leaves two)
	is( $node->safe_psql('postgres',
			Versions::wrong_sql('spot', 'id, region', keys_return => 1)),
		'', "$what: the same of rows that move and rows that are replaced");
	is( $node->safe_psql('postgres',
			'SELECT count(*), sum(balance) FROM account'),
		'20|2000',
		"$what: no row and no money lost");
	is( $node->safe_psql('postgres', 'SELECT n + 1 = (SELECT count(*)
			FROM probe FOR SYSTEM_TIME ALL) FROM probe'),
		't', "$what: what was committed before is there");
}

foreach my $round (1 .. 2)
{
	foreach my $how ('SIGKILL', 'immediate stop')
	{
		my $what = "$how $round";
		my $had = versions();
		my $load = start_load();
		my $before;

		$node->poll_query_until('postgres',
			"SELECT count(*) > $had + 300 FROM account FOR SYSTEM_TIME ALL")
		  or BAIL_OUT('the load does not get going');
		$before = probe();
		if ($how eq 'SIGKILL')
		{
			my $pid = $node->safe_psql('postgres', <<'SQL');
SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1
SQL
			kill 'KILL', $pid;
			$load->finish;
			$node->poll_query_until('postgres', 'SELECT true')
			  or BAIL_OUT('no recovery');
		}
		else
		{
			$node->stop('immediate');
			$load->finish;
			$node->start;
		}
		check($what, $before);
	}
}

# A clean restart after all that
my $before = probe();
$node->restart;
check('restart', $before);

$node->stop;
done_testing();
