# A commit takes its tick, writes its row to the log, is flushed, and becomes
# visible, one after the other.  Here transactions are held at each of these
# stages while others go on, and the server is stopped there.
#
# How they are held:
#	before the row	a lock on temporal.prepared_transaction, which a commit
#					looks at, and SIGSTOP for whoever shall stay longer
#	after the row	NOTIFY waits for another one's commit that has one
#	flushed			a synchronous standby that does not exist; cancelling the
#					wait lets go

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
autovacuum = off
restart_after_crash = on
synchronous_standby_names = 'nobody'
synchronous_commit = local
log_statement = none
CONF

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t SELECT i, 0 FROM generate_series(0, 9) i;
CREATE TABLE note (id integer);
CREATE FUNCTION as_of(scn bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(v::text, ' ' ORDER BY id)
	FROM t TABLESAMPLE temporal.as_of(temporal.scn_to_timestamp(scn))
$$;
CREATE VIEW now_seen AS SELECT string_agg(v::text, ' ' ORDER BY id) AS v FROM t;
SQL

sub new_session { return Session->new($node, 'postgres', $_[0]); }

my $look = new_session();

# What the sessions see now
sub seen { return $look->query('SELECT v FROM now_seen;'); }

sub as_of { return $look->query("SELECT as_of($_[0]);"); }

sub current_scn { return $look->query('SELECT temporal.current_scn();'); }

# Is the time stable, seen from now on?
sub is_stable
{
	return $look->query("SELECT temporal.stable_time() >= temporal.scn_to_timestamp($_[0]);") eq 't';
}

# Till the session waits for it
sub waits
{
	my ($session, $event) = @_;
	my $pid = $session->pid;

	$node->poll_query_until('postgres',
		"SELECT concat(wait_event_type, wait_event) ~ '$event' FROM pg_stat_activity WHERE pid = $pid")
	  or die "does not wait for $event";
	return;
}

# Lets a commit go on that waits for the standby, up to the next such wait
sub cancel_wait
{
	my ($session) = @_;
	my $pid = $session->pid;

	$look->query("SELECT pg_cancel_backend($pid);");
	return;
}

# and till it has ended
sub let_go
{
	my ($session) = @_;
	my $pid = $session->pid;

	until ($session->ended(0.05))
	{
		$look->query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $pid AND wait_event = 'SyncRep';");
	}
	return;
}

# A write of its own
sub write_sql
{
	my ($id, $commit) = @_;

	return "BEGIN; UPDATE t SET v = v + 1 WHERE id = $id; " . ($commit // 'COMMIT') . ';';
}

#
# Visible in another order than committed
#

my ($a, $b) = (new_session('SET synchronous_commit = on;'), new_session());
my $before = current_scn();
$a->send(write_sql(1));
waits($a, 'SyncRep');
$b->query(write_sql(2));
my $scn = current_scn();
is(seen(), '0 0 1 0 0 0 0 0 0 0', 'the second commit is seen, the first not yet');
is(as_of($scn), seen(), 'AS OF its SCN is what is seen');
is(as_of($before), '0 0 0 0 0 0 0 0 0 0', 'and before it what was');
ok(!is_stable($scn), 'but nothing that is stable');
is($look->query("SELECT as_of(temporal.timestamp_to_scn(temporal.stable_time()));"),
	'0 0 0 0 0 0 0 0 0 0', 'which is before both');
let_go($a);
is(seen(), '0 1 1 0 0 0 0 0 0 0', 'then both are seen');
is(as_of($scn), seen(), 'the first one was committed before the second');
ok(is_stable($scn), 'and that is stable');
is(current_scn(), $scn, 'the last SCN is still that of the second');

# Nothing at or before stable_time() changes, not even if it is a tick
my $c = new_session();
$b->query('BEGIN; UPDATE t SET v = v + 1 WHERE id = 3;');
$a->query('BEGIN; UPDATE t SET v = v + 1 WHERE id = 4;');
$a->send('COMMIT;');
waits($a, 'SyncRep');
$b->query('COMMIT;');
my $stable = $look->query('SELECT temporal.timestamp_to_scn(temporal.stable_time());');
my $then = as_of($stable);
let_go($a);
is(as_of($stable), $then, 'AS OF stable_time() stays what it is');
is(seen(), '0 1 1 1 1 0 0 0 0 0', 'when all have come');

#
# Rows in another order than commits, on two pages
#

sub place
{
	$look->query('SELECT ctid FROM temporal.transaction_log ORDER BY committed_at DESC LIMIT 1;') =~ /(\d+),(\d+)/
	  or die;
	return ($1, $2);
}

# fills the last page up to the last but one row
sub fill_page
{
	my ($block, $offset) = place();
	my ($full, $next, $first) = ($offset, $block, $block);

	$b->query('UPDATE t SET v = v WHERE id = 9;');
	while ((($next, $offset) = place())[0] < $first + 2)
	{
		$full = $offset if $next == $first + 1;
		$b->query('UPDATE t SET v = v WHERE id = 9;');
	}
	$b->query('UPDATE t SET v = v WHERE id = 9;') until (place())[1] == $full - 1;
	return;
}

my $lock = new_session();
fill_page();
$then = seen();
$lock->query('BEGIN; LOCK TABLE temporal.prepared_transaction IN ACCESS EXCLUSIVE MODE;');
$a->query('SET synchronous_commit = local; BEGIN; UPDATE t SET v = 100 WHERE id = 5;');
$c->send('UPDATE t SET v = 200 WHERE id = 6;');
waits($c, 'Lock');
kill 'STOP', $c->pid;
$lock->query('COMMIT;');
$a->query('COMMIT;');
kill 'CONT', $c->pid;
$c->result;
is($look->query('SELECT temporal.current_scn() = max(scn) FROM temporal.transactions;'),
	't', 'current_scn() is that of the last commit, wherever its row is');
is($look->query(<<'SQL'), '0', 'each is in flight till its commit, and no longer');
SELECT count(*) FROM temporal.transactions x, temporal.transactions y
WHERE (x.committed_at <= y.committed_at AND y.system_time <= x.committed_at AND x.scn <> y.scn)
	  <> (y.system_time = ANY ((temporal.instant(x.committed_at, 't'))[2:]));
SQL
my ($first, $first_scn) = split /\|/, $look->query(<<'SQL');
SELECT id, scn FROM t JOIN temporal.transaction_ticks ON tick = sys_start
WHERE id IN (5, 6) ORDER BY scn LIMIT 1;
SQL
my @then = split / /, $then;
$then[$first] = $first == 5 ? 100 : 200;
is(as_of($first_scn), "@then", 'AS OF the first of them shows it alone');

#
# COMMIT PREPARED: the row in the log is committed first
#

$node->safe_psql('postgres', 'UPDATE t SET v = 0');
$a->query('SET synchronous_commit = local; ' . write_sql(1, "PREPARE TRANSACTION 'gap'"));
$a->query('SET synchronous_commit = on;');
$a->send("COMMIT PREPARED 'gap';");
waits($a, 'SyncRep');
my $reader = new_session();
my $lsn = $look->query('SELECT pg_current_wal_insert_lsn();');
cancel_wait($a);
$node->poll_query_until('postgres', "SELECT pg_current_wal_insert_lsn() > '$lsn'");
waits($a, 'SyncRep');
$reader->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;');
$scn = $reader->query('SELECT temporal.current_scn();');
is($reader->query('SELECT v FROM now_seen;'), '0 0 0 0 0 0 0 0 0 0', 'a snapshot of just before');
let_go($a);
is(seen(), '0 1 0 0 0 0 0 0 0 0', 'COMMIT PREPARED has ended');
my $prepared_scn = $look->query('SELECT max(scn) FROM temporal.transactions;');
isnt($scn, $prepared_scn, 'current_scn() is of what the snapshot sees');
is( $reader->query("SELECT temporal.stable_time() >= temporal.scn_to_timestamp($prepared_scn);"),
	'f',
	'stable_time() is before what the snapshot does not see');
$reader->query('COMMIT;');
is(as_of($prepared_scn), '0 1 0 0 0 0 0 0 0 0', 'AS OF its SCN shows it');

# Two that want to commit it
$a->query('SET synchronous_commit = local; ' . write_sql(2, "PREPARE TRANSACTION 'twice'"));
$a->query('SET synchronous_commit = on;');
$b->query('SET synchronous_commit = on;');
$a->send("COMMIT PREPARED 'twice';");
waits($a, 'SyncRep');
$b->send("COMMIT PREPARED 'twice';");
$b->ended(0.5);
let_go($a);
is(seen(), '0 1 1 0 0 0 0 0 0 0', 'the first is done');
$scn = current_scn();
is(as_of($scn), '0 1 1 0 0 0 0 0 0 0', 'and AS OF its SCN shows it');
let_go($b);
like($b->result, qr/ERROR:  (42704|55000)/, 'the second one fails');
$look->quit;
$look = new_session();
is(as_of($scn), '0 1 1 0 0 0 0 0 0 0', 'and changes nothing');
is($look->query("SELECT count(*) FROM temporal.transactions
	GROUP BY xid HAVING count(*) > 1;"), '', 'a transaction is there once');
is(current_scn(), $scn, 'and the SCN is what it was');

# One that wants to commit it before it is prepared
$a->query('SET synchronous_commit = on;');
$a->send(write_sql(3, "PREPARE TRANSACTION 'busy'"));
waits($a, 'SyncRep');
$scn = current_scn();
$b->query('SET synchronous_commit = local;');
like($b->query("COMMIT PREPARED 'busy';"), qr/ERROR:  55000/, 'a transaction that is being prepared is busy');
is($look->query("SELECT count(*) FROM temporal.transactions WHERE scn > $scn;"), '0', 'and has no row');
let_go($a);
$b->query("ROLLBACK PREPARED 'busy';");

# The session ends between the two commits: they are one, or none is there
foreach my $end ('ROLLBACK', 'COMMIT')
{
	my ($was, $is_prepared);

	$c = new_session();
	$c->query('SET synchronous_commit = local; ' . write_sql(3, "PREPARE TRANSACTION 'left'"));
	$was = seen();
	$scn = current_scn();
	$c->query('SET synchronous_commit = on;');
	$c->send("COMMIT PREPARED 'left';");
	waits($c, 'SyncRep');
	my $pid = $c->pid;
	$look->query("SELECT pg_terminate_backend($pid);");
	$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
	$c->quit;
	$is_prepared = $look->query('SELECT count(*) FROM pg_prepared_xacts;');
	$look->query("$end PREPARED 'left';") if $is_prepared;
	is($look->query("SELECT count(*) FROM temporal.transactions WHERE scn > $scn;"),
		$is_prepared && $end eq 'ROLLBACK' ? 0 : 1, "$end of what somebody left: its row");
	is(as_of(current_scn()), seen(), 'and AS OF the last SCN is what is seen');
}
$c = new_session();

# A process dies, and all start anew: what was prepared before has its row
foreach my $end ('ROLLBACK', 'COMMIT')
{
	my $was;

	$a->query('SET synchronous_commit = local; ' . write_sql(3, "PREPARE TRANSACTION 'survivor'"));
	$was = seen();
	my $then = $look->query('SELECT temporal.timestamp_to_scn(clock_timestamp());');
	kill 'KILL', $c->pid;
	$_->quit foreach $a, $b, $c, $lock, $reader, $look;
	$node->poll_query_until('postgres', 'SELECT true');
	($a, $b, $c, $lock, $reader, $look) = map { new_session() } 1 .. 6;
	$scn = current_scn();
	$look->query("$end PREPARED 'survivor';");
	is(as_of($then), $was, "$end PREPARED after a crash: the past is what it was");
	is($look->query("SELECT count(*) FROM temporal.transactions WHERE scn > $scn;"),
		$end eq 'COMMIT' ? 1 : 0, 'its row');
	is(as_of(current_scn()), seen(), 'AS OF the last SCN is what is seen');
}

# The server stops between the two commits
foreach my $end ('ROLLBACK', 'COMMIT')
{
	my $was = seen();

	$a = new_session() if $end eq 'COMMIT';
	$a->query('SET synchronous_commit = local; ' . write_sql(3, "PREPARE TRANSACTION 'half'"));
	$scn = current_scn();
	$a->query('SET synchronous_commit = on;');
	$a->send("COMMIT PREPARED 'half';");
	waits($a, 'SyncRep');
	$node->stop('immediate');
	$node->start;
	$look = new_session();
	is(seen(), $was, "half a COMMIT PREPARED, then $end: nothing is there after the restart");
	is(as_of($scn), $was, 'as it was before');
	my $half = $look->query('SELECT temporal.timestamp_to_scn(clock_timestamp());');
	is(as_of($half), $was, 'nor now');
	ok(!is_stable($half), 'but that may change');
	$node->safe_psql('postgres', 'UPDATE t SET v = v + 10 WHERE id = 8');
	$node->safe_psql('postgres', "$end PREPARED 'half'");
	is(as_of($half), $was, 'the past is what it was');
	ok(is_stable($half), 'now it is stable');
	is($look->query("SELECT count(*) FROM temporal.transactions WHERE scn > $scn;"),
		$end eq 'COMMIT' ? 2 : 1, 'the log has what was committed');
	is(as_of(current_scn()), seen(), 'AS OF the last is what is seen');
}

#
# The server stops
#

# crash(what, where it waits, sub that sends it, is it there afterwards?)
sub crash
{
	my ($what, $event, $stop, $there) = @_;
	my ($was, $mine, $scn, $second);
	my $notifier = new_session('SET synchronous_commit = on;');
	my $holder = new_session();

	$node->safe_psql('postgres', 'UPDATE t SET v = 0');
	$was = seen();
	$a = new_session('SET synchronous_commit = on;');
	$b = new_session();
	$a->query('BEGIN; UPDATE t SET v = 1 WHERE id = 1; NOTIFY x;');
	if ($event eq 'Lockrelation')
	{
		$holder->query('BEGIN; LOCK TABLE temporal.prepared_transaction IN ACCESS EXCLUSIVE MODE;');
	}
	elsif ($event eq 'Lockobject')
	{
		$notifier->send('BEGIN; INSERT INTO note VALUES (1); NOTIFY x; COMMIT;');
		waits($notifier, 'SyncRep');
	}
	$a->send('COMMIT;');
	waits($a, $event);

	# others go on, if they can
	if ($event ne 'Lockrelation')
	{
		$b->query('UPDATE t SET v = 2 WHERE id = 2;');
		$scn = current_scn();
		is(as_of($scn), '0 0 2 0 0 0 0 0 0 0', "$what: another is committed");
		ok(!is_stable($scn), "$what: that is not yet stable");
	}
	if ($stop eq 'kill')
	{
		kill 'KILL', $a->pid;
		$a->result;
		$_->quit foreach $a, $b, $notifier, $holder, $look;
		$node->poll_query_until('postgres', 'SELECT true');
	}
	else
	{
		$node->stop('immediate');
		$_->quit foreach $a, $b, $notifier, $holder, $look;
		$node->start;
	}
	$look = new_session();
	my $expected = $there ? '0 1 2 0 0 0 0 0 0 0' : $scn ? '0 0 2 0 0 0 0 0 0 0' : $was;
	is(seen(), $expected, "$what: what is there after the restart");
	is(as_of(current_scn()), $expected, "$what: AS OF the last SCN");
	if ($scn)
	{
		is(as_of($scn), $expected, "$what: AS OF the other's SCN");
		ok(is_stable($scn), "$what: now it is stable");
	}
	$node->safe_psql('postgres', 'UPDATE t SET v = 3 WHERE id = 3');
	is(as_of($scn), $expected, "$what: and after more commits") if $scn;
	is(as_of(current_scn()), seen(), "$what: which are there");
	is($look->query(<<'SQL'), '0', "$what: each version belongs to a transaction of the log");
SELECT count(*) FROM t TABLESAMPLE temporal.all_versions(true)
WHERE sys_start NOT IN (SELECT tick FROM temporal.transaction_ticks)
   OR isfinite(sys_end) AND sys_end NOT IN (SELECT tick FROM temporal.transaction_ticks);
SQL
	is($look->query('SELECT count(*) FROM temporal.transactions WHERE xid IS NULL
		OR pg_xact_status(xid) <> \'committed\';'), '0', "$what: and those are committed");
	is($node->safe_psql('postgres', Versions::wrong_sql('t', 'id')),
		'', "$what: versions are in order");
	return;
}

$_->quit foreach $a, $b, $c, $lock, $reader;
crash('killed before its row is written', 'Lockrelation', 'kill', 0);
crash('killed when its row is written', 'Lockobject', 'kill', 0);
crash('stopped when its row is written', 'Lockobject', 'stop', 0);
crash('stopped when it is flushed, and was never seen', 'SyncRep', 'stop', 1);
crash('killed when it is flushed', 'SyncRep', 'kill', 1);

$look->quit;
$node->stop;
done_testing();
