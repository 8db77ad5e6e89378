# pg_dump and pg_restore of a database with versioned tables need no ritual:
# what comes back has the same history and goes on being versioned.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;
use Versions;

my $node = TemporalTest->new_node('main', extension => 0);
my $dir = PostgreSQL::Test::Utils::tempdir;
my @connection = ('-h', $node->host, '-p', $node->port);

$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', <<'SQL');
CREATE EXTENSION temporal;
CREATE ROLE regress_owner;
GRANT CREATE ON SCHEMA public TO regress_owner;
CREATE SCHEMA audit AUTHORIZATION regress_owner;
CREATE TABLE t (id integer PRIMARY KEY, v integer, note text)
	WITH SYSTEM VERSIONING;
CREATE TABLE "Odd ""name" ("Id" integer PRIMARY KEY, "from" text,
	"valid from" timestamptz GENERATED ALWAYS AS ROW START,
	"valid to" timestamptz GENERATED ALWAYS AS ROW END,
	PERIOD FOR SYSTEM_TIME ("valid from", "valid to"))
	WITH (temporal.history_table = 'audit."Odd past"') WITH SYSTEM VERSIONING;
CREATE TABLE p (id integer, k integer, v integer, PRIMARY KEY (id, k))
	WITH SYSTEM VERSIONING PARTITION BY LIST (k);
CREATE TABLE p_0 PARTITION OF p FOR VALUES IN (0);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE child (id integer PRIMARY KEY, t integer REFERENCES t
	ON DELETE CASCADE) WITH SYSTEM VERSIONING;
CREATE TABLE options (id integer PRIMARY KEY, v integer, seen integer)
	WITH SYSTEM VERSIONING;
ALTER TABLE options SET (temporal.skip_unchanged = on,
	temporal.exclude_columns = '{seen}', temporal.history_index = gist);
CREATE TABLE no_key (v integer) WITH SYSTEM VERSIONING;
CREATE TABLE added (id integer PRIMARY KEY, v integer);
INSERT INTO added VALUES (1, 1);
ALTER TABLE added ADD SYSTEM VERSIONING;
CREATE TABLE dropped (id integer PRIMARY KEY, gone integer, v integer);
ALTER TABLE dropped DROP COLUMN gone;
ALTER TABLE dropped ADD SYSTEM VERSIONING;
CREATE TABLE guarded (id integer PRIMARY KEY, v integer)
	WITH SYSTEM VERSIONING;
CREATE FUNCTION do_nothing() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE ON guarded
FOR EACH ROW EXECUTE FUNCTION do_nothing();
CREATE TABLE stopped (id integer PRIMARY KEY, v integer)
	WITH SYSTEM VERSIONING;
