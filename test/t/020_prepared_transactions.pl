# Two-phase commit: what a prepared transaction wrote becomes visible with
# COMMIT PREPARED, also after a restart and a crash, or is gone with ROLLBACK
# PREPARED; and its system time is not the session's any more.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;
use Versions;

my $node = TemporalTest->new_node('main',
	conf => 'max_prepared_transactions = 10');
my $versions = <<'SQL';
SELECT id, v, sys_end = 'infinity' FROM t FOR SYSTEM_TIME ALL
ORDER BY id, sys_start
SQL

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE tick (name text PRIMARY KEY, t timestamptz);
INSERT INTO t VALUES (1, 10), (2, 20), (3, 30);
SQL

# The next transaction of the same session is another one
is($node->safe_psql('postgres', <<'SQL'), <<'OUT' =~ s/\n\z//r, 'no state leaks');
BEGIN;
UPDATE t SET v = 11 WHERE id = 1;
INSERT INTO tick VALUES ('a', temporal.system_time());
PREPARE TRANSACTION 'a';
SELECT temporal.system_time() IS NULL;
BEGIN;
SELECT temporal.system_time() IS NULL;
UPDATE t SET v = 21 WHERE id = 2;
INSERT INTO tick VALUES ('b', temporal.system_time());
COMMIT;
SELECT id, v, sys_end = 'infinity' FROM t FOR SYSTEM_TIME ALL
ORDER BY id, sys_start;
COMMIT PREPARED 'a';
SELECT (SELECT t FROM tick WHERE name = 'a') <
	   (SELECT t FROM tick WHERE name = 'b');
SELECT t.sys_start = (SELECT t FROM tick WHERE name = 'a') FROM t WHERE id = 1;
SELECT t.sys_start = (SELECT t FROM tick WHERE name = 'b') FROM t WHERE id = 2;
SQL
t
t
1|10|t
2|20|f
2|21|t
3|30|t
t
t
t
OUT
is($node->safe_psql('postgres', $versions),
	"1|10|f\n1|11|t\n2|20|f\n2|21|t\n3|30|t", 'both are there');

# A row of a prepared transaction after one with a savepoint, rolled back
$node->safe_psql('postgres', <<'SQL');
BEGIN;
UPDATE t SET v = 12 WHERE id = 1;
SAVEPOINT s;
DELETE FROM t WHERE id = 3;
ROLLBACK TO s;
PREPARE TRANSACTION 'rolled back';
ROLLBACK PREPARED 'rolled back';
SQL
is($node->safe_psql('postgres', $versions),
	"1|10|f\n1|11|t\n2|20|f\n2|21|t\n3|30|t",
	'ROLLBACK PREPARED leaves nothing');

# PREPARE that succeeds and PREPARE that fails let go of what they locked
{
	my ($ret, $stdout, $stderr) = $node->psql('postgres', <<'SQL', on_error_stop => 0);
BEGIN; UPDATE t SET v = v WHERE id = 1; PREPARE TRANSACTION 'same';
BEGIN; UPDATE t SET v = 0 WHERE id = 2; PREPARE TRANSACTION 'same';
BEGIN; UPDATE t SET v = 0 WHERE id = 2; CREATE TEMP TABLE x (); PREPARE TRANSACTION 'temporary';
SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND pid = pg_backend_pid();
COMMIT PREPARED 'same';
BEGIN; UPDATE t SET v = 0 WHERE id = 2; PREPARE TRANSACTION 'same';
ROLLBACK PREPARED 'same';
ROLLBACK PREPARED 'same';
SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND pid = pg_backend_pid();
SELECT count(*) FROM temporal.prepared_transaction;
SQL

	is($stdout, "0\n0\n0", 'PREPARE and COMMIT PREPARED keep no lock');
	is(join("\n", $stderr =~ /(?:ERROR|WARNING):  .*/g), <<'ERR' =~ s/\n\z//r, 'and fail as ever');
ERROR:  transaction identifier "same" is already in use
ERROR:  cannot PREPARE a transaction that has operated on temporary objects
ERROR:  prepared transaction with identifier "same" does not exist
ERR
	$node->safe_psql('postgres', 'DROP TABLE IF EXISTS x');
}
is($node->safe_psql('postgres', $versions),
	"1|10|f\n1|11|f\n1|11|t\n2|20|f\n2|21|t\n3|30|t",
	'a version of the one that was committed');

# Over a restart, a crash, and with later ticks in between
foreach my $how ('fast', 'immediate')
{
	$node->safe_psql('postgres', <<"SQL");
DELETE FROM tick;
BEGIN;
UPDATE t SET v = v + 100 WHERE id = 1;
DELETE FROM t WHERE id = 3;
INSERT INTO t VALUES (4, 40);
INSERT INTO tick VALUES ('$how', temporal.system_time());
PREPARE TRANSACTION '$how';
SQL
	$node->stop($how);
	$node->start;
	$node->safe_psql('postgres', 'UPDATE t SET v = v + 1 WHERE id = 2');
	is($node->safe_psql('postgres', 'SELECT id FROM t ORDER BY id'),
		"1\n2\n3", "$how: not committed yet");
	$node->safe_psql('postgres', "COMMIT PREPARED '$how'");
	is( $node->safe_psql('postgres', 'SELECT id FROM t ORDER BY id'),
		"1\n2\n4", "$how: committed after the restart");
	is($node->safe_psql('postgres', Versions::wrong_sql('t', 'id')),
		'', "$how: no overlap, one open version of each row");
	is($node->safe_psql('postgres', <<'SQL'), 't|t|t', "$how: all of it at one instant");
SELECT (SELECT sys_start = tick.t FROM t WHERE id = 1),
	   (SELECT sys_start = tick.t FROM t WHERE id = 4),
	   (SELECT max(sys_end) = tick.t FROM t FOR SYSTEM_TIME ALL WHERE id = 3)
FROM tick
SQL
	is( $node->safe_psql('postgres', "SELECT (SELECT sys_start FROM t WHERE id = 2)
			> (SELECT t FROM tick)"),
		't', "$how: what was written meanwhile is later");
	is($node->safe_psql('postgres', <<'SQL'), "1\n2\n4", "$how: AS OF finds it");
DO $$ BEGIN EXECUTE format('CREATE TEMP VIEW past AS
	SELECT id FROM t FOR SYSTEM_TIME AS OF %L', (SELECT t FROM tick)); END $$;
SELECT id FROM past ORDER BY id
SQL

	# as it was
	$node->safe_psql('postgres',
		'DELETE FROM t WHERE id = 4; INSERT INTO t VALUES (3, 30)');
}

# An older prepared transaction blocks a row; who waits for it is later
$node->safe_psql('postgres', <<'SQL');
BEGIN;
UPDATE t SET v = -1 WHERE id = 1;
PREPARE TRANSACTION 'blocks';
SQL
my ($ret, $stdout, $stderr) = $node->psql('postgres',
	"SET lock_timeout = '20ms'; UPDATE t SET v = -2 WHERE id = 1");
like($stderr, qr/lock timeout/, 'the row is locked');
$node->safe_psql('postgres',
	"COMMIT PREPARED 'blocks'; UPDATE t SET v = -3 WHERE id = 1");
is($node->safe_psql('postgres', Versions::wrong_sql('t', 'id')),
	'', 'no overlap, one open version of each row');

# A context that is stored out of line goes from one table to the other
$node->safe_psql('postgres', <<'SQL');
SELECT set_config('temporal.context', (SELECT jsonb_object_agg(g, md5(g::text))
	FROM generate_series(1, 3000) g)::text, false) IS NOT NULL;
BEGIN;
UPDATE t SET v = -4 WHERE id = 1;
PREPARE TRANSACTION 'told';
SQL
($ret, $stdout, $stderr) =
  $node->psql('postgres', "COMMIT PREPARED 'told'");
is("$ret$stderr", '0', 'a long context is no error of COMMIT PREPARED');
is( $node->safe_psql('postgres', <<'SQL'), '1|t', 'and is kept, once');
SELECT count(*), min(context ->> '7') = md5('7') FROM temporal.transactions
WHERE context ? '3000'
SQL
is($node->safe_psql('postgres', 'SELECT count(*) FROM temporal.prepared_transaction'),
	'0', 'nothing is left of it elsewhere');

$node->stop;
done_testing();
