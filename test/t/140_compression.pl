# Compression beside everything else: crashes in its middle, a standby, dumps,
# cancels and memory.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;
use Session;
use TemporalTest;
use Versions;

my $conf = <<'CONF';
shared_buffers = 16MB
maintenance_work_mem = 8MB
max_wal_size = 2GB
log_statement = none
max_prepared_transactions = 2
CONF
my $node = TemporalTest->new_node('main', conf => $conf,
	init => [ allows_streaming => 1 ]);

# What a history holds, whatever holds it
my $content = <<'SQL';
SELECT count(*), sum(hashtextextended(h::text, 0)::numeric) FROM t_history h
SQL

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer, note text)
	WITH SYSTEM VERSIONING;
INSERT INTO t SELECT i, 0, 'n' || i FROM generate_series(1, 500) i;
CREATE TABLE said (id integer, v integer);
CREATE FUNCTION change(integer) RETURNS void LANGUAGE sql AS $$
	UPDATE t SET v = v + 1 WHERE id = $1;
$$;
SQL

# A standby, whose session has prepared and read before there were segments
$node->backup('start');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'start', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'max_standby_streaming_delay = -1');
$standby->start;

# Compression again and again under load, and the server stops in its middle
my $script = $node->basedir . '/load.sql';
append_to_file($script, <<'SQL');
\set id random(1, 500)
SELECT change(:id);
SQL
my $lost = 0;
foreach my $round (1 .. 3)
{
	my $load = IPC::Run::start(
		[
			'pgbench', '-n', '-c', '2', '-T', '100', '-f', $script, '-d',
			$node->connstr('postgres')
		],
		'<', \undef, '&>', $node->basedir . '/load.log');
	my $compress = Session->new($node, 'postgres');

	$compress->query(<<'SQL');
CREATE OR REPLACE PROCEDURE again(times integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. times LOOP
		PERFORM temporal.compress_history('t', clock_timestamp());
		COMMIT;
	END LOOP;
END $$;
SQL
	$compress->query('CALL again(15);');
	$node->poll_query_until('postgres', "SELECT count(*) > $round * 200 FROM t_history");
	$compress->send('CALL again(1000000);');
	my $had = $node->safe_psql('postgres', 'SELECT count(*) FROM t_history');
	$node->poll_query_until('postgres', "SELECT count(*) > $had + 100 FROM t_history");
	$node->stop('immediate');
	$load->finish;
	$compress->quit;
	$node->start;
	is( $node->safe_psql('postgres', <<'SQL'), '', "crash $round: no version is there twice");
SELECT id, sys_start, sys_end, count(*) FROM t_history GROUP BY 1, 2, 3 HAVING count(*) > 1 LIMIT 3
SQL
	is($node->safe_psql('postgres', Versions::wrong_sql('t', 'id', always_there => 1)),
		'', "crash $round: no version is missing");
	is( $node->safe_psql('postgres', <<'SQL'), 't', "crash $round: each change made a version");
SELECT (SELECT sum(v) FROM t) = (SELECT count(*) FROM t_history)
SQL
	is( $node->safe_psql('postgres', <<'SQL'), 't', "crash $round: what is said of segments is so");
SELECT compressed_versions <= (SELECT count(*) FROM t_history) AND compressed_versions > 0
FROM temporal.compression WHERE relation = 't'::regclass
SQL
}

# The standby has the same, in each session
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $content), $node->safe_psql('postgres', $content),
	'the standby has what the primary has');
is( $standby->safe_psql('postgres', Versions::wrong_sql('t', 'id', always_there => 1)),
	'', 'and nothing is wrong with it');
like(
	($standby->psql('postgres', "SELECT temporal.compress_history('t')"))[2],
	qr/cannot execute .* in a read-only transaction|during recovery/,
	'a standby compresses nothing');

