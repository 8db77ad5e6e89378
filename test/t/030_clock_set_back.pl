# A clock that was set back while the server was down: ticks go on later than
# those given before, and the past stays what it was.  libfaketime gives the
# server its clock.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;
use Versions;

my ($faketime) = grep { -f } glob('/usr/lib/*/faketime/libfaketime.so.1 '
	  . '/usr/lib/faketime/libfaketime.so.1 /usr/lib64/faketime/libfaketime.so.1 '
	  . '/usr/local/lib/faketime/libfaketime.so.1');
plan skip_all => 'needs libfaketime (Debian package libfaketime)'
  unless defined $faketime;

my $node = TemporalTest->new_node('main');

sub start_with_clock
{
	my ($offset) = @_;

	local $ENV{LD_PRELOAD} = $faketime;
	local $ENV{FAKETIME} = $offset;
	local $ENV{FAKETIME_DONT_FAKE_MONOTONIC} = 1;
	local $ENV{DONT_FAKE_MONOTONIC} = 1;
	$node->start;
}

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t SELECT i, 0 FROM generate_series(1, 5) i;
-- what t held when, written down as it was
CREATE TABLE instant (n serial PRIMARY KEY, t timestamptz, was integer[]);
CREATE FUNCTION change(what text) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE what;
	INSERT INTO instant (t, was)
	SELECT temporal.system_time(), array_agg(v ORDER BY id) FROM t;
	RETURN temporal.system_time();
END $$;
CREATE FUNCTION forgotten() RETURNS SETOF integer LANGUAGE plpgsql AS $$
DECLARE
	i instant;
	found_then integer[];
BEGIN
	FOR i IN SELECT * FROM instant LOOP
		SELECT array_agg(v ORDER BY id) INTO found_then
		FROM t FOR SYSTEM_TIME AS OF i.t;
		IF found_then IS DISTINCT FROM i.was THEN
			RETURN NEXT i.n;
		END IF;
	END LOOP;
END $$;
CREATE DATABASE second;
SQL
$node->safe_psql('second', <<'SQL');
CREATE EXTENSION temporal;
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t VALUES (1, 0);
SQL

sub change
{
	my ($what) = @_;

	return $node->safe_psql('postgres',
		"SELECT extract(epoch FROM change(\$\$$what\$\$))");
}

# The other database writes earlier than this one, by more than what a
# reserve of ticks may hide.
my $early = $node->safe_psql('second',
	'SELECT extract(epoch FROM sys_start) FROM t');
$node->poll_query_until('postgres', "SELECT clock_timestamp() >
	to_timestamp($early) + interval '0.5 s'") or BAIL_OUT('no time passes');
my $last = change('UPDATE t SET v = v + 1');

sub go_on
{
	my ($what, $back) = @_;
	my $second = $node->safe_psql('second',
		'UPDATE t SET v = v + 1 RETURNING extract(epoch FROM sys_start)');

	is( $node->safe_psql('postgres',
			"SELECT now() < to_timestamp($last) - interval '$back'"),
		't', "$what: the server's clock is back") if $back;
	is($node->safe_psql('postgres', 'SELECT * FROM forgotten()'),
		'', "$what: the past is there");
	cmp_ok($second, '>', $last, "$what: later, in the other database first");
	$last = $second;
	foreach my $statement ('UPDATE t SET v = v + 1',
		'DELETE FROM t WHERE id = 3', 'INSERT INTO t VALUES (3, 100)',
		'UPDATE t SET v = v * 2 WHERE id < 3')
	{
		my $tick = change($statement);

		cmp_ok($tick, '>', $last, "$what: later after $statement");
		$last = $tick;
	}
	is($node->safe_psql('postgres', Versions::wrong_sql('t', 'id')),
		'', "$what: no overlap, one open version of each row");
	is( $node->safe_psql('second',
			Versions::wrong_sql('t', 'id', always_there => 1)),
		'', "$what: no overlap and no gap in the other database");
	is($node->safe_psql('postgres', 'SELECT * FROM forgotten()'),
		'', "$what: the past is there, the new past too");
	my ($ret, $now) = $node->psql('postgres',
		'SELECT id, v FROM t FOR SYSTEM_TIME AS OF NOW ORDER BY id');
	is($now, $node->safe_psql('postgres', 'SELECT id, v FROM t ORDER BY id'),
		"$what: AS OF NOW is the present");
	return;
}

$node->stop;
start_with_clock('-1h');
go_on('an hour back', '59 minutes');

$node->stop;
start_with_clock('-1d');
go_on('a day back', '23 hours');

$node->stop('immediate');
start_with_clock('-2d');
go_on('two days back over a crash', '47 hours');

$node->stop('immediate');
$node->start;
go_on('the right time again', 0);

$node->stop;
done_testing();
