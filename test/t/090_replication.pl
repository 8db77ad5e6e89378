# Logical replication into versioned tables.  The apply worker plans nothing
# and fires no statement triggers; its changes are captured all the same.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;
use Versions;

my $publisher =
  TemporalTest->new_node('publisher', init => [ allows_streaming => 'logical' ]);
my $subscriber = TemporalTest->new_node('subscriber', conf => <<'CONF');
max_logical_replication_workers = 10
max_worker_processes = 15
wal_retrieve_retry_interval = 100ms
CONF
my $connection = $publisher->connstr . ' dbname=postgres';

sub subscribe
{
	my ($name, @tables) = @_;

	$publisher->safe_psql('postgres',
		"CREATE PUBLICATION $name FOR TABLE " . join(', ', @tables));
	$subscriber->safe_psql('postgres',
		"CREATE SUBSCRIPTION $name CONNECTION '$connection application_name=$name' PUBLICATION $name");
	$subscriber->poll_query_until('postgres', <<'SQL') or BAIL_OUT("$name does not start");
SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')
SQL
	return;
}

# Statements on the publisher, until the subscriber has applied them
sub publish
{
	my ($name, @statements) = @_;

	foreach my $statement (@statements)
	{
		$publisher->safe_psql('postgres', $statement);
	}
	$publisher->wait_for_catchup($name);
	return;
}

sub versions
{
	my ($table, $columns, $order) = @_;
	my $sql = "SELECT $columns, sys_end = 'infinity'
		FROM $table FOR SYSTEM_TIME ALL ORDER BY $order, sys_start";

	return $subscriber->safe_psql('postgres', $sql);
}

# A plain table into a versioned one
$publisher->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer, note text);
INSERT INTO t VALUES (1, 10), (2, 20), (3, 30);
SQL
$subscriber->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer, note text)
	WITH SYSTEM VERSIONING;
SQL
subscribe('plain', 't');
is(versions('t', 'id, v', 'id'), "1|10|t\n2|20|t\n3|30|t", 'the first copy');