# Statements that were prepared on it before there were segments, and a
# transaction whose snapshot is older than them
$node->safe_psql('postgres', "SELECT temporal.decompress_history('t')");
$node->wait_for_catchup($standby);
{
	my $prepared = Session->new($standby, 'postgres', <<'SQL');
SET plan_cache_mode = force_generic_plan;
PREPARE whole AS SELECT count(*), sum(hashtextextended(h::text, 0)::numeric) FROM t_history h;
PREPARE one AS SELECT count(*) FROM t FOR SYSTEM_TIME ALL WHERE id = 7;
SQL
	my $before = $prepared->query('EXECUTE whole;');
	my $before_one = $prepared->query('EXECUTE one;');
	my $older = Session->new($standby, 'postgres');

	$older->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM said;');
	$node->safe_psql('postgres', "SELECT temporal.compress_history('t', now())");
	$node->wait_for_catchup($standby);
	is($prepared->query('EXECUTE whole;'), $before,
		'standby: a prepared statement reads the first segments');
	is($prepared->query('EXECUTE one;'), $before_one, 'by key, too');
	is($older->query($content . ';'), $before, 'standby: so does an older snapshot');
	$older->query('COMMIT;');
	is($older->query($content . ';'), $before, 'and the next one');
	$older->quit;
	$prepared->quit;
}

# Two-phase commit: the first segments are there when it is committed
$node->safe_psql('postgres', "SELECT temporal.decompress_history('t')");
my $whole = $node->safe_psql('postgres', $content);
$node->safe_psql('postgres', <<'SQL');
BEGIN; SELECT temporal.compress_history('t', now()); PREPARE TRANSACTION 'first'
SQL
$node->stop('immediate');
$node->start;
$node->safe_psql('postgres', "COMMIT PREPARED 'first'");
is($node->safe_psql('postgres', $content), $whole, 'a prepared transaction compressed');
is( $node->safe_psql('postgres',
		'SELECT compressed_versions = (SELECT count(*) FROM t_history) FROM temporal.compression'),
	't', 'all of it');
$node->safe_psql('postgres', <<'SQL');
BEGIN; SELECT temporal.decompress_history('t'); PREPARE TRANSACTION 'back'
SQL
$node->safe_psql('postgres', "ROLLBACK PREPARED 'back'");
is($node->safe_psql('postgres', $content), $whole, 'one was rolled back');

# Dumps have the versions; what is restored has no segments, and can have them
foreach my $how ([], ['--inserts'], [ '-Fc' ])
{
	my $file = $node->basedir . '/dump';
	my $name = join(' ', 'pg_dump', @$how);

	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS restored');
	$node->safe_psql('postgres', 'CREATE DATABASE restored');
	$node->command_ok([ 'pg_dump', @$how, '-f', $file, $node->connstr('postgres') ], $name);
	$node->command_ok(
		@$how && $how->[0] eq '-Fc'
		? [ 'pg_restore', '-d', $node->connstr('restored'), $file ]
		: [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr('restored') ],
		"$name: is restored");
	is($node->safe_psql('restored', $content), $whole, "$name: has all versions");
	is($node->safe_psql('restored', 'SELECT count(*) FROM temporal.segment_store'),
		'0', "$name: no segments");
	$node->safe_psql('restored', "SELECT temporal.compress_history('t', now())");
	is($node->safe_psql('restored', $content), $whole, "$name: is compressed again");
}
my ($dumped) = run_command([ 'pg_dump', '-a', '-t', 't_history', $node->connstr('postgres') ]);
is(scalar(grep { /^\d+\t/ } split /\n/, $dumped), (split /\|/, $whole)[0],
	'pg_dump -t of a history has all versions');
is( $node->safe_psql('postgres', 'COPY t_history TO STDOUT') =~ tr/\n// + 1,
	(split /\|/, $whole)[0], 'so has COPY TO');

# Cancelled in its middle, at many places
$node->safe_psql('postgres', "SELECT temporal.decompress_history('t')");
$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE grow() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 100 LOOP
		UPDATE t SET v = v + 1;
		COMMIT;
	END LOOP;