ALTER TABLE options OWNER TO regress_owner;
CREATE VIEW past AS SELECT id, v, sys_start FROM t FOR SYSTEM_TIME ALL;
CREATE FUNCTION past_of(x timestamptz) RETURNS SETOF integer
BEGIN ATOMIC SELECT v FROM t FOR SYSTEM_TIME AS OF x; END;
CREATE TABLE instant (n serial, t timestamptz);
SQL
foreach my $statement (
	'INSERT INTO t SELECT i, i FROM generate_series(1, 10) i',
	'INSERT INTO "Odd ""name" VALUES (1, $$a$$), (2, $$b$$)',
	'INSERT INTO p SELECT i, i % 2, 0 FROM generate_series(1, 6) i',
	'INSERT INTO child SELECT i, i FROM generate_series(1, 3) i',
	'INSERT INTO options VALUES (1, 1, 1), (2, 2, 2)',
	'INSERT INTO no_key VALUES (1), (1)',
	'INSERT INTO dropped VALUES (1, 1)',
	'INSERT INTO guarded VALUES (1, 1)',
	'INSERT INTO stopped VALUES (1, 1)',
	'UPDATE t SET v = v + 1, note = repeat($$x$$, 5000)',
	'UPDATE "Odd ""name" SET "from" = "from" || "from"',
	'UPDATE p SET k = 1 - k WHERE id < 4',
	'DELETE FROM t WHERE id = 2',
	'UPDATE options SET v = v + 1',
	'UPDATE no_key SET v = 2',
	'UPDATE added SET v = 2',
	'UPDATE dropped SET v = 2',
	'UPDATE guarded SET v = 2',
	'UPDATE stopped SET v = 2')
{
	$node->safe_psql('source',
		"BEGIN; $statement; INSERT INTO instant (t) VALUES (temporal.system_time()); COMMIT"
	);
}
$node->safe_psql('source', 'ALTER TABLE stopped DROP SYSTEM VERSIONING');
$node->safe_psql('source', <<'SQL');
ALTER TABLE t SET RETENTION_POLICY = (PERIOD = INTERVAL '100 years 1 month', SCHEDULE = INTERVAL '6 hours',
	CONDITION = $q$note <> 'it''s \' AND v > 0$q$);
ALTER TABLE "Odd ""name" SET RETENTION_POLICY = (MAX_VERSIONS = 100, MAX_SIZE = '10 GB',
	CONDITION = '"from" IS NOT NULL');
SQL

my %key = (
	t => 'id',
	'"Odd ""name"' => '"Id"',
	p => 'id',
	child => 'id',
	options => 'id',
	no_key => 'v',
	added => 'id',
	dropped => 'id',
	guarded => 'id');

# What a database holds: all versions, what AS OF shows, and what temporal
# says of the tables
sub contents
{
	my ($database) = @_;
	my $contents = '';

	foreach my $table (sort keys %key)
	{
		$contents .= $node->safe_psql($database,
			"SELECT '$table', left(ver::text, 60), md5(ver::text)
			 FROM $table FOR SYSTEM_TIME ALL ver ORDER BY ver::text")
		  . "\n";
	}
	$contents .= $node->safe_psql($database, <<'SQL');
SELECT * FROM stopped UNION ALL SELECT * FROM stopped_history ORDER BY 3;
SELECT i.n, a.id, a.v FROM instant i, t FOR SYSTEM_TIME AS OF i.t a ORDER BY 1, 2;
SELECT i.n, a.id, a.k FROM instant i, p FOR SYSTEM_TIME AS OF i.t a ORDER BY 1, 2;
SELECT i.n, v FROM instant i, past_of(i.t) v ORDER BY 1, 2;
SELECT id, v FROM past ORDER BY 1, 2;
SELECT * FROM temporal.tables ORDER BY relation::text;
SELECT * FROM temporal.retention ORDER BY relation::text;
SELECT c.relname, c.relowner::regrole, c.relacl,
	   obj_description(c.oid, 'pg_class'),
	   (SELECT string_agg(concat(tgname, tgenabled, tgtype), ' ' ORDER BY tgname)
		FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal),
	   (SELECT string_agg(pg_get_indexdef(indexrelid), ' '
						  ORDER BY indexrelid::regclass::text)
		FROM pg_index WHERE indrelid = c.oid)
FROM pg_class c
WHERE relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)
  AND relkind IN ('r', 'p') ORDER BY 1;
SQL
	return $contents;
}

# Versioning goes on: later than before, without overlap and gap, protected
sub goes_on
{
	my ($database, $what) = @_;
	my ($ret, $stdout, $stderr);

	$node->safe_psql($database, <<'SQL');
INSERT INTO t VALUES (100, 100);
UPDATE t SET v = v + 1;
DELETE FROM t WHERE id = 3;
UPDATE "Odd ""name" SET "from" = 'z';
UPDATE p SET k = 1 - k;
TRUNCATE options;
UPDATE no_key SET v = v + 1;
UPDATE added SET v = v + 1;
UPDATE dropped SET v = v + 1;
UPDATE guarded SET v = v + 1;
SQL
	is( $node->safe_psql($database,
			'SELECT (SELECT min(sys_start) FROM t) > max(t) FROM instant'),
		't', "$what: the clock goes on");
	foreach my $table (grep { !/Odd|no_key/ } sort keys %key)
	{
		is( $node->safe_psql($database,
				Versions::wrong_sql($table, $key{$table})),
			'', "$what: versions of $table are in order");
	}
	is( $node->safe_psql($database, 'SELECT count(*) FROM audit."Odd past"'),
		'4', "$what: captured into the history of another name");
	is( $node->safe_psql($database,
			'SELECT id FROM child FOR SYSTEM_TIME ALL
			 WHERE sys_end < $$infinity$$') =~ tr/\n//,
		1, "$what: a cascade is captured");
	($ret, $stdout, $stderr) = $node->psql($database, 'DELETE FROM t_history');
	like($stderr, qr/cannot change history table/,
		"$what: history is protected");
	($ret, $stdout, $stderr) = $node->psql($database, 'DROP TABLE no_key');
	like($stderr, qr/table no_key_history depends on/,
		"$what: DROP TABLE names the history");
	($ret, $stdout, $stderr) =
	  $node->psql($database, 'DROP TABLE no_key_history');
	isnt($ret, 0, "$what: the history cannot be dropped alone");
	$node->safe_psql($database, 'ALTER TABLE child DROP SYSTEM VERSIONING CASCADE;
		ALTER TABLE child ADD SYSTEM VERSIONING');
	return;
}

my $expected = contents('source');

sub restored
{
	my ($database, $what) = @_;

	# only the lines that differ, should any
	my %lines;

	$lines{$_}++ foreach split /\n/, contents($database);
	$lines{$_}-- foreach split /\n/, $expected;
	my @differ = map { ($lines{$_} > 0 ? 'new: ' : 'missing: ') . $_ }
	  grep { $lines{$_} != 0 } sort keys %lines;
	is(join("\n", splice(@differ, 0, 20)), '', "$what: the same as before");
	return;
}

# A database that is in use already, and restored into: its clock runs
sub used_database
{
	my ($database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, <<'SQL');
CREATE SCHEMA mine;
CREATE EXTENSION temporal;
CREATE TABLE mine.used (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
INSERT INTO mine.used VALUES (1);
UPDATE mine.used SET id = 2;
DROP TABLE mine.used CASCADE;
SQL
	return;
}

# pg_dump | psql
command_ok([ 'pg_dump', @connection, '-f', "$dir/plain.sql", 'source' ],
	'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
command_ok(
	[
		'psql', '-XqAt', @connection, '-v', 'ON_ERROR_STOP=1', '-o',
		File::Spec->devnull, '-f', "$dir/plain.sql", 'plain'
	],
	'psql of the dump');
restored('plain', 'psql');
goes_on('plain', 'psql');

# pg_dump -Fc | pg_restore, in one transaction, and with jobs
command_ok(
	[ 'pg_dump', @connection, '-Fc', '-f', "$dir/custom", 'source' ],
	'pg_dump -Fc');
$node->safe_psql('postgres', 'CREATE DATABASE custom');
command_ok(
	[
		'pg_restore', @connection, '--exit-on-error',
		'--single-transaction', '-d', 'custom', "$dir/custom"
	],
	'pg_restore');
restored('custom', 'pg_restore');
goes_on('custom', 'pg_restore');

used_database('jobs');
my ($stdout, $stderr) = run_command(
	[
		'pg_restore', @connection, '-j', 3, '-d', 'jobs', "$dir/custom"
	]);
is_deeply([ $stderr =~ /error: could not execute query: (.*)/g ],
	['ERROR:  schema "temporal" already exists'],
	'pg_restore -j into a database in use');
restored('jobs', 'pg_restore -j');
goes_on('jobs', 'pg_restore -j');

# Over itself: triggers are dropped before their tables, which the setting for
# imports allows.  (Without partitions, on which pg_restore --clean fails.)
$node->safe_psql('postgres', 'CREATE DATABASE clean');
$node->safe_psql('clean', <<'SQL');
CREATE EXTENSION temporal;
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE quiet (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
ALTER TABLE quiet SET (temporal.skip_unchanged = on);
CREATE VIEW past AS SELECT * FROM t FOR SYSTEM_TIME ALL;
INSERT INTO t VALUES (1, 1), (2, 2);
INSERT INTO quiet VALUES (1, 1);
UPDATE t SET v = v + 1;
UPDATE quiet SET v = v + 1;
SQL
my $small = <<'SQL';
SELECT * FROM past UNION ALL SELECT * FROM quiet FOR SYSTEM_TIME ALL
ORDER BY 1, 2, 3
SQL
my $was = $node->safe_psql('clean', $small);
command_ok(
	[ 'pg_dump', @connection, '-Fc', '-f', "$dir/clean", 'clean' ],
	'pg_dump for --clean');
$node->safe_psql('clean', 'UPDATE t SET v = v + 1; DELETE FROM quiet');
my @clean = (
	'pg_restore', @connection, '--exit-on-error', '--clean',
	'--if-exists', '-d', 'clean', "$dir/clean");
command_fails_like(\@clean, qr/cannot drop trigger "/,
	'pg_restore --clean does not drop versioning by accident');
$node->safe_psql('postgres',
	'ALTER DATABASE clean SET temporal.allow_period_writes = on');
command_ok(\@clean, 'pg_restore --clean');
$node->safe_psql('postgres',
	'ALTER DATABASE clean RESET temporal.allow_period_writes');
is($node->safe_psql('clean', $small), $was, '--clean: the same as before');
$node->safe_psql('clean', 'UPDATE t SET v = v + 1; UPDATE quiet SET v = v');
is( $node->safe_psql('clean', $small) =~ tr/\n//,
	($was =~ tr/\n//) + 2,
	'--clean: versioning goes on');
is( $node->safe_psql('clean',
		Versions::wrong_sql('t', 'id', always_there => 1)),
	'', '--clean: no overlap, no gap, one open version of each row');

# A dump of a dump is the dump
$node->safe_psql('postgres', 'CREATE DATABASE again');
command_ok(
	[
		'psql', '-XqAt', @connection, '-v', 'ON_ERROR_STOP=1', '-o',
		File::Spec->devnull, '-f', "$dir/plain.sql", 'again'
	],
	'psql of the dump again');
command_ok([ 'pg_dump', @connection, '-f', "$dir/again.sql", 'again' ],
	'pg_dump of what was restored');

sub dump_text
{
	# from PostgreSQL 15.14 on, a random key
	return slurp_file($_[0]) =~ s/^\\(un)?restrict .*$//gmr;
}
is(dump_text("$dir/again.sql"), dump_text("$dir/plain.sql"),
	'is the same dump');

# --schema-only, then --data-only with the setting for imports.  pg_dump puts
# the data of referenced tables first, if data is all it dumps.
command_ok(
	[
		'pg_dump', @connection, '-Fc', '--data-only', '-f', "$dir/data",
		'source'
	],
	'pg_dump --data-only');
foreach my $how ('', '--disable-triggers')
{
	my $database = $how ? 'data_disabled' : 'data';
	my $archive = $how ? "$dir/custom" : "$dir/data";
	my $what = "--data-only $how";

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	command_ok(
		[
			'pg_restore', @connection, '--exit-on-error', '--schema-only',
			'-d', $database, "$dir/custom"
		],
		'pg_restore --schema-only');
	$node->safe_psql('postgres',
		"ALTER DATABASE $database SET temporal.allow_period_writes = on");
	command_ok(
		[
			'pg_restore', @connection, '--exit-on-error', '--data-only',
			($how ? $how : ()), '-d', $database, $archive
		],
		"pg_restore $what");
	$node->safe_psql('postgres',
		"ALTER DATABASE $database RESET temporal.allow_period_writes");
	restored($database, $what);
	goes_on($database, $what);
}

$node->stop;
done_testing();
