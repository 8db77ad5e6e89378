# Statements that end in the middle of a capture: by a timeout, by
# pg_cancel_backend(), by the end of the session, for want of room in the lock
# table.  The statement is rolled back, nothing is lost, the session goes on.

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
max_prepared_transactions = 5
max_connections = 15
max_locks_per_transaction = 10
max_worker_processes = 2
max_parallel_workers = 0
autovacuum = off
log_statement = none
CONF

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t SELECT i, 0 FROM generate_series(1, 20000) i;
SQL

my $state = <<'SQL';
SELECT count(*), sum(v), (SELECT count(*) FROM t_history) FROM t
SQL
my $before = $node->safe_psql('postgres', $state);
my ($ret, $stdout, $stderr);

sub unchanged
{
	my ($what) = @_;

	is($node->safe_psql('postgres', $state), $before, "$what: nothing changed");
	return;
}

# At some place of the statement, most of whose time goes into the capture
my $cancelled = 0;
foreach my $timeout (5, 20, 40, 60, 80, 100, 150, 200, 300)
{
	($ret, $stdout, $stderr) = $node->psql('postgres', <<"SQL", on_error_stop => 0);
SET statement_timeout = $timeout;
BEGIN;
UPDATE t SET v = v + 1;
ROLLBACK;
SQL
	$cancelled++ if $stderr =~ /canceling statement due to statement timeout/;
}
cmp_ok($cancelled, '>', 0, 'a timeout cancels the statement');
unchanged('timeout');

# Where the capture is about to write: it waits for a lock on the history that
# a prepared transaction holds
my %statement = (
	UPDATE => 'UPDATE t SET v = v + 1',
	DELETE => 'DELETE FROM t',
	TRUNCATE => 'TRUNCATE t',
	upsert => 'INSERT INTO t VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET v = 1',
	MERGE => 'MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED THEN DELETE');

foreach my $name (sort keys %statement)
{
	my $output;

	$node->safe_psql('postgres', <<'SQL');
BEGIN; LOCK TABLE t_history IN SHARE MODE; PREPARE TRANSACTION 'lock'
SQL
	# the session goes on after it
	($ret, $output, $stderr) = $node->psql('postgres', <<"SQL", on_error_stop => 0);
INSERT INTO t VALUES (-1, 0);
DELETE FROM t WHERE id = -1 AND false;
SET statement_timeout = '50ms';
$statement{$name};
RESET statement_timeout;
ROLLBACK PREPARED 'lock';
BEGIN;
$statement{$name};
SELECT count(*) > 0 FROM t_history;
ROLLBACK;
SQL
	like($stderr, qr/statement timeout/, "$name: timeout in the capture");

	unlike($stderr, qr/ERROR(?!:  canceling statement)/,
		"$name: no other error");
	like($output, qr/^t$/m, "$name: works afterwards in the same session");
	$node->psql('postgres', "ROLLBACK PREPARED 'lock'");
	is( $node->safe_psql('postgres',
			'SELECT count(*), sum(v) FROM t WHERE id > 0'),
		'20000|0',
		"$name: nothing changed");
	is($node->safe_psql('postgres', Versions::wrong_sql('t', 'id')),
		'', "$name: one open version of each row");
	$node->safe_psql('postgres', 'DELETE FROM t WHERE id = -1');
}

