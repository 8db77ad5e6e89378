# Archives where things go wrong: directories that cannot be written, disks
# that are full, sessions and servers that end in the middle.  The versions
# stay, and each file that has its name is complete.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = TemporalTest->new_node('main',
	init => [ extra => [ '--wal-segsize', '1' ] ],
	conf => <<"CONF");
temporal.archive_directories = '$directory'
max_prepared_transactions = 5
autovacuum = off
max_wal_size = 32MB
work_mem = 256MB
restart_after_crash = on
CONF

# Hardly to be compressed, and larger than any file that is written later
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
INSERT INTO t SELECT i, (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 3) WHERE i > 0)
FROM generate_series(1, 120000) i;
DELETE FROM t;
CREATE TABLE s (id integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
INSERT INTO s SELECT i, 'v' FROM generate_series(1, 100) i;
UPDATE s SET v = 'w';
SQL

my $count = 120000;
my ($ret, $stdout, $stderr);

# Paths below the directory that match
sub files
{
	my ($pattern) = @_;

	return sort(glob("$directory/$pattern"));
}

sub archive
{
	my ($table, $where) = @_;

	return "SELECT file FROM temporal.archive_history('$table', now(), '$where')";
}

# What follows from nothing having been archived
sub nothing_archived
{
	my ($what) = @_;

	is_deeply([ files('*') ], [], "$what: no file");
	is($node->safe_psql('postgres', <<'SQL'), "$count|0", "$what: the versions are there, and no archive");
SELECT (SELECT count(*) FROM t_history), (SELECT count(*) FROM temporal.archives)
SQL
	return;
}

sub fails
{
	my ($what, $table, $where, $like) = @_;

	($ret, $stdout, $stderr) = $node->psql('postgres',
		"\\set VERBOSITY verbose\n" . archive($table, $where));
	isnt($ret, 0, "$what: an error");
	like($stderr, $like, "$what: which one");
	return;
}

# Directories
SKIP:
{
	chmod(0500, $directory);
	skip 'this user writes where nobody may', 4
	  if open(my $probe, '>', "$directory/probe");
	fails('read-only directory', 's', $directory, qr/42501.*could not create archive/);
	nothing_archived('read-only directory');
}
chmod(0700, $directory);
unlink("$directory/probe");

mkdir("$directory/gone");
rmdir("$directory/gone");
fails('vanished directory', 's', "$directory/gone", qr/22023.*is not a directory/);
chmod(0000, $directory);
fails('closed directory', 's', $directory, qr/ERROR/) if $> != 0;
chmod(0700, $directory);
nothing_archived('vanished directory');

# A disk that is full: no file may be larger than this
SKIP:
{
	my ($postmaster) = split(/\n/, slurp_file($node->data_dir . '/postmaster.pid'));

	$node->safe_psql('postgres', 'CHECKPOINT');
	skip 'needs prlimit (util-linux)', 4
	  if system('prlimit', '--pid', $postmaster, '--fsize=2097152:unlimited') != 0;
	fails('full disk', 't', $directory, qr/53100.*could not write archive/);
	nothing_archived('full disk');
	system('prlimit', '--pid', $postmaster, '--fsize=unlimited:unlimited');
}

# Calls it in a session of its own, whose process is stopped while the file is
# written; returns both.
sub archive_and_stop
{
	my ($what) = @_;
	my $in = "SELECT pg_backend_pid();\n";
	my $session = { out => '', err => '' };

	$session->{handle} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
		'<', \$in, '>', \$session->{out}, '2>', \$session->{err},
		IPC::Run::timeout(120));
	$session->{handle}->pump until $session->{out} =~ /(\d+)\n/;
	$session->{pid} = $1;
	$in = archive('t', $directory) . ";\n";
	my $until = time() + 60;
	until (time() > $until || grep { -s $_ > 100000 } files('*.unfinished'))
	{
		$session->{handle}->pump_nb;
	}
	kill('STOP', $session->{pid});
	like(join(' ', files('*')), qr/^\S+\.unfinished$/, "$what: in the middle");
	return $session;
}

# Cancelled and terminated in the middle
foreach my $how ('pg_cancel_backend', 'pg_terminate_backend')
{
	my $session = archive_and_stop($how);

	$node->safe_psql('postgres', "SELECT $how($session->{pid})");
	kill('CONT', $session->{pid});
	$session->{handle}->finish;
	like($session->{err}, qr/canceling statement|terminating connection/, "$how: it ends");
	$node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $session->{pid}");
	nothing_archived($how);
}

# Killed in the middle
{
	my $session = archive_and_stop('kill -9');

	kill('KILL', $session->{pid});
	$session->{handle}->finish;
	$node->poll_query_until('postgres', 'SELECT true') or BAIL_OUT('no server');
	my @unfinished = files('*');
	is(scalar(@unfinished), 1, 'kill -9: a file is left');
	like($unfinished[0], qr/\.unfinished$/, 'kill -9: which says that it is not finished');
	like($node->safe_psql('postgres',
			"SELECT checksum_ok, damage, recorded FROM temporal.archive_info('$unfinished[0]')"),
		qr/^f\|.+\|f$/, 'kill -9: it is damaged');
	($ret, $stdout, $stderr) = $node->psql('postgres',
		"\\set VERBOSITY verbose\nSELECT count(*) FROM temporal.read_archive('$unfinished[0]', NULL::t)");
	like($stderr, qr/XX001/, 'kill -9: and not read');
	unlink(@unfinished);
	nothing_archived('kill -9');
}

