# temporal.as_of beyond one session's own statements: statements that a driver
# prepared, parallel workers, configuration files, roles, options of a
# connection; and views with clauses in a dump.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $node = TemporalTest->new_node('main', conf => <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
autovacuum = off
timezone = 'Europe/Berlin'
CONF

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE plain (id integer PRIMARY KEY, v integer);
CREATE VIEW view_t AS SELECT id, v FROM t;
INSERT INTO t SELECT i, 1 FROM generate_series(1, 5000) i;
INSERT INTO plain SELECT i, 1 FROM generate_series(1, 5000) i;
SELECT temporal.create_snapshot('before');
SQL
my $past = $node->safe_psql('postgres',
	"SET timezone = 'UTC'; SELECT replace(clock_timestamp()::text, ' ', 'T')");
my $scn = $node->safe_psql('postgres', 'SELECT temporal.current_scn()');
my $xid =
  $node->safe_psql('postgres', 'SELECT max(xid) FROM temporal.transactions');
$node->safe_psql('postgres', <<'SQL');
UPDATE t SET v = 2 WHERE id % 5 <> 0;
DELETE FROM t WHERE id % 5 = 0;
ANALYZE;
SQL
my ($then, $now) = (5000, 8000);
my $sum = 'SELECT sum(v) FROM t';

# psql's SQLSTATE of the first error, or what the statements return
sub answer
{
	my ($statements, %option) = @_;
	my ($ret, $stdout, $stderr) =
	  $node->psql('postgres',
		"\\set VERBOSITY sqlstate\n\\set ON_ERROR_STOP on\n$statements",
		%option);

	return $ret == 0 ? $stdout : $stderr =~ /ERROR:\s+(\w+)/ ? $1 : $stderr;
}

is(answer($sum), $now, 'the present');
is(answer("SET temporal.as_of = '$past'; $sum"), $then, 'the past');

# One prepared statement, executed by turns under both
my $script = $node->basedir . '/prepared.sql';
append_to_file($script, <<'SQL');
\set past 1 - :past
\set expected 8000 - 3000 * :past
SELECT set_config('temporal.as_of', CASE WHEN :past = 1 THEN :at ELSE '' END, false);
SELECT sum(v) AS plain FROM t \gset
SELECT sum(v) AS parameter FROM t WHERE id > :zero \gset
SELECT sum(v) AS of_view FROM view_t \gset
SELECT sum(v) AS clause FROM t TABLESAMPLE temporal.as_of('infinity') \gset
\if :plain <> :expected or :parameter <> :expected or :of_view <> :expected or :clause <> 8000
SELECT 'past', :past, :plain, :parameter, :of_view, :clause, 1 / :zero;
\endif
SQL
foreach my $mode ('extended', 'prepared')
{
	$node->command_ok(
		[
			'pgbench', '-n', '-M', $mode, '-c', '2', '-t', '20', '-D',
			"at=$past", '-D', 'zero=0', '-D', 'past=0', '-f', $script,
			'postgres'
		],
		"statements that are $mode");
}

# Parallel workers, and what they plan themselves
my $parallel = <<'SQL';
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET jit = off;
SQL
my $worker_knows = <<'SQL';
CREATE FUNCTION v_of(wanted integer) RETURNS integer LANGUAGE plpgsql
STABLE PARALLEL SAFE AS $$ BEGIN RETURN (SELECT v FROM t WHERE id = wanted); END $$;
SQL
$node->safe_psql('postgres', $worker_knows);
foreach my $as_of ($past, "scn:$scn", "transaction:$xid", 'snapshot:before')
{
	my $set = "$parallel SET temporal.as_of = '$as_of';";

	like($node->safe_psql('postgres', "$set EXPLAIN (COSTS OFF) $sum"),
		qr/Gather.*Parallel (Append|Seq Scan)/s, "$as_of: the plan is parallel");
	is(answer("$set $sum"), $then, "$as_of: and right");
	is( answer(
			"$set SELECT sum(v_of(id)) FROM plain WHERE id <= 500 AND v_of(id) > 0"),
		500, "$as_of: workers plan for the same time");
}
like(
	$node->safe_psql('postgres',
		"$parallel EXPLAIN (COSTS OFF) SELECT sum(v_of(id)) FROM plain"),
	qr/Partial Aggregate/, 'it is workers that call the function');

