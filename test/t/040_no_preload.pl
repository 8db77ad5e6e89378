# A server without shared_preload_libraries: no write to a versioned table and
# no temporal query succeeds, since its history would be lost or ignored.
# Everything else works; and with the library all is well again.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;
use Versions;

my $node = TemporalTest->new_node('main', preload => 0, extension => 0);
my ($ret, $stdout, $stderr);

# psql's \errverbose prints the SQLSTATE
sub fails
{
	my ($statement, $what) = @_;

	($ret, $stdout, $stderr) = $node->psql('postgres',
		"\\set VERBOSITY verbose\n\\set ON_ERROR_STOP on\n$statement");
	is($ret, 3, "$what fails");
	like($stderr, qr/ERROR:  55000: extension "temporal" is not preloaded/,
		"$what fails with 55000");
	like($stderr, qr/HINT:  .*shared_preload_libraries/, "$what has the HINT");
	return;
}

# CREATE EXTENSION
($ret, $stdout, $stderr) =
  $node->psql('postgres', 'CREATE EXTENSION temporal');
is($ret, 0, 'CREATE EXTENSION works');
is(() = $stderr =~ /WARNING/g, 1, 'and warns once');
like($stderr, qr/HINT:  .*shared_preload_libraries/, 'with a HINT');

# psql's own words of what is not loaded
($ret, $stdout, $stderr) = $node->psql('postgres',
	'CREATE TABLE x (id integer) WITH SYSTEM VERSIONING');
isnt($ret, 0, 'WITH SYSTEM VERSIONING is not accepted');
($ret, $stdout, $stderr) = $node->psql('postgres',
	'CREATE TABLE x (id integer) WITH (temporal.system_versioning = on)');
isnt($ret, 0, 'nor its stock form');
is($node->safe_psql('postgres', "SELECT to_regclass('x') IS NULL"),
	't', 'and leaves nothing');

# Tables that were versioned with the library
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'temporal'");
$node->restart;
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t VALUES (1, 10), (2, 20);
UPDATE t SET v = v + 1 WHERE id = 1;
CREATE TABLE p (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING
	PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);
INSERT INTO p VALUES (1, 10);
CREATE TABLE child (id integer PRIMARY KEY,
					t integer REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE)
	WITH SYSTEM VERSIONING;
