# Btrees of a history that are filled page by page: sound after concurrent
# statements of many rows with VACUUM among them, after crashes in the middle,
# and on a standby, where every page that is replayed is compared with what the
# primary had (wal_consistency_checking).

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

my $primary = TemporalTest->new_node(
	'primary',
	init => [ allows_streaming => 1 ],
	conf => <<'CONF');
wal_consistency_checking = 'generic, btree'
max_wal_size = 4GB
wal_keep_size = 1GB
deadlock_timeout = 50ms
autovacuum = off
work_mem = 256kB
log_statement = none
CONF

if ($primary->safe_psql('postgres',
	"SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'") == 0)
{
	$primary->stop;
	plan skip_all => 'needs the extension amcheck';
}

# Both keys go by themselves into the history's index; the others are there to
# have more kinds of pages: many equal keys, long keys, few of them a page.
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION amcheck;
CREATE TABLE entry (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0, note text)
	WITH SYSTEM VERSIONING;
CREATE INDEX ON entry_history (n);
CREATE INDEX ON entry_history (note, id DESC);
CREATE TABLE spot (name text, region integer, n integer DEFAULT 0, PRIMARY KEY (name, region))
	WITH SYSTEM VERSIONING PARTITION BY LIST (region);
CREATE TABLE spot_0 PARTITION OF spot FOR VALUES IN (0);
CREATE TABLE spot_1 PARTITION OF spot FOR VALUES IN (1);
INSERT INTO entry SELECT i, 0, repeat('n', i % 300) || i FROM generate_series(1, 6000) i;
INSERT INTO spot SELECT 'spot ' || i, i % 2 FROM generate_series(1, 3000) i;
SQL

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

sub btrees
{
	return split /\n/, $primary->safe_psql('postgres', <<'SQL');
SELECT indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
WHERE indrelid IN ('entry_history'::regclass, 'spot_history'::regclass)
	AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
SQL
}

# Sound, and with an entry for each version, on all levels; a standby cannot
# be asked for the latter.
sub check
{
	my ($node, $what) = @_;
	my $function =
	  $node->safe_psql('postgres', 'SELECT pg_is_in_recovery()') eq 't'
	  ? 'bt_index_check(%s, true)'
	  : 'bt_index_parent_check(%s, true, true)';

	foreach my $index (btrees())
	{
		my ($ret, $out, $err) = $node->psql('postgres',
			'SELECT ' . sprintf($function, "'$index'"));

		is($err, '', "$what: $index is sound");
	}
	return;
}

sub check_all
{
	my ($what) = @_;

	check($primary, $what);
	is( $primary->safe_psql('postgres',
			Versions::wrong_sql('entry', 'id', keys_return => 1)),
		'', "$what: one version after the other");
	is($primary->safe_psql('postgres', Versions::wrong_sql('spot', 'name')),
		'', "$what: also of rows that move");
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
	check($standby, "$what, standby");
	return;
}

# Records between two positions, as pg_waldump prints them
sub records
{
	my ($from, $to) = @_;
	my ($out, $err) = run_command(
		[
			'pg_waldump', '-p', $primary->data_dir . '/pg_wal',
			'-s', $from, '-e', $to
		]);

	return split(/\n/, $out);
}

# A record a page, not a version
{
	my $from = $primary->lsn('insert');

	$primary->safe_psql('postgres',
		"SET work_mem = '4MB'; BEGIN; DELETE FROM entry; ROLLBACK");
	my $to = $primary->lsn('insert');
	$primary->safe_psql('postgres', 'SELECT pg_switch_wal()');
	my @records = records($from, $to);
	my $generic = grep { /rmgr: Generic/ } @records;
	my $single = grep { /INSERT_LEAF/ } @records;

	note("$generic pages, $single single entries for 3 indexes and 6000 rows");
	cmp_ok($generic, '>', 50, 'entries are made by pages');
	cmp_ok($single, '<', 1000, 'and hardly any by itself');
}
check_all('after a rollback');
$primary->safe_psql('postgres', 'VACUUM entry_history');

