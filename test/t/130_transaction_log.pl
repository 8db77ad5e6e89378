# The log of transactions over the life of servers: restarts and crashes,
# prepared transactions that outlive them, a standby and its promotion, a
# server without the library.  SCNs go on in order, what is stable stays, and
# AS OF finds what was there.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Session;
use TemporalTest;
use Versions;

my $node = TemporalTest->new_node('main',
	init => [ allows_streaming => 1 ], conf => <<'CONF');
max_prepared_transactions = 10
max_connections = 30
log_statement = none
autovacuum = off
CONF

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE other (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t SELECT i, 0 FROM generate_series(0, 4) i;
INSERT INTO other VALUES (1, 0);
-- what was seen, and when
CREATE TABLE noted (name text PRIMARY KEY, t timestamptz, seen text);
CREATE FUNCTION as_of(t timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(v::text, ' ' ORDER BY id) FROM t TABLESAMPLE temporal.as_of(t)
$$;
CREATE FUNCTION note(name text) RETURNS text LANGUAGE sql AS $$
	INSERT INTO noted SELECT name, clock_timestamp(), (SELECT string_agg(v::text, ' ' ORDER BY id) FROM t)
	RETURNING seen
$$;
CREATE VIEW forgotten AS SELECT name, seen, as_of(noted.t) FROM noted WHERE as_of(noted.t) IS DISTINCT FROM seen;
SQL

# All that was noted is there AS OF its time
sub remembers
{
	my ($of, $what) = @_;

	is($of->safe_psql('postgres', 'SELECT * FROM forgotten ORDER BY name'), '', $what);
	return;
}

my $last_scn = 0;

# SCNs, C and S of the log are in order from one end to the other
sub in_order
{
	my ($of, $what) = @_;
	my $scn;

	is($of->safe_psql('postgres', <<'SQL'), '0', "$what: ticks are given once, C after S");
SELECT (SELECT count(*) - count(DISTINCT tick) FROM (
			SELECT tick FROM temporal.transaction_ticks
			UNION ALL SELECT committed_at FROM temporal.transactions) x)
	 + (SELECT count(*) FROM temporal.transactions WHERE system_time >= committed_at)
SQL
	$scn = $of->safe_psql('postgres', 'SELECT temporal.current_scn()');
	is($of->safe_psql('postgres', 'SELECT max(scn) FROM temporal.transactions'),
		$scn, "$what: current_scn() is the last");
	cmp_ok($scn, '>', $last_scn, "$what: SCNs go on");
	$last_scn = $scn;
	return;
}

#
# Restarts
#

$node->safe_psql('postgres', "SELECT note('begin'); UPDATE t SET v = 1 WHERE id = 0; SELECT note('one');");
in_order($node, 'to begin with');
foreach my $how ('fast', 'immediate')
{
	my $open = Session->new($node, 'postgres', 'BEGIN; UPDATE t SET v = 100 WHERE id = 4;');
	my $scn;

	is($node->safe_psql('postgres', 'SELECT temporal.stable_time() < clock_timestamp() - interval \'1 us\''), 't', "$how: a writer is open");
	$node->safe_psql('postgres', "SELECT note('before $how')");
	$scn = $node->safe_psql('postgres', 'SELECT temporal.current_scn()');
	$node->stop($how);
	$open->quit;
	$node->start;
	is($node->safe_psql('postgres', 'SELECT temporal.current_scn()'), $scn, "$how: current_scn() before anything is done");
	is($node->safe_psql('postgres', "SELECT temporal.stable_time() >= temporal.scn_to_timestamp($scn)"), 't', "$how: who was open is no more");
	remembers($node, "$how: the past is what it was");
	$node->safe_psql('postgres', "UPDATE t SET v = v + 1 WHERE id = 1; SELECT note('after $how')");
	in_order($node, $how);
	remembers($node, "$how: and after a commit");
}

#
# Prepared transactions
#

# Is all stable that was committed by now?
sub stable_up_to
{
	my ($name) = @_;

	return $node->safe_psql('postgres', "SELECT temporal.stable_time() >= (SELECT t FROM noted WHERE name = '$name')");
}

foreach my $way (
	[ 'COMMIT', 'fast' ],
	[ 'ROLLBACK', 'fast' ],
	[ 'COMMIT', 'immediate' ],
	[ 'ROLLBACK', 'immediate' ],
	[ 'COMMIT', undef ],
	[ 'ROLLBACK', undef ])
{
	my ($end, $how) = @$way;
	my $what = join(', ', "$end PREPARED", $how ? "$how restart" : 'no restart');
	my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM temporal.transactions');

	$node->safe_psql('postgres', <<"SQL");
SET temporal.context = '"of PREPARE"';
SET application_name = 'preparer';
SELECT note('before $what');
BEGIN;
UPDATE t SET v = v + 10 WHERE id = 2;
SAVEPOINT a;
UPDATE t SET v = v + 100 WHERE id = 2;
ROLLBACK TO a;
INSERT INTO t VALUES (5, 5);
PREPARE TRANSACTION 'p';
SELECT note('prepared, $what');
SQL
	is($node->safe_psql('postgres', 'SELECT count(*) FROM temporal.transactions'), $rows, "$what: it has no row yet");
	$node->safe_psql('postgres', "UPDATE t SET v = v + 1 WHERE id = 3; SELECT note('another, $what');");
	is(stable_up_to("before $what"), 't', "$what: what was before it is stable");
	is(stable_up_to("prepared, $what"), 'f', "$what: what was after it is not");
	is(stable_up_to("another, $what"), 'f', "$what: nor other commits");
	remembers($node, "$what: the past while it is prepared");
	if ($how)
	{
		$node->stop($how);
		$node->start;
		is(stable_up_to("before $what"), 't', "$what: after the restart, too, is stable what was before");
		is(stable_up_to("prepared, $what"), 'f', "$what: and nothing that came later");
		remembers($node, "$what: the past after the restart");
		$node->safe_psql('postgres', "UPDATE t SET v = v + 1 WHERE id = 3; SELECT note('restarted, $what');");
	}

	# by another session, with a context of its own
	$node->safe_psql('postgres', "SET temporal.context = '\"of COMMIT PREPARED\"'; $end PREPARED 'p';");
	$node->safe_psql('postgres', "SELECT note('ended, $what');");
	remembers($node, "$what: the past when it has ended");
	is(stable_up_to("ended, $what"), 't', "$what: all of it is stable");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM temporal.transactions'),
		$rows + ($how ? 2 : 1) + ($end eq 'COMMIT' ? 1 : 0), "$what: rows");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM temporal.prepared_transaction'), '0', "$what: nothing is left");
	if ($end eq 'COMMIT')
	{
		is($node->safe_psql('postgres', <<'SQL'), '"of PREPARE"|preparer|t|t', "$what: its row");
SELECT context, application_name, pg_xact_status(xid) = 'committed',
	   system_time = (SELECT sys_start FROM t WHERE id = 5)
FROM temporal.transactions ORDER BY scn DESC LIMIT 1
SQL
		is($node->safe_psql('postgres', <<'SQL'), 't|t', "$what: AS OF its S is AS OF its commit");
SELECT as_of(system_time) = as_of(committed_at),
	   as_of(committed_at) <> as_of(committed_at - interval '1 us')
FROM temporal.transactions ORDER BY scn DESC LIMIT 1
SQL
		$node->safe_psql('postgres', 'DELETE FROM t WHERE id = 5');
	}
	in_order($node, $what) if $end eq 'COMMIT';
}

# one that wrote no versioned table, one that is nobody's, one of another user
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE stranger LOGIN;
GRANT SELECT, UPDATE ON t TO stranger;
BEGIN; CREATE TABLE plain (id integer); PREPARE TRANSACTION 'plain';
COMMIT PREPARED 'plain';
BEGIN; UPDATE t SET v = v + 1 WHERE id = 2; PREPARE TRANSACTION 'mine';
SQL
my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM temporal.transactions');
foreach my $refused (
	[ "COMMIT PREPARED 'nobody''s'", '42704' ],
	[ "SET ROLE stranger; COMMIT PREPARED 'mine'", '42501' ],
	[ "BEGIN; COMMIT PREPARED 'mine'", '25001' ],
	[ "DO \$\$ BEGIN EXECUTE 'COMMIT PREPARED ''mine'''; END \$\$", '0A000' ])
{
	my ($sql, $state) = @$refused;
	my ($ret, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY sqlstate\n$sql");

	like($stderr, qr/ERROR:  $state/, "$sql is refused");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM temporal.transactions'),
	$rows, 'and leaves nothing behind');
$node->safe_psql('postgres', "COMMIT PREPARED 'mine'");
is($node->safe_psql('postgres', 'SELECT count(*) FROM temporal.transactions'), $rows + 1, 'then it is committed');

# of another database: its own log, its own stable_time()
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', <<'SQL');
CREATE EXTENSION temporal;
CREATE TABLE t (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'elsewhere';
SQL
$node->safe_psql('postgres', "UPDATE t SET v = v + 1 WHERE id = 2; SELECT note('while elsewhere');");
is(stable_up_to('while elsewhere'), 't', 'a prepared transaction of another database holds nothing back');
my $open = Session->new($node, 'elsewhere', 'BEGIN; INSERT INTO t VALUES (2);');
$node->safe_psql('postgres', "UPDATE t SET v = v + 1 WHERE id = 2; SELECT note('while open elsewhere');");
is(stable_up_to('while open elsewhere'), 't', 'nor does an open one');
$open->query('COMMIT;');
$open->quit;
is($node->safe_psql('elsewhere', 'SELECT count(*) FROM temporal.transactions'), '1', 'a log of its own');
is($node->safe_psql('elsewhere', 'SELECT temporal.stable_time() < sys_start FROM t'), 't', 'and something prepared');
$node->safe_psql('elsewhere', "COMMIT PREPARED 'elsewhere'");
is($node->safe_psql('elsewhere', 'SELECT temporal.stable_time() >= temporal.scn_to_timestamp(temporal.current_scn()) AND count(*) = 2 FROM t'), 't', 'all is stable there');

#
# A standby, with something prepared and somebody open
#

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

sub catch_up { $node->wait_for_catchup($standby, 'replay', $node->lsn('insert')); return; }

# both give the same answers
sub agree
{
	my ($what) = @_;
	my $question = <<'SQL';
SELECT temporal.current_scn(), (SELECT count(*) FROM temporal.transactions),
	   (SELECT string_agg(as_of(committed_at), ';' ORDER BY scn) FROM temporal.transactions),
	   (SELECT string_agg(as_of(tick), ';' ORDER BY tick) FROM temporal.transaction_ticks)
SQL

	is($standby->safe_psql('postgres', $question), $node->safe_psql('postgres', $question), $what);
	return;
}

$node->safe_psql('postgres', "UPDATE t SET v = v + 1 WHERE id = 0; SELECT note('streamed');");
catch_up();
remembers($standby, 'the standby remembers');
agree('the standby agrees');
my $stable = $standby->safe_psql('postgres', 'SELECT temporal.timestamp_to_scn(temporal.stable_time())');
cmp_ok($stable, '<=', $node->safe_psql('postgres', 'SELECT temporal.timestamp_to_scn(temporal.stable_time())'),
	'what is stable for the standby is for the primary');

$open = Session->new($node, 'postgres', 'BEGIN; UPDATE t SET v = 1000 WHERE id = 4;');
$node->safe_psql('postgres', <<'SQL');
BEGIN; UPDATE t SET v = 2000 WHERE id = 3; PREPARE TRANSACTION 'over';
UPDATE t SET v = v + 1 WHERE id = 0;
SELECT note('with two open');
SQL
catch_up();
is( $standby->safe_psql('postgres',
		"SELECT temporal.stable_time() < (SELECT t FROM noted WHERE name = 'with two open'),
			temporal.timestamp_to_scn(temporal.stable_time()) >= $stable"),
	't|t',
	'stable_time() of the standby waits for both, and does not go back');
remembers($standby, 'the standby remembers, with two open');
agree('and agrees');
my $follower = Session->new($standby, 'postgres');
my $seen = $follower->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT temporal.current_scn(), temporal.stable_time();');
$node->safe_psql('postgres', "UPDATE t SET v = v + 1 WHERE id = 0;");
$open->query("COMMIT;");
catch_up();
is($follower->query('SELECT temporal.current_scn(), temporal.stable_time();'), $seen, 'a snapshot of the standby stays what it is');
$follower->query('COMMIT;');
isnt($follower->query('SELECT temporal.current_scn(), temporal.stable_time();'), $seen, 'the next one sees more');
agree('the standby agrees when one is committed');
foreach my $refused (
	'UPDATE t SET v = 0',
	"COMMIT PREPARED 'over'",
	'DELETE FROM temporal.transaction_log')
{
	my ($ret, $stdout, $stderr) = $standby->psql('postgres', "\\set VERBOSITY sqlstate\n$refused");

	like($stderr, qr/ERROR:  25006/, "on a standby $refused is refused");
}

# Promoted while somebody has written and not committed, and one is prepared
$open->query('BEGIN; UPDATE t SET v = 3000 WHERE id = 4;');
$node->safe_psql('postgres', "UPDATE t SET v = v + 1 WHERE id = 0; SELECT note('before the promotion');");
catch_up();
$node->stop('immediate');
$open->quit;
$standby->promote;
remembers($standby, 'promoted: the past is what it was');
is($standby->safe_psql('postgres', "SELECT temporal.stable_time() < (SELECT t FROM noted WHERE name = 'before the promotion')"),
	't', 'promoted: the prepared one holds back what is stable');
is( $follower->query("UPDATE t SET v = v + 1 WHERE id = 1 RETURNING sys_start > (SELECT max(t) FROM noted);"),
	't', 'promoted: a session of before writes');
$standby->safe_psql('postgres', "SELECT note('promoted')");
in_order($standby, 'promoted');
$standby->safe_psql('postgres', "COMMIT PREPARED 'over'; SELECT note('over')");
remembers($standby, 'promoted: what was prepared is committed now');
is($standby->safe_psql('postgres', "SELECT temporal.stable_time() >= (SELECT t FROM noted WHERE name = 'over'), (SELECT v FROM t WHERE id = 3)"),
	't|2000', 'promoted: and all of it stable');
is($standby->safe_psql('postgres', 'SELECT v FROM t WHERE id = 4'), '1000', 'promoted: who was open is no more');
in_order($standby, 'promoted, over');
is($standby->safe_psql('postgres', Versions::wrong_sql('t', 'id')), '', 'promoted: versions are in order');
$follower->quit;
$standby->restart;
remembers($standby, 'promoted and restarted');

#
# What a connection brings along
#

{
	local $ENV{PGOPTIONS} = q[-c temporal.context={"from":"connection"}];
	local $ENV{PGAPPNAME} = 'brought along';

	$standby->safe_psql('postgres', 'UPDATE t SET v = v + 1 WHERE id = 0');
	is($standby->safe_psql('postgres', 'SELECT application_name, context FROM temporal.transactions ORDER BY scn DESC LIMIT 1'),
		'brought along|{"from": "connection"}', 'context of the connection');
}
{
	local $ENV{PGOPTIONS} = q[-c temporal.context={"from":];
	my ($ret, $stdout, $stderr) = $standby->psql('postgres', 'SELECT 1');

	isnt($ret, 0, 'a connection with a context that is none');
	like($stderr, qr/invalid value for parameter "temporal.context"/, 'is refused with the reason');
}
$standby->safe_psql('postgres', q{ALTER ROLE stranger SET temporal.context = '"of the role"'});
$standby->safe_psql('postgres', 'UPDATE t SET v = v + 1 WHERE id = 0', extra_params => [ '-U', 'stranger' ]);
is($standby->safe_psql('postgres', 'SELECT "session_user", role, context FROM temporal.transactions ORDER BY scn DESC LIMIT 1'),
	'stranger|stranger|"of the role"', 'context of a role');

{
	local $ENV{PGOPTIONS} = qq[-c temporal.context="\xff\xfe"];
	my ($ret, $stdout, $stderr) = $standby->psql('postgres', 'UPDATE t SET v = v + 1 WHERE id = 0');

	is($ret, 0, 'a context of the connection in no encoding harms nobody');
	is($standby->safe_psql('postgres', 'SELECT context IS NULL FROM temporal.transactions ORDER BY scn DESC LIMIT 1'),
		't', 'and is not recorded');
}

# a context from the configuration that jsonb does not take harms nobody
$standby->append_conf('postgresql.conf', q{temporal.context = '{"a": 1e1000000}'});
$standby->reload;
my ($ret, $stdout, $stderr) = $standby->psql('postgres', <<'SQL');
UPDATE t SET v = v + 1 WHERE id = 0;
UPDATE t SET v = v + 1 WHERE id = 0;
SQL
is($ret, 0, 'a context of the configuration that is no jsonb does not keep anybody from writing') or diag($stderr);
is(() = $stderr =~ /WARNING:  temporal.context is not recorded: /g, 1, 'it warns once');
is($standby->safe_psql('postgres', 'SELECT count(context) FROM (SELECT * FROM temporal.transactions ORDER BY scn DESC LIMIT 2) x'),
	'0', 'and is not recorded');
$standby->adjust_conf('postgresql.conf', 'temporal.context', undef);
$standby->reload;

#
# Without the library
#

$standby->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$standby->restart;
foreach my $needs ('temporal.current_scn()', 'temporal.stable_time()', 'temporal.time_of_scn(1)', "temporal.instant(now(), 't')")
{
	($ret, $stdout, $stderr) = $standby->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT $needs");
	like($stderr, qr/ERROR:  55000/, "without the library $needs is refused");
}
is($standby->safe_psql('postgres', "SELECT temporal.timestamp_to_scn(temporal.scn_to_timestamp(4711)), count(*) > 0 FROM temporal.transactions"),
	'4711|t', 'but SCNs and times, and the list of transactions');

$standby->stop;
done_testing();
