# What changed and going back, on servers: a restore of many rows stays small;
# a standby tells what changed and refuses to go back; snapshots are dumped.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $node = TemporalTest->new_node('main',
	init => [ allows_streaming => 1 ], conf => <<'CONF');
shared_buffers = 16MB
work_mem = 4MB
max_wal_size = 4GB
checkpoint_timeout = 1h
full_page_writes = off
autovacuum = off
jit = off
max_parallel_workers_per_gather = 0
CONF

# Peak of a new backend after a statement, in kB
sub peak
{
	my ($statement) = @_;
	my $out = $node->safe_psql('postgres', <<"SQL");
$statement;
SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+)');
SQL

	note("$statement: $out kB");
	return (split /\n/, $out)[-1];
}

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE big (id integer PRIMARY KEY, v integer, note text)
	WITH SYSTEM VERSIONING;
INSERT INTO big SELECT i, i, 'row ' || i FROM generate_series(1, 300000) i;
CREATE TABLE small (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO small VALUES (1, 1), (2, 2);
SELECT temporal.create_snapshot('before', '{big,small}');
UPDATE big SET v = v + 1 WHERE id <= 30000;
UPDATE small SET v = v + 1;
SQL
my $before = "temporal.time_of_snapshot('before')";

SKIP:
{
	skip 'needs Linux: /proc/self/status', 4 unless -r '/proc/self/status';

	# 30,000 rows against 300,000 and more; the answer itself is on disk
	my $changes = peak("SELECT count(new_row) FROM temporal.changes('big', $before)");
	my $diff = peak("SELECT count(new_row) FROM temporal.diff('big', $before, 'infinity')");
	my $undo = peak("BEGIN; SELECT count(*) FROM temporal.undo_transaction(
		(SELECT max(xid::text::bigint) FROM temporal.versions('big')), false); ROLLBACK");
	my $restore = peak("SELECT count(*) FROM temporal.restore('big', $before)");

	$node->safe_psql('postgres', 'UPDATE big SET v = v + 1');
	cmp_ok(peak("SELECT count(new_row) FROM temporal.changes('big', $before)"),
		'<', $changes + 12288, 'changes of 300,000 rows');
	cmp_ok(peak("SELECT count(new_row) FROM temporal.diff('big', $before, 'infinity')"),
		'<', $diff + 12288, 'differences of 300,000 rows');
	cmp_ok(peak("BEGIN; SELECT count(*) FROM temporal.undo_transaction(
		(SELECT max(xid::text::bigint) FROM temporal.versions('big')), false); ROLLBACK"),
		'<', $undo + 12288, 'undo of 300,000 rows');
	cmp_ok(peak("SELECT count(*) FROM temporal.restore('big', $before)"),
		'<', $restore + 12288, 'restore of 300,000 rows');
}
is($node->safe_psql('postgres',
		"SELECT count(*) FROM temporal.diff('big', $before, 'infinity')"),
	'0', 'the table is what it was');

# A standby
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', 'UPDATE small SET v = 7 WHERE id = 1');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my %question = (
	'versions' => "SELECT inserted, updated, deleted FROM temporal.versions('small')",
	'changes' => "SELECT operation, key, new_row FROM temporal.changes('small', $before)",
	'changes, called' => "SELECT temporal.changes('small', $before)",
	'diff' => "SELECT * FROM temporal.diff('small', $before, 'infinity') ORDER BY key",
	'VERSIONS BETWEEN' => "SELECT id, v, versions_startscn, versions_operation
		FROM small VERSIONS BETWEEN TIMESTAMP $before AND MAXVALUE ORDER BY 1, 3",
	'undo, dry' => "SELECT key, conflict FROM temporal.undo_transaction(
		(SELECT max(xid::text::bigint) FROM temporal.versions('small')))",
	'restore, dry' => "SELECT * FROM temporal.restore('small', $before, dry_run => true) ORDER BY key",
	'snapshots' => 'SELECT * FROM temporal.snapshots',
);
foreach my $what (sort keys %question)
{
	is($standby->safe_psql('postgres', $question{$what}),
		$node->safe_psql('postgres', $question{$what}),
		"$what on a standby as on the primary");
}
foreach my $statement (
	"SELECT temporal.restore('small', $before)",
	"CALL temporal.flashback_table('{small}', now())",
	'SELECT temporal.undo_transaction((SELECT max(xid::text::bigint) FROM temporal.versions(\'small\')), false)',
	"SELECT temporal.create_snapshot('x')",
	"SELECT temporal.drop_snapshot('before')")
{
	my ($ret, $stdout, $stderr) = $standby->psql('postgres',
		"\\set VERBOSITY sqlstate\n\\set ON_ERROR_STOP on\n$statement");
	like($stderr, qr/ERROR:  25006/, "refused on a standby: $statement");
}
$standby->stop;

# Dump and restore: the table's own name, not its number
my @connection = ('-h', $node->host, '-p', $node->port);
my $dump = PostgreSQL::Test::Utils::tempdir . '/dump';
my $asked = "SELECT name, time, owner, relations FROM temporal.snapshots";
my $differs = "SELECT operation, key, old_row FROM temporal.diff('small', $before, 'infinity') ORDER BY key";
$node->safe_psql('postgres', 'DROP TABLE big CASCADE');
command_ok([ 'pg_dump', @connection, '-Fc', '-f', $dump, 'postgres' ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
command_ok([ 'pg_restore', @connection, '-d', 'copy', $dump ], 'restored');
is($node->safe_psql('copy', $asked), $node->safe_psql('postgres', $asked),
	'the snapshot came along, without the table that is gone');
is($node->safe_psql('copy', $differs), $node->safe_psql('postgres', $differs),
	'and means the same');
is($node->safe_psql('copy', 'SELECT inserted, updated FROM temporal.versions(\'small\')'),
	$node->safe_psql('postgres', 'SELECT inserted, updated FROM temporal.versions(\'small\')'),
	'and so does the log');

done_testing();