# The meaning does not move with the time zone, not in a worker either
is( answer(
		"SET temporal.as_of = '2030-06-01 12:00'; SET timezone = 'UTC'; SHOW temporal.as_of"
	),
	'2030-06-01 10:00:00+00',
	'the time zone counts when it is set');

# Values that are there when a session begins are looked up when needed
foreach my $as_of ($past, "scn:$scn", "transaction:$xid", 'snapshot:before')
{
	local $ENV{PGOPTIONS} = "-c temporal.as_of=$as_of";

	is(answer($sum), $then, "$as_of as an option of the connection");
	is(answer("$parallel $sum"), $then, '... in parallel');
	is(answer("$parallel SELECT sum(v_of(id)) FROM plain WHERE id <= 500"),
		500, '... in workers');
	is(answer('UPDATE t SET v = 0'), '25006', '... and nothing is written');
	is(answer("RESET temporal.as_of; $sum"),
		$then, '... to which RESET returns');
	is(answer("SET temporal.as_of = ''; $sum"), $now, '... and SET does not');
}
{
	local $ENV{PGOPTIONS} = '-c temporal.as_of=snapshot:none';

	is(answer('SELECT 1; SELECT count(*) FROM plain'),
		"1\n5000", 'a session begins with a snapshot that is not there');
	is(answer($sum), '02000', '... and cannot read a versioned table');
	is(answer('UPDATE t SET v = 0'), '25006', '... nor write one');
}

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE traveller LOGIN;
GRANT SELECT ON t TO traveller;
ALTER ROLE traveller SET temporal.as_of = 'snapshot:before';
SQL
is(answer($sum, extra_params => [ '-U', 'traveller' ]),
	$then, 'ALTER ROLE ... SET');
$node->safe_psql('postgres', "SELECT temporal.drop_snapshot('before')");
is(answer($sum, extra_params => [ '-U', 'traveller' ]),
	'02000', '... of a snapshot that was dropped');

# A file
$node->append_conf('postgresql.conf', "temporal.as_of = '$past'");
$node->reload;
$node->poll_query_until('postgres', "SHOW temporal.as_of",
	$node->safe_psql('postgres', "SET timezone = 'UTC'; SELECT '$past'::timestamptz"))
  or die 'the file was not read';
is(answer($sum), $then, 'in the configuration file');
$node->append_conf('postgresql.conf', "temporal.as_of = ''");
$node->restart;
is(answer($sum), $now, 'and out again');
$node->append_conf('postgresql.conf', "temporal.as_of = 'scn:$scn'");
$node->restart;
is(answer($sum), $then, 'in the configuration file at the start');
$node->append_conf('postgresql.conf', "temporal.as_of = ''");
$node->restart;

# A view with a clause comes back from a dump
$node->safe_psql('postgres', <<'SQL');
CREATE VIEW past_of_view AS SELECT id, v
	FROM view_t FOR SYSTEM_TIME AS OF '2000-01-01' a;
CREATE FUNCTION past_of_function() RETURNS bigint BEGIN ATOMIC
	SELECT count(*) FROM view_t FOR SYSTEM_TIME ALL; END;
CREATE DATABASE copy;
SQL
my $dump = $node->basedir . '/dump.sql';
$node->command_ok(
	[ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ],
	'a dump');
$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('copy') ],
	'comes back');
my $check = <<'SQL';
SELECT pg_get_viewdef('past_of_view'), (SELECT count(*) FROM past_of_view),
	past_of_function()
SQL
is($node->safe_psql('copy', $check),
	$node->safe_psql('postgres', $check),
	'with its views and functions');

# Without the library the setting is refused as soon as it is known
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
is( answer(
		"LOAD 'temporal'; SET temporal.as_of = '2000-01-01'; SELECT count(*) FROM t"
	),
	'55000',
	'not without the preload');

$node->stop;
done_testing();