# A crash after the file has its name, before the commit
{
	my $in = "BEGIN;\n" . archive('s', $directory) . ";\n";
	my ($out, $err) = ('', '');
	my $handle = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
		'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(60));

	$handle->pump until $out =~ /\.archive\n/;
	$node->stop('immediate');
	$handle->finish;
	$node->start;
	my @left = files('*');
	is(scalar(@left), 1, 'crash before commit: a file is left');
	is("$left[0]\n", $out, 'crash before commit: under its name');
	is($node->safe_psql('postgres', "SELECT checksum_ok, recorded, versions FROM temporal.archive_info('$left[0]')"),
		't|f|100', 'crash before commit: it is complete, but no row tells of it');
	is($node->safe_psql('postgres', 'SELECT count(*) FROM temporal.archives'), '0',
		'crash before commit: nor any other');
	my $again = $node->safe_psql('postgres', archive('s', $directory));
	isnt($again, $left[0], 'crash before commit: the next attempt has another name');
	is($node->safe_psql('postgres', <<"SQL"), $left[0], 'crash before commit: leftovers are found');
SELECT f.file FROM (SELECT '$directory/' || name AS file FROM pg_ls_dir('$directory') name) f
WHERE NOT EXISTS (SELECT FROM temporal.archives a WHERE a.file = f.file)
SQL
	is($node->safe_psql('postgres', "SELECT recorded FROM temporal.archive_info('$again')"), 't',
		'crash before commit: a row tells of it');
	unlink(@left);
}

# Crash after commit: file and row are there
{
	my $file = $node->safe_psql('postgres', archive('t', $directory));

	$node->stop('immediate');
	$node->start;
	is($node->safe_psql('postgres', "SELECT checksum_ok, recorded, versions FROM temporal.archive_info('$file')"),
		"t|t|$count", 'crash after commit: file and row');
	is($node->safe_psql('postgres', "SELECT count(*) FROM (TABLE t_history EXCEPT ALL
			SELECT * FROM temporal.read_archive('$file', NULL::t)) x"),
		'0', 'crash after commit: all versions');
	is($node->safe_psql('postgres', "SELECT count(*) FROM t_history"), $count, 'which stay in the history, too');
}

# Prepared transactions: the file is there, whatever they become
{
	my @before = files('*');

	$node->safe_psql('postgres', 'BEGIN; ' . archive('s', $directory) . "; PREPARE TRANSACTION 'p'");
	my @after = files('*');
	is(scalar(@after), @before + 1, 'prepared: the file is there');
	$node->safe_psql('postgres', "COMMIT PREPARED 'p'");
	is($node->safe_psql('postgres', 'SELECT bool_and((pg_stat_file(file)).size = bytes) FROM temporal.archives'),
		't', 'prepared: and the row');
}

# Into a database with another encoding, without the types' schema first
{
	$node->safe_psql('postgres', <<'SQL');
CREATE DATABASE utf8 ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
SQL
	foreach my $database ('utf8', 'latin1')
	{
		$node->safe_psql($database, 'CREATE EXTENSION temporal');
	}
	$node->safe_psql('utf8', <<'SQL');
SET client_encoding = 'UTF8';
CREATE TABLE "tä" ("ö" integer PRIMARY KEY, v text) WITH SYSTEM VERSIONING;
INSERT INTO "tä" VALUES (1, 'ü'), (2, 'x');
DELETE FROM "tä" WHERE "ö" = 1;
SQL
	my $file = $node->safe_psql('utf8',
		"SET client_encoding = 'UTF8'; " . archive('"tä"', $directory));

	is($node->safe_psql('latin1', "SET client_encoding = 'UTF8';
			SELECT table_name, columns ~ '\"ö\" integer', database, recorded FROM temporal.archive_info('$file')"),
		'tä|t|utf8|f', 'another encoding: names');
	is($node->safe_psql('latin1', "SET client_encoding = 'UTF8';
			SELECT \"ö\", v, octet_length(v) FROM temporal.read_archive('$file') AS (\"ö\" integer, v text)"),
		'1|ü|1', 'another encoding: values');
	$node->safe_psql('utf8', <<'SQL');
SET client_encoding = 'UTF8';
UPDATE "tä" SET v = U&'\20AC';
DELETE FROM "tä";
SQL
	$file = $node->safe_psql('utf8',
		"SET client_encoding = 'UTF8'; " . archive('"tä"', $directory));
	($ret, $stdout, $stderr) = $node->psql('latin1',
		"\\set VERBOSITY verbose\nSELECT count(*) FROM temporal.read_archive('$file') AS (v text)");
	like($stderr, qr/22P05/, 'another encoding: which does not have the character');
}

# A dump has the list of archives
{
	my ($dump, $err) = run_command([ 'pg_dump', '-d', $node->connstr('postgres'), '--data-only' ]);

	like($dump, qr/COPY temporal\.archive_file .*\n\Q$directory\E/, 'a dump has the list');
}

$node->stop;
done_testing();