publish(
	'plain',
	'UPDATE t SET v = v + 1',
	'UPDATE t SET v = v + 1 WHERE id = 1',
	'DELETE FROM t WHERE id = 2',
	'INSERT INTO t VALUES (4, 40)',
	'BEGIN; UPDATE t SET v = -1 WHERE id = 4; UPDATE t SET v = 41 WHERE id = 4;
	 INSERT INTO t VALUES (5, 50); DELETE FROM t WHERE id = 5; COMMIT');
is(versions('t', 'id, v', 'id'), <<'OUT' =~ s/\n\z//r, 'UPDATE, DELETE and INSERT are captured');
1|10|f
1|11|f
1|12|t
2|20|f
2|21|f
3|30|f
3|31|t
4|40|f
4|41|t
OUT
is( $subscriber->safe_psql('postgres',
		Versions::wrong_sql('t', 'id', always_there => 1)),
	'', 'no overlap, no gap, one open version of each row');

publish('plain', 'BEGIN; UPDATE t SET v = 0; INSERT INTO t VALUES (6, 60); COMMIT');
is( $subscriber->safe_psql('postgres', <<'SQL'), '1|t', 'one transaction is one instant');
SELECT count(DISTINCT sys_start), min(sys_start) =
	(SELECT max(sys_end) FROM t FOR SYSTEM_TIME ALL WHERE sys_end < 'infinity')
FROM t
SQL

my $as_of = $subscriber->safe_psql('postgres', 'SELECT max(sys_start) FROM t');
publish('plain', 'TRUNCATE t', 'INSERT INTO t VALUES (1, 100)');
is( $subscriber->safe_psql('postgres',
		"SELECT id, v FROM t FOR SYSTEM_TIME AS OF '$as_of' ORDER BY id"),
	"1|0\n3|0\n4|0\n6|60",
	'TRUNCATE is captured');
is($subscriber->safe_psql('postgres', Versions::wrong_sql('t', 'id')),
	'', 'no overlap, one open version of each row');

# Local changes between replicated ones
$subscriber->safe_psql('postgres', 'UPDATE t SET note = $$local$$');
publish('plain', 'UPDATE t SET v = v + 1');
is( $subscriber->safe_psql('postgres', 'SELECT id, v, note FROM t
		FOR SYSTEM_TIME ALL WHERE v >= 100 ORDER BY sys_start'),
	"1|100|\n1|100|local\n1|101|",
	'local changes and replicated ones');

# Versioning that begins while a subscription is there
$publisher->safe_psql('postgres',
	'CREATE TABLE late (id integer PRIMARY KEY, v integer);
	 INSERT INTO late VALUES (1, 1)');
$subscriber->safe_psql('postgres',
	'CREATE TABLE late (id integer PRIMARY KEY, v integer)');
subscribe('late', 'late');
$subscriber->safe_psql('postgres', 'ALTER TABLE late ADD SYSTEM VERSIONING');
publish('late', 'UPDATE late SET v = 2', 'UPDATE late SET v = 3');
is(versions('late', 'id, v', 'id'), "1|1|f\n1|2|f\n1|3|t",
	'versioning added to a subscribed table');
is( $subscriber->safe_psql('postgres',
		Versions::wrong_sql('late', 'id', always_there => 1)),
	'', 'no overlap, no gap, one open version of each row');

# A table that joins the publication later
$publisher->safe_psql('postgres',
	'CREATE TABLE more (id integer PRIMARY KEY, v integer);
	 ALTER PUBLICATION late ADD TABLE more');
$subscriber->safe_psql('postgres',
	'CREATE TABLE more (id integer PRIMARY KEY, v integer)
		WITH SYSTEM VERSIONING');
$subscriber->safe_psql('postgres',
	'ALTER SUBSCRIPTION late REFRESH PUBLICATION');
$subscriber->poll_query_until('postgres', <<'SQL') or BAIL_OUT('no refresh');
SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')
SQL
publish('late', 'INSERT INTO more VALUES (1, 1)', 'UPDATE more SET v = 2',
	'UPDATE more SET v = 3');
is(versions('more', 'id, v', 'id'), "1|1|f\n1|2|f\n1|3|t",
	'a table that joins the subscription');
is( $subscriber->safe_psql('postgres',
		Versions::wrong_sql('more', 'id', always_there => 1)),
	'', 'no overlap, no gap, one open version of each row');

# Into a partitioned table, whose rows move
$publisher->safe_psql('postgres', <<'SQL');
CREATE TABLE p (id integer, k integer, v integer, PRIMARY KEY (id, k));
INSERT INTO p VALUES (1, 0, 1), (2, 1, 2);
SQL
$subscriber->safe_psql('postgres', <<'SQL');
CREATE TABLE p (id integer, k integer, v integer, PRIMARY KEY (id, k))
	WITH SYSTEM VERSIONING PARTITION BY LIST (k);
CREATE TABLE p_0 PARTITION OF p FOR VALUES IN (0);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
SQL
subscribe('partitioned', 'p');
publish(
	'partitioned',
	'UPDATE p SET v = v + 10',
	'UPDATE p SET k = 1 - k WHERE id = 1',
	'UPDATE p SET v = v + 10 WHERE id = 1',
	'DELETE FROM p WHERE id = 2');
is(versions('p', 'id, k, v', 'id'), <<'OUT' =~ s/\n\z//r, 'a partitioned table');
1|0|1|f
1|0|11|f
1|1|11|f
1|1|21|t
2|1|2|f
2|1|12|f
OUT
is( $subscriber->safe_psql('postgres',
		Versions::wrong_sql('p', 'id', always_there => 1)),
	'', 'no overlap, no gap, one open version of each row');

# From a versioned table: the period columns are the subscriber's own
my $both = <<'SQL';
CREATE TABLE v (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
SQL
$publisher->safe_psql('postgres', "$both INSERT INTO v VALUES (1, 10), (2, 20)");
$subscriber->safe_psql('postgres', $both);
subscribe('versioned', 'v');
publish('versioned', 'UPDATE v SET v = v + 1', 'UPDATE v SET v = v + 1',
	'DELETE FROM v WHERE id = 2');
is( versions('v', 'id, v', 'id'),
	"1|10|f\n1|11|f\n1|12|t\n2|20|f\n2|21|f\n2|22|f",
	'versioned on both sides');
is( $subscriber->safe_psql('postgres',
		Versions::wrong_sql('v', 'id', always_there => 1)),
	'', 'no overlap, no gap, one open version of each row');

# A table together with its history: the subscriber has the publisher's
$both = <<'SQL';
CREATE TABLE h (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
SQL
$publisher->safe_psql('postgres',
	"$both INSERT INTO h VALUES (1, 10), (2, 20); ALTER TABLE h_history REPLICA IDENTITY FULL");
$publisher->safe_psql('postgres', 'UPDATE h SET v = v + 1');
is($publisher->safe_psql('postgres', "SELECT versions FROM temporal.compress_history('h', now())"),
	'2', 'a history that is published has segments');
$subscriber->safe_psql('postgres', $both);
# the first copy writes history as an import does
$subscriber->safe_psql('postgres',
	'ALTER DATABASE postgres SET temporal.allow_period_writes = on');
subscribe('history', 'h', 'h_history');
$subscriber->safe_psql('postgres',
	'ALTER DATABASE postgres RESET temporal.allow_period_writes');
my $all = 'SELECT * FROM h FOR SYSTEM_TIME ALL ORDER BY id, sys_start';
is( $subscriber->safe_psql('postgres', $all),
	$publisher->safe_psql('postgres', $all),
	'the first copy of a table and its history');
publish('history', 'UPDATE h SET v = v + 1', 'DELETE FROM h WHERE id = 2',
	'INSERT INTO h VALUES (3, 30)', 'UPDATE h SET v = v + 1 WHERE id = 3');
is( $subscriber->safe_psql('postgres', $all),
	$publisher->safe_psql('postgres', $all),
	'versions of a replicated history are the publisher\'s');
$as_of = $publisher->safe_psql('postgres',
	'SELECT min(sys_end) FROM h FOR SYSTEM_TIME ALL');
$as_of = "SELECT * FROM h FOR SYSTEM_TIME AS OF '$as_of' ORDER BY id";
is( $subscriber->safe_psql('postgres', $as_of),
	$publisher->safe_psql('postgres', $as_of),
	'AS OF, too');

# What is moved, or removed by retention, stays where it was on the other side
my $had = $subscriber->safe_psql('postgres', $all);
publish('history', "SELECT temporal.compress_history('h', now())");
is($subscriber->safe_psql('postgres', $all), $had, 'compression of the publisher\'s');
publish('history', "SELECT temporal.decompress_history('h')");
is($subscriber->safe_psql('postgres', $all), $had, 'and decompression');
publish('history', "ALTER TABLE h SET RETENTION_PERIOD = INTERVAL '0'; SELECT temporal.enforce_retention('h')");
is($publisher->safe_psql('postgres', 'SELECT count(*) FROM h_history'), '0', 'retention removes');
is($subscriber->safe_psql('postgres', $all), $had, 'on its side alone');
publish('history', 'UPDATE h SET v = v + 1 WHERE id = 3');
is($subscriber->safe_psql('postgres', 'SELECT v FROM h FOR SYSTEM_TIME ALL WHERE id = 3 ORDER BY v'),
	"30\n31\n32", 'new versions follow');

# The apply workers had nothing to complain about
is(join("\n", grep { /ERROR|PANIC/ } split /\n/, slurp_file($subscriber->logfile)),
	'', 'no error on the subscriber');

$subscriber->stop;
$publisher->stop;
done_testing();
