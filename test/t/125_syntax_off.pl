# temporal.syntax = off: every SQL:2011 and Oracle form is what PostgreSQL alone
# makes of it, a syntax error with its own words, and the stock forms work.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $node = TemporalTest->new_node('main', conf => 'temporal.syntax = off');

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer)
	WITH (temporal.system_versioning = on);
INSERT INTO t VALUES (1, 10);
UPDATE t SET v = 11;
CREATE VIEW w AS SELECT id, v FROM t;
SQL

# Each with the word that PostgreSQL complains about
my @forms = (
	[ 'SELECT * FROM t FOR SYSTEM_TIME ALL', 'SYSTEM_TIME' ],
	[ 'SELECT * FROM t FOR SYSTEM_TIME AS OF SCN 1', 'SYSTEM_TIME' ],
	[ 'SELECT * FROM w FOR SYSTEM_TIME AS OF now()', 'SYSTEM_TIME' ],
	[ 'SELECT * FROM t AS OF NOW', 'NOW' ],
	[ 'SELECT * FROM t AS OF SCN 1', 'SCN' ],
	[ 'SELECT * FROM t AS OF SNAPSHOT 1', 'SNAPSHOT' ],
	[ 'SELECT * FROM t VERSIONS BETWEEN SCN 1 AND 2', 'BETWEEN' ],
	[ 'FLASHBACK TABLE t TO SCN 1', 'FLASHBACK' ],
	[ 'CREATE TABLE u (id integer) WITH SYSTEM VERSIONING', 'SYSTEM' ],
	[ 'ALTER TABLE t DROP SYSTEM VERSIONING', 'VERSIONING' ]);

for my $form (@forms)
{
	my ($statement, $word) = @$form;
	my ($ret, $stdout, $stderr) =
	  $node->psql('postgres', "\\set VERBOSITY verbose\n$statement");

	like($stderr, qr/ERROR:  42601: syntax error at or near "$word"/,
		"$statement is stock");
	unlike($stderr, qr/HINT/, 'and has no HINT of ours');
}

# What begins like ours
is( $node->safe_psql('postgres', <<'SQL'), "11\n11\n11", 'aliases are aliases');
SELECT of.v FROM t AS of;
SELECT versions.v FROM t versions;
SELECT flashback.v FROM t flashback;
SQL

is( $node->safe_psql('postgres', <<'SQL'), "2\n1", 'the stock forms work');
SELECT count(*) FROM t TABLESAMPLE temporal.all_versions(true);
SELECT count(*) FROM t TABLESAMPLE temporal.as_of('infinity');
SQL

$node->stop;
done_testing();
