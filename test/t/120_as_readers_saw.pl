# AS OF shows what readers saw.  Sessions write as they please, and in the
# midst of it observers note, in one statement, the SCN of what they see and a
# digest of it.  AS OF that SCN must show the same again: as soon as
# temporal.stable_time() has passed it, at the end, after a crash, after the
# log was rewritten, on a standby, and in a database restored from a dump.
#
# A record tells itself whether it can be compared.  The commit tick is taken
# before the commit becomes visible, so that an observer may see a transaction
# and not yet one with a smaller tick.  It is exact if the transactions up to
# its SCN are as many now as it saw; nearly all are.
#
# One run has a fixed seed; a second, shorter one a random seed, which is
# printed: TEMPORAL_SEED=n repeats it, as far as processes let themselves be
# repeated.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Session;
use TemporalTest;
use Versions;

my $primary = TemporalTest->new_node('primary',
	init => [ allows_streaming => 1 ], conf => <<'CONF');
max_prepared_transactions = 20
max_connections = 40
deadlock_timeout = 20ms
log_statement = none
autovacuum_naptime = 1s
jit = off
CONF
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'max_standby_streaming_delay = -1');
$standby->start;

# What the observers see, and what AS OF shows: of each table its rows with
# their starts
my %columns = (
	account => 'id, balance, sys_start',
	item => 'id, v, sys_start',
	part => 'id, k, v, sys_start');

sub digest_sql
{
	my ($clause) = @_;

	return join(" || ' ' || ",
		map { "(SELECT coalesce(md5(string_agg(ROW($columns{$_})::text, ' ' ORDER BY ROW($columns{$_})::text)), '') FROM $_ $clause)" }
		  sort keys %columns);
}
my $seen = digest_sql('');
my $past = digest_sql('TABLESAMPLE temporal.as_of(t)');
my $past_parameter = digest_sql('TABLESAMPLE temporal.as_of(a)');
my $past_constant = digest_sql('TABLESAMPLE temporal.as_of(%1$L)') =~ s/'/''/gr;
my $nstarts = join(' + ', map { "(SELECT count(*) FROM $_ TABLESAMPLE temporal.all_versions(true) WHERE sys_start <= t)" } sort keys %columns);
my $nends = $nstarts =~ s/sys_start <=/sys_end <=/gr;

my $schema = <<"SQL";
CREATE TABLE account (id integer PRIMARY KEY, balance integer NOT NULL)
	WITH SYSTEM VERSIONING;
INSERT INTO account SELECT i, 100 FROM generate_series(1, 12) i;
CREATE TABLE item (id integer PRIMARY KEY, v integer)
	WITH SYSTEM VERSIONING;
INSERT INTO item SELECT i, 0 FROM generate_series(1, 10) i;
CREATE TABLE part (id integer, k integer, v integer, PRIMARY KEY (id, k))
	WITH SYSTEM VERSIONING PARTITION BY LIST (k);
