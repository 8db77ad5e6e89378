# The launcher and its workers: they come by themselves, find databases that
# are new and forget those that are gone, are in nobody's way, and live through
# whatever happens to them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;
use TemporalTest;

my $node = TemporalTest->new_node('main',
	init => [ allows_streaming => 1 ],
	conf => <<'CONF');
temporal.naptime = 1
temporal.max_workers = 2
log_min_messages = log
CONF

# The words of the log since the last time
my $read = 0;

sub new_log
{
	my $log = slurp_file($node->logfile, $read);

	$read += length $log;
	return $log;
}

# A table whose versions are old at once, and has so many of them
sub make_table
{
	my ($server, $database, $table, $versions) = @_;

	$server->safe_psql($database, <<"SQL");
CREATE TABLE $table (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
ALTER TABLE $table SET (temporal.compress_after = '0 seconds');
INSERT INTO $table SELECT i, 0 FROM generate_series(1, $versions) i;
UPDATE $table SET v = 1;
SQL
	return;
}

sub wait_until_compressed
{
	my ($server, $database, $table, $versions, $what) = @_;

	ok( $server->poll_query_until(
			$database, "SELECT compressed_versions >= $versions
				FROM temporal.compression WHERE relation = '$table'::regclass"),
		$what);
	return;
}

my $running = "SELECT count(*) FROM pg_stat_activity
	WHERE backend_type LIKE 'temporal%'";
my $launcher = "SELECT pid FROM pg_stat_activity
	WHERE backend_type = 'temporal launcher'";

# It starts by itself, and is in no database
ok( $node->poll_query_until(
		'postgres', "SELECT count(*) = 1 FROM pg_stat_activity
			WHERE backend_type = 'temporal launcher' AND datid IS NULL"),
	'the launcher is there');
make_table($node, 'postgres', 't', 1000);
wait_until_compressed($node, 'postgres', 't', 1000, 'a worker compresses');
like(
	$node->safe_psql('postgres', 'SELECT * FROM temporal.job_runs'),
	qr/^t\|compress\|.*\|\|1\|1000\|\d+\|in \d+ segments\|$/m,
	'temporal.job_runs tells of it');
is( $node->safe_psql('postgres',
		'SELECT relation, kind, state, failures, last_error IS NULL,
			next_run > last_end, last_end >= last_start FROM temporal.jobs'),
	't|compress|idle|0|t|t|t',
	'temporal.jobs as well');
like(new_log(), qr/LOG:  temporal: compressed 1000 versions of public\.t in \d+ segments, \d+ kB freed/,
	'and the log');

# A new database, with the extension after a while, and another one
$node->safe_psql('postgres', 'CREATE DATABASE later');
$node->safe_psql('later', 'CREATE EXTENSION temporal');
make_table($node, 'later', 'u', 500);
wait_until_compressed($node, 'later', 'u', 500, 'a new database is found');
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE later');
$node->safe_psql('copied', 'UPDATE u SET v = 2');
wait_until_compressed($node, 'copied', 'u', 1000, 'a copied one, too');

# It can be left alone
$node->safe_psql('postgres',
	'ALTER DATABASE copied SET temporal.maintenance = off');
$node->safe_psql('copied', 'UPDATE u SET v = 3');
$node->safe_psql('later', 'UPDATE u SET v = 3');
wait_until_compressed($node, 'later', 'u', 1000, 'others go on');
is( $node->safe_psql('copied',
		'SELECT compressed_versions FROM temporal.compression'),
	'1000',
	'temporal.maintenance = off: left alone');
$node->safe_psql('postgres', 'ALTER DATABASE copied RESET temporal.maintenance');
wait_until_compressed($node, 'copied', 'u', 1500, 'and cared for again');

# One bad table: the others go on; a line when it begins to fail, and one when
# it works again
new_log();
make_table($node, 'postgres', 'bad', 10);
make_table($node, 'postgres', 'good', 10);
wait_until_compressed($node, 'postgres', 'bad', 10, 'a table');
# (as if the primary key were another one than that of the segments)
$node->safe_psql('postgres', <<'SQL');
UPDATE temporal.segment_store SET key_column = 99
WHERE history = 'bad_history'::regclass;
SQL
$node->safe_psql('postgres', 'UPDATE bad SET v = 2; UPDATE good SET v = 2');
ok( $node->poll_query_until(
		'postgres', "SELECT failures > 2 AND state = 'failed' FROM temporal.jobs
			WHERE relation = 'bad'::regclass"),
	'a job that fails is tried again');
wait_until_compressed($node, 'postgres', 'good', 20, 'the others go on');
my $log = new_log();
my $lines = () = $log =~ /temporal: compressing versions of public\.bad failed/g;
is($lines, 1, 'the log has one line for all failures');
cmp_ok(
	$node->safe_psql('postgres',
		"SELECT count(*) FROM temporal.job_runs
			WHERE relation = 'bad'::regclass AND error LIKE 'segments of history%'"),
	'>=', 3, 'temporal.job_runs has each');
$node->safe_psql('postgres', <<'SQL');
UPDATE temporal.segment_store SET key_column = 1
WHERE history = 'bad_history'::regclass;
SQL
wait_until_compressed($node, 'postgres', 'bad', 20, 'it works again');
ok( $node->wait_for_log(
		qr/temporal: compressing versions of public\.bad works again/),
	'and the log says so');

# A table that somebody has locked is left until later, others go on
make_table($node, 'postgres', 'locked', 100);
my $holder = Session->new($node, 'postgres');
$holder->query('BEGIN; LOCK TABLE t;');
$node->safe_psql('postgres', 'UPDATE good SET v = 3');
wait_until_compressed($node, 'postgres', 'good', 30,
	'a locked table is not waited for');
$holder->query('UPDATE t SET v = 2; COMMIT;');
$holder->quit;
wait_until_compressed($node, 'postgres', 't', 2000, 'its turn comes');

# pg_terminate_backend: the launcher comes back
my $pid = $node->safe_psql('postgres', $launcher);
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok( $node->poll_query_until(
		'postgres', "SELECT count(*) = 1 FROM pg_stat_activity
			WHERE backend_type = 'temporal launcher' AND pid <> $pid"),
	'a launcher that was terminated is started again');
$node->safe_psql('postgres', 'UPDATE t SET v = 3');
wait_until_compressed($node, 'postgres', 't', 3000, 'and does its work');

# Workers that are terminated and cancelled.  What holds one is a lock on the
# table that says how jobs stand.
sub hold_worker
{
	my ($database) = @_;
	my $session = Session->new($node, $database);

	$session->query('BEGIN; LOCK TABLE temporal.job IN SHARE ROW EXCLUSIVE MODE;');
	$node->safe_psql($database, 'UPDATE u SET v = v + 1');
	$node->poll_query_until(
		'postgres', "SELECT count(*) = 1 FROM pg_stat_activity
			WHERE backend_type = 'temporal worker' AND datname = '$database'
			AND wait_event_type = 'Lock'")
	  or BAIL_OUT('no worker waits');
	return $session;
}

my $worker = "SELECT pid FROM pg_stat_activity
	WHERE backend_type = 'temporal worker' AND wait_event_type = 'Lock'";
foreach my $function ('pg_terminate_backend', 'pg_cancel_backend')
{
	my $session = hold_worker('later');
	my $had = $node->safe_psql('later',
		'SELECT compressed_versions FROM temporal.compression');

	is( $node->safe_psql('postgres',
			"SELECT count(*) FROM ($worker) w, pg_stat_activity a
				WHERE a.pid = w.pid AND application_name = 'temporal maintenance'
				AND query LIKE 'temporal maintenance: %'"),
		'1',
		'pg_stat_activity says what it is');
	$node->safe_psql('postgres', "SELECT $function(($worker))");
	$session->query('COMMIT;');
	$session->quit;
	wait_until_compressed($node, 'later', 'u', $had + 500,
		"$function: another one does the work");
}

# In the middle of a long step each of these would fail after five seconds if
# the worker stayed for so long.
new_log();
make_table($node, 'later', 'big', 300000);

sub wait_for_step
{
	my ($database) = @_;

	$node->poll_query_until(
		'postgres', "SELECT count(*) = 1 FROM pg_stat_activity
			WHERE backend_type = 'temporal worker' AND datname = '$database'
			AND query = 'temporal maintenance: compressing versions of public.big'")
	  or BAIL_OUT('nothing is compressed');
	return;
}

wait_for_step('later');
$node->safe_psql('later', 'BEGIN; LOCK TABLE big; COMMIT');
is( $node->safe_psql('later',
		"SELECT error FROM temporal.job_runs WHERE relation = 'big'::regclass"),
	'maintenance gave way to another transaction that waits for the table',
	'a step gives way to who wants to change the table');

wait_for_step('later');
my ($ret, $stdout, $stderr) =
  $node->psql('postgres', 'ALTER DATABASE later RENAME TO earlier');
is($stderr, '', 'ALTER DATABASE RENAME in the middle of a step');
wait_for_step('earlier');
($ret, $stdout, $stderr) =
  $node->psql('postgres', 'CREATE DATABASE another TEMPLATE earlier');
is($stderr, '', 'CREATE DATABASE ... TEMPLATE');
wait_for_step('earlier');
($ret, $stdout, $stderr) = $node->psql('postgres', 'DROP DATABASE another');
is($stderr, '', 'DROP DATABASE of the copy');
wait_until_compressed($node, 'earlier', 'big', 300000,
	'the worker comes back');
$node->safe_psql('earlier', 'UPDATE big SET v = 2');
wait_for_step('earlier');
($ret, $stdout, $stderr) = $node->psql('postgres', 'DROP DATABASE earlier');
is($stderr, '', 'DROP DATABASE');
unlike(new_log(), qr/canceling statement|FATAL/,
	'a worker that leaves is no news for the log');

# Counting the versions of each key is a long step as well
make_table($node, 'copied', 'counted', 200000);
$node->safe_psql('copied', <<'SQL');
ALTER TABLE counted SET (temporal.compression = none, temporal.max_history_versions = 1);
SQL
$node->poll_query_until('copied', <<'SQL') or BAIL_OUT('nothing is counted');
SELECT count(*) = 1 FROM temporal.progress
WHERE relation = 'counted'::regclass AND phase = 'counting versions'
SQL
$node->safe_psql('copied', 'BEGIN; LOCK TABLE counted; COMMIT');
is( $node->safe_psql('copied',
		"SELECT kind, error FROM temporal.job_runs WHERE relation = 'counted'::regclass
			AND error IS NOT NULL"),
	'retain|maintenance gave way to another transaction that waits for the table',
	'counting gives way, too');
is( $node->safe_psql('copied',
		"SELECT kind FROM temporal.jobs WHERE relation = 'counted'::regclass"),
	'retain',
	'temporal.jobs has no job that is not wanted any more');
$node->safe_psql('copied', 'ALTER TABLE counted DROP SYSTEM VERSIONING CASCADE');

# Not everybody can send workers away
$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN');
($ret, $stdout, $stderr) =
  $node->psql('postgres', 'SET ROLE nobody; DROP DATABASE copied');
like($stderr, qr/must be owner/, 'DROP DATABASE by somebody else');

# DROP EXTENSION while it is looked after
$node->safe_psql('copied', 'ALTER TABLE u DROP SYSTEM VERSIONING CASCADE');
$node->safe_psql('copied', 'DROP EXTENSION temporal CASCADE');
$node->safe_psql('copied', 'CREATE EXTENSION temporal');
make_table($node, 'copied', 'w', 100);
wait_until_compressed($node, 'copied', 'w', 100,
	'after DROP and CREATE EXTENSION');

# A table that is dropped is forgotten
$node->safe_psql('copied', 'DROP TABLE w CASCADE');
ok( $node->poll_query_until(
		'copied',
		'SELECT (SELECT count(*) FROM temporal.job) = 0
			AND (SELECT count(*) FROM temporal.job_run) = 0'),
	'jobs and runs of dropped tables are forgotten');

# What was refused in a database that is dropped takes no room from others
$node->safe_psql('postgres', "CREATE DATABASE gone; ALTER DATABASE gone SET temporal.maintenance = off");
$node->safe_psql('gone', 'CREATE EXTENSION temporal');
make_table($node, 'gone', 'g', 1);
$node->psql('gone', <<'SQL');
DO $$ BEGIN
	FOR i IN 1 .. 600 LOOP
		BEGIN
			DELETE FROM g_history;
		EXCEPTION WHEN insufficient_privilege THEN NULL;
		END;
	END LOOP;
	RAISE 'and nothing commits';
END $$;
SQL
is($node->safe_psql('gone', 'SELECT count(*) FROM temporal.audit_waiting()'), '512',
	'refused writes wait for a transaction that commits');
$node->safe_psql('postgres', 'DROP DATABASE gone');
$node->psql('postgres', 'DELETE FROM t_history');
is($node->safe_psql('postgres', "SELECT count(*) FROM temporal.audit_log
		WHERE action = 'refuse' AND relation LIKE '%.t_history' AND reason = 'DELETE of history'"),
	'1', 'and not for ever');

# SIGHUP: no workers, and again
$node->append_conf('postgresql.conf', 'temporal.max_workers = 0');
$node->reload;
$node->safe_psql('postgres', 'UPDATE t SET v = 4');
is($node->safe_psql('postgres', 'CALL temporal.run_maintenance(); SELECT 1'),
	'1', 'run_maintenance() needs no worker');
ok( $node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'temporal worker'"),
	'max_workers = 0: there is none');
$node->safe_psql('postgres', 'UPDATE t SET v = 5');
$node->append_conf('postgresql.conf', 'temporal.max_workers = 1');
$node->reload;
wait_until_compressed($node, 'postgres', 't', 5000, 'and then there are again');

# An immediate stop in the middle of a run: all is done after all
$node->safe_psql('postgres', 'UPDATE t SET v = 6');
make_table($node, 'postgres', 'big', 300000);
ok( $node->poll_query_until(
		'postgres', "SELECT count(*) = 1 FROM temporal.progress
			WHERE datname = 'postgres' AND relation = 'big'::regclass
			AND kind = 'compress' AND phase <> '' AND steps = 0
			AND pid IN (SELECT pid FROM pg_stat_activity
				WHERE backend_type = 'temporal worker')"),
	'temporal.progress shows a run');
$node->stop('immediate');
$node->start;
wait_until_compressed($node, 'postgres', 't', 6000,
	'after an immediate stop in the middle');
wait_until_compressed($node, 'postgres', 'big', 300000,
	'that one, too');
is( $node->safe_psql('postgres',
		'SELECT count(*), count(DISTINCT (id, sys_start)) FROM big_history'),
	'300000|300000',
	'each version is there once');

# A standby has no workers, until it is promoted
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', 'UPDATE t SET v = 7');
wait_until_compressed($node, 'postgres', 't', 7000, 'on the primary');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', $running), '0', 'no worker on a standby');
is( $standby->safe_psql('postgres',
		'SELECT compressed_versions FROM temporal.compression
			WHERE relation = $$t$$::regclass'),
	'7000',
	'but what those of the primary did');
($ret, $stdout, $stderr) =
  $standby->psql('postgres', 'CALL temporal.run_maintenance()');
like($stderr, qr/cannot execute temporal\.run_maintenance\(\) in a read-only transaction/,
	'nor can it be called');
$node->stop('fast');
$standby->promote;
$standby->safe_psql('postgres', 'UPDATE t SET v = 8');
wait_until_compressed($standby, 'postgres', 't', 8000,
	'after the promotion there are');
is( $standby->safe_psql('postgres',
		'SELECT count(*), count(DISTINCT (id, sys_start)) FROM t_history'),
	'8000|8000',
	'each version is there once');
$standby->stop;
done_testing();
