# Retention while others work: writers, readers, a worker whose batches take
# milliseconds, and everything that can happen to it in the middle of one.
#
# What was written is known from elsewhere: triggers copy each old version to an
# ordinary table.  With that, what is left, what went, what the audit log and
# the archives say have to add up, and every read has the whole sum or 22023.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $archives = PostgreSQL::Test::Utils::tempdir();
my $node = TemporalTest->new_node('main',
	init => [ allows_streaming => 1 ],
	conf => <<"CONF");
temporal.naptime = 1
temporal.retention_batch_time = 2
temporal.archive_directories = '$archives'
max_standby_streaming_delay = 60s
log_min_messages = log
CONF

my $accounts = 100;
my $sum = $accounts * 1000;
my $retaining = "FROM temporal.progress WHERE kind = 'retain' AND steps > 2";

# account: transfers of money, versions stay for two seconds.  item: comes, is
# changed and goes, and is archived.
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE account (id integer PRIMARY KEY, balance integer NOT NULL) WITH SYSTEM VERSIONING;
CREATE TABLE item (id integer PRIMARY KEY, v integer, sort text) WITH SYSTEM VERSIONING;
CREATE TABLE old_account (id integer, balance integer, sys_start timestamptz);
CREATE TABLE old_item (id integer, v integer, sort text, sys_start timestamptz);

CREATE FUNCTION copy_account() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
	INSERT INTO old_account VALUES (OLD.id, OLD.balance, OLD.sys_start);
	RETURN NULL;
END \$\$;
CREATE TRIGGER copy AFTER UPDATE ON account FOR EACH ROW EXECUTE FUNCTION copy_account();
CREATE FUNCTION copy_item() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
	INSERT INTO old_item VALUES (OLD.id, OLD.v, OLD.sort, OLD.sys_start);
	RETURN NULL;
END \$\$;
CREATE TRIGGER copy AFTER UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION copy_item();

INSERT INTO account SELECT i, 1000 FROM generate_series(1, $accounts) i;
CREATE TABLE begun AS SELECT clock_timestamp() AS t;
ALTER TABLE account SET RETENTION_POLICY = (PERIOD = '2 seconds', SCHEDULE = '1 second');
ALTER TABLE account SET (temporal.compress_after = '1 second');
ALTER TABLE item SET RETENTION_POLICY = (PERIOD = '1 second', SCHEDULE = '1 second',
	ARCHIVE_BEFORE_DELETE = TRUE, ARCHIVE_LOCATION = '$archives');

-- What a reader gets: the whole sum, or 22023.  Constants are checked as the
-- query is planned, sub-selects as it runs.
CREATE FUNCTION look(constant boolean) RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	at timestamptz := greatest(clock_timestamp() - random() * interval '4 seconds', (SELECT t FROM begun));
	found bigint;
BEGIN
	IF constant THEN
		EXECUTE format('SELECT sum(balance) FROM account FOR SYSTEM_TIME AS OF %L', at) INTO found;
	ELSE
		SELECT sum(balance) INTO found FROM account FOR SYSTEM_TIME AS OF (SELECT at);
	END IF;
	IF found IS DISTINCT FROM $sum THEN
		RAISE 'a part of an answer: % at %', found, at USING ERRCODE = 'ZZ001';
	END IF;
	RETURN 'all';
EXCEPTION WHEN invalid_parameter_value THEN RETURN 'refused';
END \$\$;
CREATE TABLE looks (answer text, constant boolean);
SQL

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

# Scripts of pgbench
my $writer = PostgreSQL::Test::Utils::tempdir() . '/writer.sql';
append_to_file($writer, <<"SQL");
\\set a random(1, $accounts)
\\set b 1 + (:a + random(0, $accounts - 2)) % $accounts
\\set low least(:a, :b)
\\set high greatest(:a, :b)
\\set n random(1, 200)
BEGIN;
UPDATE account SET balance = balance + 1 WHERE id = :low;
UPDATE account SET balance = balance - 1 WHERE id = :high;
COMMIT;
INSERT INTO item VALUES (:n, 0, 'sort ' || :n % 7) ON CONFLICT DO NOTHING;
UPDATE item SET v = v + 1 WHERE id = :n / 2 + 1;
DELETE FROM item WHERE id = (:n * 7) % 200 + 1;
SQL
my $reader = PostgreSQL::Test::Utils::tempdir() . '/reader.sql';
append_to_file($reader, <<'SQL');
INSERT INTO looks SELECT look(c), c FROM (SELECT random() < 0.5) x(c);
SQL