CREATE TABLE part_0 PARTITION OF part FOR VALUES IN (0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part DEFAULT;
INSERT INTO part SELECT i, i % 3, 0 FROM generate_series(1, 10) i;
CREATE SEQUENCE fresh_id START 100;

-- n: how many transactions were seen up to scn; whole: and their changes
CREATE TABLE record (id serial PRIMARY KEY, kind text, scn bigint, n bigint,
					 whole boolean, digest text);

-- what is settled: how many transactions, starts and ends of versions
CREATE TABLE settled (id serial PRIMARY KEY, t timestamptz, n bigint,
					  starts bigint, ends bigint, digest text);

CREATE FUNCTION past(a timestamptz) RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
	RETURN $past_parameter;
END \$\$;

-- the same with the time in the statement, as a person would write it
CREATE FUNCTION past_constant(t timestamptz) RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	digest text;
BEGIN
	EXECUTE format('SELECT $past_constant', t) INTO digest;
	RETURN digest;
END \$\$;

-- and with the time in a column of another table
CREATE FUNCTION past_column(record_id integer) RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
	RETURN (SELECT $past FROM (SELECT temporal.scn_to_timestamp(r.scn) AS t
							   FROM record r WHERE r.id = record_id) r);
END \$\$;

CREATE FUNCTION observe() RETURNS void LANGUAGE sql AS \$\$
	INSERT INTO record (kind, scn, n, whole, digest)
	SELECT 'statement', s.scn,
		   count(*) FILTER (WHERE x.scn <= s.scn),
		   bool_and(pg_visible_in_snapshot(x.xid, pg_current_snapshot())),
		   $seen
	FROM temporal.current_scn() s(scn), temporal.transactions x
	GROUP BY s.scn
\$\$;

-- In REPEATABLE READ: what is seen is AS OF now, too, whatever happened since
CREATE FUNCTION observe_now(OUT same boolean) LANGUAGE plpgsql AS \$\$
DECLARE
	t timestamptz := clock_timestamp();
	digest text := $seen;
BEGIN
	same := digest = past(t) AND digest = past_constant(t);
	INSERT INTO record (kind, scn, n, whole, digest)
	SELECT 'now', temporal.timestamp_to_scn(t), count(*),
		   bool_and(pg_visible_in_snapshot(x.xid, pg_current_snapshot())),
		   digest
	FROM temporal.transactions x;
END \$\$;

CREATE FUNCTION settle() RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE
	t timestamptz := temporal.stable_time();
BEGIN
	INSERT INTO settled (t, n, starts, ends, digest)
	SELECT t, (SELECT count(*) FROM temporal.transactions x WHERE x.committed_at <= t),
		   $nstarts, $nends, past(t);
END \$\$;

-- A time that is a tick means the end of its transaction, which was not there
-- yet: no record of that moment
CREATE VIEW exact AS
SELECT r.*, row_number() OVER (ORDER BY r.id) AS place
FROM record r
WHERE r.whole AND r.n = (SELECT count(*) FROM temporal.transactions x WHERE x.scn <= r.scn)
  AND temporal.scn_to_timestamp(r.scn) NOT IN (SELECT tick FROM temporal.transaction_ticks);

-- Records that AS OF contradicts: every so many of those from the first on,
-- that lie before the time
CREATE FUNCTION differ(every integer, before timestamptz, OUT n bigint, OUT wrong text)
LANGUAGE plpgsql AS \$\$
DECLARE
	r record;
	t timestamptz;
BEGIN
	n := 0;
	FOR r IN SELECT * FROM exact x
			 WHERE x.place % every = 0 AND temporal.scn_to_timestamp(x.scn) <= before LOOP
		t := temporal.scn_to_timestamp(r.scn);
		n := n + 1;
		IF r.digest <> (CASE r.id % 3 WHEN 0 THEN past(t) WHEN 1 THEN past_constant(t)
						ELSE past_column(r.id) END) THEN
			wrong := concat_ws(', ', wrong, r.kind || ' ' || r.id);
		END IF;
	END LOOP;
END \$\$;

CREATE FUNCTION unsettled() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	s record;
	t timestamptz;
	wrong text;
BEGIN
	FOR s IN SELECT * FROM settled LOOP
		t := s.t;
		IF (s.n, s.starts, s.ends, s.digest) IS DISTINCT FROM
		   ((SELECT count(*) FROM temporal.transactions x WHERE x.committed_at <= t),
			$nstarts, $nends, past(t)) THEN
			wrong := concat_ws(', ', wrong, s.id);
		END IF;
	END LOOP;
	RETURN wrong;
END \$\$;
SQL

#
# The run
#

sub pick { return int(rand($_[0])); }

# Statements that belong together
sub transfer
{
	my ($a, $b, $n) = (1 + pick(12), 1 + pick(12), 1 + pick(9));

	return (
		"UPDATE account SET balance = balance - $n WHERE id = $a",
		"UPDATE account SET balance = balance + $n WHERE id = $b");
}

sub id { return 1 + pick(12); }

my @moves = (
	\&transfer,
	\&transfer,
	sub { my ($a, $b) = (id(), id()); "UPDATE account SET balance = balance + CASE id WHEN $a THEN -1 ELSE 1 END WHERE id IN ($a, $b) AND $a <> $b" },
	sub { 'UPDATE item SET v = v + 1 WHERE id = ' . id() },
	sub { 'UPDATE item SET v = v + 1 WHERE id % 4 = ' . pick(4) },
	sub { 'INSERT INTO item VALUES (' . id() . ', 1) ON CONFLICT (id) DO UPDATE SET v = item.v + 10' },
	sub { "INSERT INTO item SELECT nextval('fresh_id'), 0" },
	sub { 'DELETE FROM item WHERE id = ' . id() },
	sub { 'DELETE FROM item WHERE id = (SELECT max(id) FROM item WHERE id >= 100)' },
	sub { "UPDATE item SET id = nextval('fresh_id') WHERE id = " . id() },
	sub { 'UPDATE item SET id = ' . id() . ' WHERE id = (SELECT max(id) FROM item) AND id >= 100' },
	sub { my $id = id(); ("DELETE FROM item WHERE id = $id", "INSERT INTO item VALUES ($id, 5) ON CONFLICT DO NOTHING") },
	sub { 'UPDATE part SET k = (k + 1) % 4, v = v + 1 WHERE id = ' . id() },
	sub { 'UPDATE part SET v = v + 1 WHERE id = ' . id() },
	sub { 'UPDATE part_1 SET v = v + 1 WHERE id > ' . id() },
	sub { 'INSERT INTO part VALUES (' . id() . ', ' . pick(4) . ', 1) ON CONFLICT DO NOTHING' },
	sub { 'DELETE FROM part WHERE id = ' . id() },
	sub { 'MERGE INTO part p USING (SELECT ' . id() . ' AS id) s ON p.id = s.id WHEN MATCHED AND v > 5 THEN DELETE WHEN MATCHED THEN UPDATE SET v = p.v + 2 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 0, 0)' },
	sub { "DO \$\$ BEGIN UPDATE item SET v = v + 1 WHERE id < 4; RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END \$\$" });

# The next statement of a writer
sub advance
{
	my ($w, $prepared) = @_;

	if ($w->{preparing})
	{
		push @$prepared, $w->{preparing} if $w->{session}->result !~ /ERROR/;
		$w->{preparing} = undef;
	}

	# a transaction that failed
	if ($w->{open} && $w->{session}->result =~ /ERROR/)
	{
		@$w{qw(open queue savepoint)} = (0, [], 0);
		return 'ROLLBACK';
	}
	if (!$w->{open})
	{
		my @level = ('READ COMMITTED') x 8;

		@$w{qw(open queue savepoint)} = (1, [], 0);
		$w->{left} = 1 + pick($w->{slow} ? 12 : 4);
		push @level, 'REPEATABLE READ', 'SERIALIZABLE';
		return "BEGIN ISOLATION LEVEL $level[ pick(scalar @level) ]";
	}
	if (@{ $w->{queue} } > 0)
	{
		return shift @{ $w->{queue} };
	}
	if ($w->{left}-- <= 0)
	{
		my $chance = rand();

		$w->{open} = 0;
		return 'ROLLBACK' if $chance < 0.1;
		if ($chance < 0.2 && @$prepared < 3)
		{
			$w->{preparing} = "p$w->{name}_" . ++$w->{number};
			return "PREPARE TRANSACTION '$w->{preparing}'";
		}
		return 'COMMIT';
	}
	if (rand() < 0.1)
	{
		return 'SAVEPOINT s' unless $w->{savepoint}++;
		return 'ROLLBACK TO s' if rand() < 0.7;
		$w->{savepoint} = 0;
		return 'RELEASE s';
	}
	$w->{queue} = [ $moves[ pick(scalar @moves) ]->() ];
	return shift @{ $w->{queue} };
}

# Prepared transactions are finished by anybody but those who prepared them
sub finish_prepared
{
	my ($session, $prepared) = @_;
	my ($name) = splice(@$prepared, pick(scalar @$prepared), 1);

	$session->send((rand() < 0.8 ? 'COMMIT' : 'ROLLBACK') . " PREPARED '$name';");
	return;
}

# Bank clerks who do not know of us
sub start_clerks
{
	my ($database) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir . "/clerk_$database.sql";

	append_to_file($file, <<'SQL');
\set a random(1, 6)
\set b random(7, 12)
BEGIN;
UPDATE account SET balance = balance - 1 WHERE id = :a;
UPDATE account SET balance = balance + 1 WHERE id = :b;
COMMIT;
SQL
	return IPC::Run::start(
		[
			'pgbench', '-n', '-c', 3, '-R', 60, '-T', 300, '--max-tries', 100,
			'-h', $primary->host, '-p', $primary->port, '-f', $file, $database
		],
		'>', \my $out, '2>', \my $err);
}

sub run
{
	my ($database, $steps) = @_;
	my @writers =
	  map { { session => Session->new($primary, $database, "SET lock_timeout = '15ms';"), name => $_,
			  open => 0, slow => $_ < 2 } } 0 .. 6;
	my ($finisher, $observer, $reader, $settler, $checker) =
	  map { Session->new($primary, $database) } 1 .. 5;
	my $far = Session->new($standby, $database);
	my $clerks = start_clerks($database);
	my @prepared;
	my (@wrong, $passed);

	foreach my $step (1 .. $steps)
	{
		my @free = grep { $_->{session}->ended } @writers;
		my @quick = grep { !$_->{slow} || rand() < 0.05 } @free;
		my $w = (@quick > 0 ? \@quick : \@free)->[ pick(@quick || @free) ];

		# whoever waits may wait for a prepared one
		finish_prepared($finisher, \@prepared)
		  if @prepared > 0 && $finisher->ended && (!$w || rand() < 0.1);

		# many at once, and nobody waits for them
		if (rand() < 0.1)
		{
			foreach my $b (grep { $_->{open} && !@{ $_->{queue} } && !$_->{slow} && $_->{session}->result !~ /ERROR/ } @free)
			{
				$b->{open} = 0;
				$b->{session}->send('COMMIT;');
			}
			$w = undef;
		}
		elsif ($w)
		{
			$w->{session}->send(advance($w, \@prepared) . ';');
			$w->{session}->ended(0.005) if rand() < 0.8;
		}
		else
		{
			# till one of them gets what it waits for
			$_->ended(0.002) foreach map { $_->{session} } @writers;
		}

		if ($step % 5 == 0 && $observer->ended)
		{
			$observer->send('SELECT observe();');
		}
		if ($step % 20 == 0 && $reader->ended)
		{
			push @wrong, "now at $step: " . $reader->result
			  if $step > 20 && $reader->result !~ /^t?$/;
			$reader->send('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT observe_now(); COMMIT;');
		}
		$settler->send('SELECT settle();') if $step % 50 == 0 && $settler->ended;
		foreach my $s ($checker, $far)
		{
			next unless $step % 100 == 0 && $s->ended;
			if (defined $passed)
			{
				my ($n, $differ) = split /\|/, $s->result, -1;

				$passed += $n if $n =~ /^\d+$/;
				push @wrong, ($s == $far ? "standby " : "") . "at $step: " . $s->result
				  if !defined $differ || $differ ne '';
			}
			$passed //= 0 if $s == $far;
			$s->send('SELECT * FROM differ(25, temporal.stable_time());');
		}
	}

	# Whoever is open stays so, unless he waits
	foreach my $w (@writers)
	{
		$w->{session}->ended(0.1);
		push @prepared, $w->{preparing}
		  if $w->{preparing} && $w->{session}->result !~ /ERROR/;
	}
	$_->result foreach $finisher, $observer, $reader, $settler, $checker, $far;
	# (INT is ignored where make test was started in the background)
	$clerks->signal('TERM');
	$clerks->finish;
	is(join('; ', splice(@wrong, 0, 10)), '', "$database: no surprise on the way");
	cmp_ok($passed, '>', $steps / 500, "$database: and there was something to see");
	$_->quit foreach $finisher, $observer, $reader, $settler, $checker, $far;
	return (\@writers, \@prepared);
}

#
# What must be true of it
#

sub check
{
	my ($node, $database, $what, $every) = @_;
	my ($n, $wrong) = split /\|/,
	  $node->safe_psql($database, "SELECT * FROM differ($every, 'infinity')"), -1;

	is($wrong, '', "$what: AS OF shows what was seen, $n times");
	return;
}

# Times at which the accounts do not have all the money
my $unbalanced = <<'SQL';
DO $f$
DECLARE
	t timestamptz;
	total integer;
	n integer := 0;
BEGIN
	FOR t IN
		SELECT time + interval '1 us' * d.d
		FROM (SELECT sys_start FROM account TABLESAMPLE temporal.all_versions(true)
			  UNION SELECT sys_end FROM account TABLESAMPLE temporal.all_versions(true)
			  UNION SELECT committed_at FROM temporal.transactions) x(time),
			 generate_series(-1, 1) d(d)
		WHERE isfinite(time)
	LOOP
		-- before the first of them was committed there was no account
		CONTINUE WHEN t < (SELECT min(committed_at) FROM temporal.transactions);
		SELECT sum(balance) INTO total FROM account TABLESAMPLE temporal.as_of(t);
		IF total IS DISTINCT FROM 1200 THEN
			n := n + 1;
			RAISE NOTICE 'at % they have %', t, total;
		END IF;
	END LOOP;
	RAISE NOTICE '% times', n;
END $f$
SQL

# A tick means its transaction's commit; and nothing happens between commits
my $ticks = <<'SQL';
SELECT count(*) FILTER (WHERE past(tick) <> past_constant(committed_at))
FROM (SELECT *, row_number() OVER (ORDER BY tick) AS place FROM temporal.transaction_ticks) x
WHERE place % EVERY = 0 OR tick <> (SELECT system_time FROM temporal.transactions WHERE scn = x.scn) AND place % 4 = 0
SQL
my $between = <<'SQL';
SELECT count(*) FILTER (WHERE past_constant(c) <> past(between))
FROM (SELECT c, between, row_number() OVER (ORDER BY c) AS place
	  FROM (SELECT committed_at AS c,
				   lead(committed_at, 1, 'infinity') OVER (ORDER BY committed_at) AS next
			FROM temporal.transactions) x,
		   LATERAL (VALUES (next - interval '1 us'),
						   (c + (next - c) * 0.3)) v(between)
	  WHERE isfinite(next) AND between > c
		AND between NOT IN (SELECT tick FROM temporal.transaction_ticks)) x
WHERE place % EVERY = 0
SQL

sub check_whole
{
	my ($database, $what, $every) = @_;
	my ($ret, $stdout, $stderr);

	check($primary, $database, $what, 1);
	is($primary->safe_psql($database, 'SELECT unsettled()'),
		'', "$what: what was settled has not changed");
	($ret, $stdout, $stderr) =
	  $primary->psql($database, $unbalanced);
	like($stderr, qr/NOTICE:  0 times/, "$what: the accounts always have the same money");
	is($primary->safe_psql($database, $ticks =~ s/EVERY/$every/r),
		'0', "$what: AS OF a tick is AS OF the commit");
	is($primary->safe_psql($database, $between =~ s/EVERY/$every/r),
		'0', "$what: nothing happens between two commits");
	is($primary->safe_psql($database, Versions::wrong_sql($_, $_ eq 'part' ? 'id, k' : 'id', keys_return => 1)),
		'', "$what: versions of $_ are in order")
	  foreach sort keys %columns;

	# A record falls between two commits that change places
	my ($records, $inexact, $now, $fresh, $slow, $transactions) = split /\|/, $primary->safe_psql($database, <<'SQL');
SELECT count(*), count(*) - (SELECT count(*) FROM exact),
	   (SELECT count(*) FROM exact WHERE kind = 'now'),
	   (SELECT count(*) FROM temporal.transaction_log WHERE ticks IS NOT NULL),
	   (SELECT count(*) FROM temporal.transaction_log WHERE lifetime >= 8),
	   (SELECT count(*) FROM temporal.transactions)
FROM record
SQL
	note("$what: $records records, $inexact of them not exact; $transactions"
		  . " transactions, $slow of them slow, $fresh with more than one tick");
	cmp_ok($inexact, '<', $records / 5, "$what: few records are not exact");
	cmp_ok($now, '>', 0, "$what: some were of a time");
	cmp_ok($fresh, '>', 0, "$what: there were transactions with several ticks");
	cmp_ok($slow, '>', 0, "$what: and slow ones");
	return;
}

sub new_run
{
	my ($database, $seed, $steps) = @_;

	note("$database: TEMPORAL_SEED=$seed");
	srand($seed);
	$primary->safe_psql('postgres', "CREATE DATABASE $database");
	$primary->safe_psql($database, "CREATE EXTENSION temporal; $schema");
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
	return run($database, $steps);
}

# The first writers stay where they are while we look, then the server stops
my ($writers, $prepared) = new_run('fixed', 2011, 9000);
check_whole('fixed', 'seed 2011', 4);
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
check($standby, 'fixed', 'on the standby', 5);

$primary->stop('immediate');
$_->{session}->quit foreach @$writers;
$primary->start;
check($primary, 'fixed', 'after a crash', 5);
$primary->safe_psql('fixed', "COMMIT PREPARED '$_'") foreach @$prepared;
$primary->safe_psql('fixed', 'VACUUM FULL temporal.transaction_log');
check($primary, 'fixed', 'after VACUUM FULL of the log', 5);
is($primary->safe_psql('fixed', 'SELECT unsettled()'),
	'', 'and what was settled is');

my $dump = PostgreSQL::Test::Utils::tempdir . '/dump';
$primary->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $primary->connstr('fixed') ], 'pg_dump');
$primary->safe_psql('postgres', 'CREATE DATABASE restored');
$primary->command_ok([ 'pg_restore', '--exit-on-error', '-d', $primary->connstr('restored'), $dump ], 'pg_restore');
check($primary, 'restored', 'restored', 5);

my $seed = $ENV{TEMPORAL_SEED} // (time() ^ ($$ << 8)) % 1_000_000;
($writers, $prepared) = new_run('random', $seed, 3000);
$_->{session}->quit foreach @$writers;
$primary->safe_psql('random', "COMMIT PREPARED '$_'") foreach @$prepared;
check_whole('random', "seed $seed", 2);

$standby->stop;
$primary->stop;
done_testing();