# INSERT ... SELECT of rows as they are, by the scan that puts a period behind
# them: in the middle of the rows
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE copied (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE source (id integer, v integer);
INSERT INTO source SELECT i, 0 FROM generate_series(1, 200000) i;
SQL
like($node->safe_psql('postgres', 'EXPLAIN INSERT INTO copied SELECT * FROM source'),
	qr/Custom Scan \(Temporal Period\)/, 'rows are copied as they are');
$cancelled = 0;
foreach my $timeout (5, 10, 20, 40, 80, 120, 160)
{
	($ret, $stdout, $stderr) = $node->psql('postgres', <<"SQL", on_error_stop => 0);
SET statement_timeout = $timeout;
INSERT INTO copied SELECT * FROM source;
BEGIN;
SAVEPOINT s;
INSERT INTO copied SELECT * FROM source;
ROLLBACK TO s;
RESET statement_timeout;
INSERT INTO copied SELECT * FROM source WHERE id = 1;
SELECT count(*), min(v) FROM copied;
ROLLBACK;
DELETE FROM copied;
SELECT 'went on';
SQL
	$cancelled++ if $stderr =~ /canceling statement due to statement timeout/;
	like($stdout, qr/^1\|0\nwent on$/m, "timeout $timeout: the session goes on")
	  if $stderr =~ /timeout/;
	unlike($stderr, qr/ERROR(?!:  canceling statement)/,
		"timeout $timeout: no other error");
}
cmp_ok($cancelled, '>', 0, 'a timeout cancels INSERT ... SELECT');
$node->safe_psql('postgres', 'TRUNCATE copied');
is($node->safe_psql('postgres', Versions::wrong_sql('copied', 'id')),
	'', 'no version but those of rows that were there');

# ... and of one that waits for a lock, another session's row, by each end
foreach my $function ('pg_cancel_backend', 'pg_terminate_backend')
{
	my ($in, $out, $err) = ('', '', '');

	$node->safe_psql('postgres', <<'SQL');
BEGIN; INSERT INTO copied VALUES (100000, -1); PREPARE TRANSACTION 'row'
SQL
	my $session = IPC::Run::start(
		[
			'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			'INSERT INTO copied SELECT * FROM source'
		],
		'<', \undef, '>', \$out, '2>', \$err);
	$node->poll_query_until('postgres', <<'SQL') or BAIL_OUT('it does not wait');
SELECT count(*) = 1 FROM pg_stat_activity
WHERE query LIKE 'INSERT INTO copied%' AND wait_event_type = 'Lock'
SQL
	$node->safe_psql('postgres', <<"SQL");
SELECT $function(pid) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO copied%'
SQL
	$session->finish;
	like($err, qr/canceling statement|terminating connection/,
		"$function ends INSERT ... SELECT");
	$node->safe_psql('postgres', "COMMIT PREPARED 'row'");
	is($node->safe_psql('postgres', 'SELECT id, v FROM copied'),
		'100000|-1', 'and only the other row is there');
	$node->safe_psql('postgres', 'DELETE FROM copied');
}

foreach my $function ('pg_cancel_backend', 'pg_terminate_backend')
{
	my ($in, $out, $err) = ('', '', '');
	my $session;
	my $had = $node->safe_psql('postgres', 'SELECT count(*) FROM t_history');

	$node->safe_psql('postgres', <<'SQL');
BEGIN; LOCK TABLE t_history IN SHARE MODE; PREPARE TRANSACTION 'lock'
SQL
	$session = IPC::Run::start(
		[
			'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			'UPDATE t SET v = v + 1'
		],
		'<', \undef, '>', \$out, '2>', \$err);
	$node->poll_query_until('postgres', <<'SQL') or BAIL_OUT('it does not wait');
SELECT count(*) = 1 FROM pg_stat_activity
WHERE query LIKE 'UPDATE t%' AND wait_event_type = 'Lock'
SQL
	$node->safe_psql('postgres', <<"SQL");
SELECT $function(pid) FROM pg_stat_activity WHERE query LIKE 'UPDATE t%'
SQL
	$session->finish;
	like($err, qr/canceling statement|terminating connection/,
		"$function ends it");
	$node->safe_psql('postgres', "ROLLBACK PREPARED 'lock'");
	is( $node->safe_psql('postgres',
			'SELECT sum(v), (SELECT count(*) FROM t_history) FROM t'),
		"0|$had",
		"$function: nothing changed");
}

# Looking up what is versioned is cancelled; the next time it is looked up
# again.
foreach my $lock ('temporal.versioned_table', 'pg_catalog.pg_proc',
	'temporal.tick_reserve')
{
	foreach my $statement ('SELECT count(*) > 0 FROM t FOR SYSTEM_TIME ALL',
		'UPDATE t SET v = v WHERE id = 1',
		'INSERT INTO t VALUES (-2, 0)')
	{
		my $how =
		  $lock =~ /tick_reserve/
		  ? "ALTER SEQUENCE $lock CACHE 1"
		  : "LOCK TABLE $lock";

		$node->safe_psql('postgres',
			"BEGIN; $how; PREPARE TRANSACTION 'lock'");
		($ret, $stdout, $stderr) = $node->psql('postgres', <<"SQL", on_error_stop => 0);
SET statement_timeout = '50ms';
$statement;
$statement;
RESET statement_timeout;
ROLLBACK PREPARED 'lock';
\\set VERBOSITY verbose
BEGIN;
$statement;
INSERT INTO t VALUES (-1, 0, '2001-01-01', 'infinity');
ROLLBACK;
UPDATE t SET v = v WHERE id = 2;
SELECT 'went on';
SQL
		$node->psql('postgres', "ROLLBACK PREPARED 'lock'");
		$stderr =~ s/.*canceling statement due to statement timeout\n//g;
		like($stderr, qr/\A[^\n]*ERROR:  428C9.*\n((?!ERROR).*\n?)*\z/,
			"$lock locked: $statement, and then the table is versioned");
		like($stdout, qr/went on/, 'and the session goes on');
		$node->safe_psql('postgres', 'DELETE FROM t WHERE id < 0');
	}
}

# A lock table that is full, or almost: each statement fails at another place
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE p (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING
	PARTITION BY HASH (id);
DO $$ BEGIN
	FOR i IN 0 .. 11 LOOP
		EXECUTE format('CREATE TABLE p_%s PARTITION OF p
			FOR VALUES WITH (MODULUS 12, REMAINDER %s)', i, i);
	END LOOP;
END $$;
INSERT INTO p SELECT i, 0 FROM generate_series(1, 100) i;
CREATE FUNCTION fill_lock_table(places integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	n integer := 0;
BEGIN
	WHILE n < places LOOP
		BEGIN
			PERFORM pg_advisory_xact_lock(4711, n);
		EXCEPTION WHEN out_of_memory THEN
			RETURN n;
		END;
		n := n + 1;
	END LOOP;
	RETURN n;
END $$;
SQL
my $places =
  $node->safe_psql('postgres', 'SELECT fill_lock_table(100000)');
my %outcome = (failed => 0, succeeded => 0);
my @wrong;
my $version = 0;

for (my $free = 0; $free < 60; $free += 2)
{
	my $fill = $places - $free;

	foreach my $statement ('UPDATE p SET v = v + 1',
		'WITH gone AS (DELETE FROM p RETURNING *)
			SELECT count(*) FROM gone',
		'SELECT count(*) FROM p FOR SYSTEM_TIME ALL')
	{
		($ret, $stdout, $stderr) = $node->psql('postgres', <<"SQL", on_error_stop => 0);
\\set VERBOSITY sqlstate
BEGIN;
SELECT 'filled', fill_lock_table($fill);
PREPARE TRANSACTION 'full';
BEGIN;
$statement;
ROLLBACK;
ROLLBACK PREPARED 'full';
UPDATE p SET v = v + 1;
SELECT 'v', min(v), max(v), count(*) FROM p;
SQL
		$version++;
		# to be prepared takes some room itself
		next if $stderr =~ /ERROR:  42704/;
		if ($stderr =~ /ERROR:  53200/) { $outcome{failed}++ }
		elsif ($stderr eq '') { $outcome{succeeded}++ }
		push @wrong, "$free free: $statement: $stderr $stdout"
		  if $stderr =~ /ERROR:  (?!53200)/
		  || $stdout !~ /v\|$version\|$version\|100/;
	}
}
is(join("\n", @wrong), '', 'nothing else happens when the lock table is full');
cmp_ok($outcome{failed}, '>', 0, 'statements fail with 53200');
cmp_ok($outcome{succeeded}, '>', 0, 'until they find room');
is($node->safe_psql('postgres', Versions::wrong_sql('p', 'id', always_there => 1)),
	'', 'no overlap, no gap, one open version of each row');

$node->stop;
done_testing();