# Sessions that write to the same pages
my %script = (
	update => <<'SQL',
\set a random(1, 6000)
UPDATE entry SET n = n + 1 WHERE id BETWEEN :a AND :a + 2000;
SQL
	reorder => <<'SQL',
\set a random(1, 6000)
UPDATE entry SET note = md5(note) || repeat('-', id % 300)
WHERE id IN (SELECT id FROM entry WHERE id > :a ORDER BY md5(note) LIMIT 800);
SQL
	replace => <<'SQL',
\set a random(1, 6000)
BEGIN;
SAVEPOINT s;
DELETE FROM entry WHERE id BETWEEN :a AND :a + 1500;
ROLLBACK TO s;
DELETE FROM entry WHERE id BETWEEN :a AND :a + 700;
INSERT INTO entry SELECT i, 0, 'new' FROM generate_series(:a, :a + 700) i WHERE i <= 6000
	ON CONFLICT DO NOTHING;
COMMIT;
SQL
	move => <<'SQL',
\set a random(1, 3000)
UPDATE spot SET region = 1 - region, n = n + 1 WHERE name > 'spot ' || :a;
SQL
	vacuum => <<'SQL',
VACUUM entry_history;
VACUUM spot_history;
SQL
);
my $dir = PostgreSQL::Test::Utils::tempdir;
my @scripts;
foreach my $name (sort keys %script)
{
	append_to_file("$dir/$name.sql", $script{$name});
	push @scripts, '-f', "$dir/$name.sql@" . ($name eq 'update' ? 4 : 1);
}

my ($out, $err);

sub start_load
{
	my ($transactions) = @_;

	($out, $err) = ('', '');
	return IPC::Run::start(
		[
			'pgbench', '-n', '-c', 4, '-t', $transactions,
			'--max-tries', 100, '-h', $primary->host,
			'-p', $primary->port, '-U',
			$primary->safe_psql('postgres', 'SELECT current_user'), @scripts,
			'postgres'
		],
		'<', \undef, '>', \$out, '2>', \$err);
}

my $load = start_load(12);
$load->finish;
unlike($err, qr/ERROR|FATAL|aborted/, 'four sessions');
check_all('four sessions');

foreach my $round (1 .. 2)
{
	my $had = $primary->safe_psql('postgres', 'SELECT count(*) FROM entry_history');

	$load = start_load(1000);
	$primary->poll_query_until('postgres',
		"SELECT count(*) > $had + 8000 FROM entry_history")
	  or BAIL_OUT('the load does not get going');
	$primary->stop('immediate');
	$load->finish;
	$primary->start;
	check_all("crash $round");
}

# A crash in the middle of a split, which a recovery to that point is as good
# as: the right page is there, the parent has no downlink to it.  Whoever comes
# there next finishes the split.
{
	# from a backup of now: what is needed since the first may be gone
	$primary->backup('split');
	my $from = $primary->lsn('insert');

	$primary->safe_psql('postgres', 'UPDATE entry SET n = n + 1');
	my $to = $primary->lsn('insert');
	my ($after_split, $target);
	foreach my $record (records($from, $to))
	{
		# of the left page, the new one, and its sibling
		if ($record =~ /rmgr: Generic .*blkref #2/)
		{
			$after_split = 1;
		}
		elsif ($after_split && $record =~ m{ lsn: ([0-9A-F/]+),.*INSERT_UPPER})
		{
			$target = $1;
			last;
		}
	}
	ok(defined $target, 'a split, and a record of its end');

	my $stopped = PostgreSQL::Test::Cluster->new('stopped');
	$stopped->init_from_backup($primary, 'split',
		has_streaming => 1);
	$stopped->append_conf('postgresql.conf', <<"CONF");
recovery_target_lsn = '$target'
recovery_target_inclusive = off
recovery_target_action = promote
CONF
	$stopped->start;
	$stopped->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()')
	  or BAIL_OUT('no promotion');

	my ($ret) = $stopped->psql('postgres', 'CREATE EXTENSION pageinspect');
	my $count = 'SELECT count(*) FROM ('
	  . join(
		' UNION ALL ',
		map {
			"SELECT FROM generate_series(1, pg_relation_size('$_') /
					current_setting('block_size')::integer - 1) p
			 WHERE (bt_page_stats('$_', p)).btpo_flags & 128 <> 0"
		} btrees())
	  . ') incomplete';
  SKIP:
	{
		skip 'needs the extension pageinspect', 1 if $ret != 0;
		is($stopped->safe_psql('postgres', $count), '1', 'stopped in the middle of it');
	}
	check($stopped, 'stopped');
	$stopped->safe_psql('postgres', 'UPDATE entry SET n = n + 1');
  SKIP:
	{
		skip 'needs the extension pageinspect', 1 if $ret != 0;
		is($stopped->safe_psql('postgres', $count), '0', 'the split is finished');
	}
	check($stopped, 'stopped, and went on');
	$stopped->stop;
}

# The standby goes on with what it has
$standby->promote;
$standby->safe_psql('postgres', <<'SQL');
UPDATE entry SET n = -1;
UPDATE spot SET region = 1 - region;
DELETE FROM spot;
DELETE FROM entry WHERE id % 3 = 0;
SQL
check($standby, 'promoted');
is( $standby->safe_psql('postgres',
		Versions::wrong_sql('entry', 'id', keys_return => 1)),
	'', 'promoted: one version after the other');

$standby->stop;
$primary->stop;
done_testing();