my @benches;

sub begin_load
{
	my ($seconds) = @_;

	foreach my $script ([ $writer, 3 ], [ $reader, 1 ])
	{
		my $bench = { err => '' };

		$bench->{handle} = IPC::Run::start(
			[ 'pgbench', '-n', '-f', $script->[0], '-c', $script->[1],
				'-T', $seconds, '-h', $node->host, '-p', $node->port, 'postgres' ],
			'<', \undef, '>', \$bench->{out}, '2>', \$bench->{err});
		push @benches, $bench;
	}
	return;
}

sub end_load
{
	my ($what, $cut_off) = @_;

	foreach my $bench (@benches)
	{
		my $ended_well = $bench->{handle}->finish;

		unlike($bench->{err}, qr/ERROR|ZZ001/, "$what: no error");
		ok($ended_well, "$what: it ended well") unless $cut_off;
	}
	@benches = ();
	return;
}

# So many versions of one table, all to go; looking at one takes some 15 us, so
# that there is time to come in between
sub pile_up
{
	my ($server, $database, $table, $versions) = @_;

	$server->safe_psql($database, <<"SQL");
CREATE TABLE $table (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
ALTER TABLE $table SET (temporal.compression = none);
INSERT INTO $table SELECT i, 0 FROM generate_series(1, $versions) i;
UPDATE $table SET v = 1;
ALTER TABLE $table SET RETENTION_POLICY = (PERIOD = '0',
	CONDITION = 'length(md5(repeat(md5(id::text), 300))) > 0');
SQL
	return;
}

sub wait_for_batches
{
	my ($server, $database, $table) = @_;

	$server->poll_query_until($database, "SELECT count(*) > 0 $retaining
			AND datname = '$database' AND relation = '$table'::regclass")
	  or BAIL_OUT("no batches of $table");
	return;
}

sub wait_until_gone
{
	my ($server, $table, $what) = @_;

	ok( $server->poll_query_until('postgres',
			"SELECT count(*) = 0 FROM ${table}_history"),
		$what);
	return;
}

# No worker, or again.  A look at what is left must not meet one: it would move
# the horizon past the times that the look is about to read.
sub set_workers
{
	my ($server, $number) = @_;

	$server->adjust_conf('postgresql.conf', 'temporal.max_workers', $number);
	$server->reload;
	return if $number;
	$server->poll_query_until('postgres', "SELECT count(*) = 0
		FROM pg_stat_activity WHERE backend_type = 'temporal worker'")
	  or BAIL_OUT('a worker stays');
	return;
}

# What the audit log says was removed
sub audited
{
	my ($server, $table) = @_;

	return $server->safe_psql('postgres', "SELECT coalesce(sum(versions), 0)
		FROM temporal.audit_log WHERE action = 'retain' AND relation = 'public.$table'");
}

# All that has to be so whenever nobody writes
sub adds_up
{
	my ($server, $what) = @_;

	set_workers($server, 0);
	# an end is the start of the next version
	is($server->safe_psql('postgres', <<'SQL'), '0|0|0|0', "$what: what went and what stayed of accounts");
WITH written AS (
	SELECT id, balance, sys_start, lead(sys_start) OVER (PARTITION BY id ORDER BY sys_start) AS sys_end
	FROM (SELECT * FROM old_account UNION ALL SELECT id, balance, sys_start FROM account) x
), old AS (
	SELECT * FROM written WHERE sys_end IS NOT NULL
)
SELECT
	-- removed, although it ended after the horizon
	(SELECT count(*) FROM old WHERE sys_end > (SELECT history_start FROM temporal.tables WHERE relation = 'account'::regclass)
		AND NOT EXISTS (SELECT FROM account_history h WHERE (h.id, h.sys_start) = (old.id, old.sys_start))),
	-- there, and not as it was
	(SELECT count(*) FROM (SELECT id, balance, sys_start, sys_end FROM account_history EXCEPT ALL TABLE old) x),
	-- versions that were not written
	(SELECT count(*) FROM account_history h WHERE NOT EXISTS (SELECT FROM old WHERE (h.id, h.sys_start) = (old.id, old.sys_start))),
	-- removed, and not on record; or the other way round
	(SELECT count(*) FROM old) - (SELECT count(*) FROM account_history)
		- (SELECT coalesce(sum(versions), 0) FROM temporal.audit_log WHERE action = 'retain' AND relation = 'public.account')
SQL
	is($server->safe_psql('postgres', <<"SQL"), '0', "$what: every instant since the horizon is whole");
SELECT count(*) FROM (
	SELECT t FROM (
		SELECT history_start AS t FROM temporal.tables WHERE relation = 'account'::regclass AND history_start > '-infinity'
		UNION SELECT sys_end FROM account_history
		UNION SELECT sys_end - interval '1 microsecond' FROM account_history) x
	WHERE t >= (SELECT history_start FROM temporal.tables WHERE relation = 'account'::regclass)
	  AND t >= (SELECT t FROM begun)
	ORDER BY t DESC LIMIT 300) i
WHERE (SELECT sum(balance) FROM account FOR SYSTEM_TIME AS OF i.t) IS DISTINCT FROM $sum
SQL
	# (files are the primary's)
	archives_add_up($server, $what) if $server == $node;
	set_workers($server, 2);
	return;
}

sub archives_add_up
{
	my ($server, $what) = @_;

	is($server->safe_psql('postgres', <<'SQL'), '0|0|0', "$what: items are in the history or in an archive");
WITH there AS (
	SELECT id, v, sort, sys_start FROM item_history
	UNION ALL
	SELECT r.id, r.v, r.sort, r.sys_start
	FROM temporal.archives a, temporal.read_archive(a.file, NULL::item) r
	WHERE a.table_name = 'item' AND a.removed
)
SELECT (SELECT count(*) FROM (TABLE old_item EXCEPT ALL TABLE there) x),
	   (SELECT count(*) FROM (TABLE there EXCEPT ALL TABLE old_item) x),
	   (SELECT sum(versions) FROM temporal.archives WHERE table_name = 'item' AND removed)
		- (SELECT sum(versions) FROM temporal.audit_log WHERE action = 'retain' AND relation = 'public.item')
SQL
	is($server->safe_psql('postgres', "SELECT count(*) FROM temporal.job_runs
			WHERE kind = 'retain' AND error IS NOT NULL AND error !~ 'gave way|is locked|lock timeout|canceling'"),
		'0', "$what: no run failed");
	return;
}

# Writers, readers and the worker; the worker is terminated, cancelled and told
# of another batch time now and then
begin_load(8);
for my $i (1 .. 6)
{
	my $function = $i % 3 ? 'pg_terminate_backend' : 'pg_cancel_backend';

	$node->poll_query_until('postgres', "SELECT count($function(pid)) > 0
		FROM pg_stat_activity WHERE backend_type = 'temporal worker'")
	  or BAIL_OUT('no worker');
	next if $i % 2;
	$node->adjust_conf('postgresql.conf', 'temporal.retention_batch_time', $i % 4 ? 5 : 1);
	$node->reload;
}
$node->adjust_conf('postgresql.conf', 'temporal.retention_batch_time', 1);
$node->reload;
# (a job whose run was cut off some times waits longer and longer)
foreach my $table ('account', 'item')
{
	ok( $node->poll_query_until('postgres', "SELECT count(*) > 0 FROM temporal.audit_log
			WHERE action = 'retain' AND relation = 'public.$table' AND versions > 0"),
		"the worker removed versions of $table");
}
end_load('load');
adds_up($node, 'load');
# whether one is refused depends on how fast the worker is
is($node->safe_psql('postgres', 'SELECT string_agg(DISTINCT answer, $$,$$) FROM looks WHERE answer <> $$refused$$'),
	'all', 'readers had whole answers, or were refused');
my ($ret, $stdout, $stderr) = $node->psql('postgres',
	"\\set VERBOSITY sqlstate\nSELECT count(*) FROM account FOR SYSTEM_TIME AS OF (SELECT t FROM begun)");
like($stderr, qr/22023/, 'AS OF a time before the horizon');

# A table of which a worker removes versions can be dropped: it is not waited
# for until it is through
pile_up($node, 'postgres', 'dropped', 50000);
wait_for_batches($node, 'postgres', 'dropped');
$node->safe_psql('postgres', 'SET statement_timeout = $$20s$$; DROP TABLE dropped CASCADE');
ok( $node->poll_query_until('postgres', "SELECT count(*) = 0 $retaining AND datname = 'postgres'
		AND relation::text ~ 'dropped|^[0-9]+\$'"),
	'DROP TABLE in the middle of a batch');
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION temporal');
pile_up($node, 'other', 'pile', 50000);
wait_for_batches($node, 'other', 'pile');
($ret, $stdout, $stderr) = $node->psql('other', 'SET statement_timeout = $$20s$$;
	ALTER TABLE pile DROP SYSTEM VERSIONING; DROP EXTENSION temporal CASCADE;');
is($ret, 0, 'DROP EXTENSION in the middle of a batch') or diag($stderr);
$node->safe_psql('other', 'DROP TABLE pile, pile_history; CREATE EXTENSION temporal');
pile_up($node, 'other', 'pile', 50000);
wait_for_batches($node, 'other', 'pile');
is($node->safe_psql('postgres', 'DROP DATABASE other; SELECT 1'), '1',
	'DROP DATABASE in the middle of a batch');

# An immediate stop, with batches and writers under way
pile_up($node, 'postgres', 'pile', 50000);
begin_load(30);
wait_for_batches($node, 'postgres', 'pile');
$node->stop('immediate');
end_load('immediate stop', 1);
$node->start;
my $left = $node->safe_psql('postgres', 'SELECT count(*) FROM pile_history');
my $gone = audited($node, 'pile');
cmp_ok($left, '>', 0, 'it was in the middle');
cmp_ok($gone, '>', 0, 'of its batches');
begin_load(4);
wait_until_gone($node, 'pile', 'after an immediate stop the rest goes');
is(audited($node, 'pile'), '50000', 'and each version is on record once');
end_load('after an immediate stop');
adds_up($node, 'after an immediate stop');

# The standby has what the primary has, and says so of what it has no more
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$node->safe_psql('postgres', 'CREATE TABLE stood AS SELECT history_start AS t
	FROM temporal.tables WHERE relation = $$account$$::regclass');
pile_up($node, 'postgres', 'pile_2', 50000);
begin_load(30);
wait_for_batches($node, 'postgres', 'pile_2');
$node->stop('immediate');
end_load('the end of the primary', 1);
my $early = $standby->safe_psql('postgres', "SELECT t - interval '1 microsecond' FROM stood");
foreach my $time ("'$early'", "(SELECT '$early'::timestamptz)")
{
	($ret, $stdout, $stderr) = $standby->psql('postgres',
		"\\set VERBOSITY sqlstate\nSELECT count(*) FROM account FOR SYSTEM_TIME AS OF $time");
	like($stderr, qr/22023/, 'a standby refuses as well');
}
$standby->promote;
wait_until_gone($standby, 'pile_2', 'a standby that is promoted goes on');
is(audited($standby, 'pile_2'), '50000', 'and each version is on record once, there, too');
set_workers($standby, 0);
$standby->safe_psql('postgres', <<'SQL');
ALTER TABLE item RESET RETENTION;
CALL temporal.run_maintenance('account');
SQL
adds_up($standby, 'promoted standby');

# In the end all that is older than the horizon is gone, and nothing else
is($standby->safe_psql('postgres', <<'SQL'), '0', 'everything before the horizon is gone');
SELECT count(*) FROM account_history
WHERE sys_end <= (SELECT history_start FROM temporal.tables WHERE relation = 'account'::regclass)
SQL

$standby->stop;
done_testing();
