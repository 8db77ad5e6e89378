# The harness itself: a server with the extension preloaded starts, versions a
# table, and starts again.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $node = TemporalTest->new_node('main');

is($node->safe_psql('postgres', 'SHOW shared_preload_libraries'),
	'temporal', 'the extension is preloaded');

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t VALUES (1, 10), (2, 20);
UPDATE t SET v = v + 1;
DELETE FROM t WHERE id = 2;
SQL

my $versions = 'SELECT id, v, sys_end = $$infinity$$ AS current
	FROM t FOR SYSTEM_TIME ALL ORDER BY id, sys_start';
my $expected = "1|10|f\n1|11|t\n2|20|f\n2|21|f";
is($node->safe_psql('postgres', $versions),
	$expected, 'old and current versions are there');
is( $node->safe_psql('postgres',
		TemporalTest->broken_versions_sql('t', 'id')),
	'', 'no overlap and no gap');

$node->restart;
is($node->safe_psql('postgres', $versions), $expected,
	'and after a restart');

$node->stop;
done_testing();