CREATE VIEW past AS SELECT id, v FROM t FOR SYSTEM_TIME ALL;
CREATE FUNCTION past_of(x timestamptz) RETURNS SETOF integer LANGUAGE sql
BEGIN ATOMIC SELECT v FROM t FOR SYSTEM_TIME AS OF x; END;
CREATE TABLE plain (id integer PRIMARY KEY, v integer);
INSERT INTO plain VALUES (1, 10);
CREATE TABLE packed (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO packed SELECT i, 0 FROM generate_series(1, 100) i;
UPDATE packed SET v = 1;
SELECT temporal.compress_history('packed', now());
UPDATE packed SET v = 2;
SQL
my $all = <<'SQL';
SELECT id, v, sys_start, sys_end FROM t UNION ALL
SELECT id, v, sys_start, sys_end FROM t_history UNION ALL
SELECT id, v, sys_start, sys_end FROM p UNION ALL
SELECT id, v, sys_start, sys_end FROM p_history ORDER BY 1, 3, 2
SQL
my $before = $node->safe_psql('postgres', $all);

$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->restart;

# A part of a history would look like all of it
fails('SELECT count(*) FROM packed_history', 'SELECT of a compressed history');
fails('SET enable_seqscan = off; SELECT v FROM packed_history WHERE id = 1',
	'SELECT by its index');
fails('COPY packed_history TO STDOUT', 'COPY of it');
fails('CREATE TABLE copy AS TABLE packed_history', 'CREATE TABLE AS');
($stdout, $stderr) = run_command(
	[ 'pg_dump', '-t', 'packed_history', $node->connstr('postgres') ]);
like($stderr, qr/not preloaded/, 'pg_dump of it fails');
$node->safe_psql('postgres', $_)
  foreach 'VACUUM packed_history', 'ANALYZE packed_history', 'VACUUM FULL plain';

fails('INSERT INTO t (id, v) VALUES (3, 30)', 'INSERT');
fails("INSERT INTO t VALUES (3, 30, '2001-01-01', 'infinity')",
	'INSERT with a period');
fails("INSERT INTO p VALUES (3, 30, '2001-01-01', 'infinity')",
	'INSERT with a period into a partitioned table');
fails("INSERT INTO p_1 VALUES (3, 30, '2001-01-01', 'infinity')",
	'INSERT with a period into a partition');
fails('INSERT INTO t (id, v) VALUES (1, 30)
	ON CONFLICT (id) DO UPDATE SET v = 30', 'upsert');
fails("INSERT INTO t VALUES (1, 30, '2001-01-01', 'infinity')
	ON CONFLICT (id) DO UPDATE SET v = 30", 'upsert with a period');
fails('UPDATE t SET v = 0', 'UPDATE');
fails('UPDATE t SET v = 0 WHERE false', 'UPDATE of no row');
fails('UPDATE p_1 SET v = 0', 'UPDATE of a partition');
fails('DELETE FROM t WHERE id = 2', 'DELETE');
fails('DELETE FROM p', 'DELETE from a partitioned table');
fails('TRUNCATE t, child', 'TRUNCATE');
fails('TRUNCATE p', 'TRUNCATE of a partitioned table');
fails('TRUNCATE p_1', 'TRUNCATE of a partition');
fails('MERGE INTO t USING plain s ON s.id = t.id
	WHEN MATCHED THEN UPDATE SET v = s.v', 'MERGE update');
fails('MERGE INTO t USING plain s ON s.id = t.id
	WHEN MATCHED THEN DELETE', 'MERGE delete');
fails("COPY t (id, v) FROM STDIN;\n3\t30\n\\.\n", 'COPY');
fails("COPY t FROM STDIN;\n3\t30\t2001-01-01\tinfinity\n\\.\n",
	'COPY with a period');
fails("SET session_replication_role = replica; UPDATE t SET v = 0",
	'UPDATE as a replica');
fails("SET session_replication_role = replica; DELETE FROM t",
	'DELETE as a replica');
fails('SELECT * FROM t TABLESAMPLE temporal.as_of(now())', 'AS OF');
fails('SELECT * FROM t TABLESAMPLE temporal.all_versions(true)', 'ALL');
fails('SELECT * FROM t TABLESAMPLE temporal.from_to(now(), now())',
	'FROM ... TO');
fails('SELECT * FROM p TABLESAMPLE temporal.as_of(now())',
	'AS OF on a partitioned table');
fails('SELECT * FROM past', 'a view of the past');
fails('SELECT * FROM past_of(now())', 'a function over the past');
fails('EXPLAIN SELECT * FROM past', 'EXPLAIN');

($ret, $stdout, $stderr) =
  $node->psql('postgres', 'SELECT * FROM t FOR SYSTEM_TIME ALL');
like($stderr, qr/syntax error at or near "SYSTEM_TIME"/,
	'the SQL:2011 form is a syntax error');
($ret, $stdout, $stderr) = $node->psql('postgres',
	'INSERT INTO t_history SELECT * FROM t');
like($stderr, qr/cannot change history table "t_history"/,
	'the history is protected');

# Nothing of that changed anything; and reading the present works.
is($node->safe_psql('postgres', $all), $before, 'nothing was changed');
is($node->safe_psql('postgres', <<'SQL'), "1|11\n2|30\n3|3", 'other tables work');
BEGIN;
INSERT INTO plain VALUES (2, 20), (3, 3);
UPDATE plain SET v = v + 1 WHERE id = 1;
MERGE INTO plain USING plain s ON s.id = plain.id AND s.id = 2
WHEN MATCHED THEN UPDATE SET v = 30;
COMMIT;
SELECT * FROM plain ORDER BY id
SQL
is($node->safe_psql('postgres', 'TRUNCATE plain; SELECT count(*) FROM plain'),
	'0', 'TRUNCATE of other tables too');

# With the library again
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries',
	"'temporal'");
$node->restart;
is($node->safe_psql('postgres', $all), $before, 'still nothing was changed');
$node->safe_psql('postgres', <<'SQL');
INSERT INTO t VALUES (3, 30);
UPDATE t SET v = v + 1;
DELETE FROM t WHERE id = 2;
UPDATE p SET v = v + 1;
SQL
is( $node->safe_psql('postgres',
		'SELECT id, v FROM t FOR SYSTEM_TIME ALL ORDER BY id, sys_start'),
	"1|10\n1|11\n1|12\n2|20\n2|21\n3|30\n3|31",
	'history goes on');
is($node->safe_psql('postgres', Versions::wrong_sql('t', 'id')),
	'', 'no overlap, one open version of each row');
is( $node->safe_psql('postgres',
		'SELECT id, v FROM p FOR SYSTEM_TIME ALL ORDER BY id, sys_start'),
	"1|10\n1|11",
	'history of the partitioned table goes on');

$node->stop;
done_testing();