END $$;
CALL grow();
SQL
$whole = $node->safe_psql('postgres', $content);
my %outcome = (cancelled => 0, done => 0);
foreach my $timeout (1, 2, 5, 10, 20, 30, 40, 60, 80, 100, 130, 160, 200, 250, 300, 60000)
{
	my ($ret, $stdout, $stderr) = $node->psql('postgres', <<"SQL", on_error_stop => 0);
SET statement_timeout = $timeout;
SELECT temporal.compress_history('t', now());
RESET statement_timeout;
$content;
SQL
	$outcome{ $stderr =~ /statement timeout/ ? 'cancelled' : 'done' }++;
	like($stdout, qr/^\Q$whole\E$/m, "statement_timeout = $timeout: nothing is lost");
	unlike($stderr, qr/ERROR(?!:  canceling statement due to statement timeout)/,
		'and there is no other error');
	$node->safe_psql('postgres', "SELECT temporal.decompress_history('t')");
}
cmp_ok($outcome{cancelled}, '>', 0, 'some were cancelled');
cmp_ok($outcome{done}, '>', 0, 'some were not');
is( $node->safe_psql('postgres',
		"SELECT sum(compressed_versions) FROM temporal.compression"),
	'0', 'no segments are left of them');
$standby->stop;

# An unlogged table is empty after a crash, and so are its segments
$node->safe_psql('postgres', <<'SQL');
CREATE UNLOGGED TABLE u (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO u SELECT generate_series(1, 100);
DELETE FROM u;
SELECT temporal.compress_history('u', now());
CHECKPOINT;
SQL
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*) FROM u_history'), '0',
	'unlogged: nothing is left after a crash');
is( $node->safe_psql('postgres', <<'SQL'), '50|50', 'and it goes on');
INSERT INTO u SELECT generate_series(1, 50);
DELETE FROM u;
SELECT versions, (SELECT count(*) FROM u_history) FROM temporal.compress_history('u', now());
SQL
$node->stop;

# Memory does not grow with the number of versions
SKIP:
{
	skip 'needs Linux: /proc/self/status', 5 unless -r '/proc/self/status';
	my $big = TemporalTest->new_node('big', conf => <<'CONF');
shared_buffers = 8MB
maintenance_work_mem = 8MB
max_wal_size = 4GB
wal_level = minimal
max_wal_senders = 0
fsync = off
full_page_writes = off
autovacuum = off
jit = off
CONF
	my $peak = sub {
		my ($statement) = @_;
		my $out = $big->safe_psql('postgres', <<"SQL");
$statement;
SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+)');
SQL
		note("$statement: $out kB");
		return (split /\n/, $out)[-1];
	};

	$big->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer, note text) WITH SYSTEM VERSIONING;
INSERT INTO t SELECT i, 0, 'n' || i FROM generate_series(1, 100000) i;
DO $$ BEGIN UPDATE t SET v = 1; COMMIT; END $$;
CREATE PROCEDURE grow(times integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. times LOOP
		UPDATE t SET v = v + 1;
		COMMIT;
	END LOOP;
END $$;
SQL
	my $allowed = $peak->("SELECT temporal.compress_history('t', now())");

	# 6 bytes a version of the heap, and 16 a version of a slice
	$big->safe_psql('postgres', 'CALL grow(10)');
	cmp_ok($peak->("SELECT temporal.compress_history('t', now())"),
		'<', $allowed + 48 * 1024, 'compressing 1,000,000 versions');
	cmp_ok($peak->('SELECT count(note), max(v) FROM t_history'),
		'<', $allowed + 8192, 'reading them');
	is($big->safe_psql('postgres', 'SELECT count(*) FROM t_history'), '1100000', 'all are there');
	cmp_ok($peak->("SELECT temporal.decompress_history('t')"),
		'<', $allowed + 16 * 1024, 'decompressing them');
	is($big->safe_psql('postgres', 'SELECT count(*) FROM t_history'), '1100000', 'all are there');
	$big->stop;
}

done_testing();
