# Memory does not grow with the number of rows that one statement captures:
# the peak of a backend that changes 1,000,000 rows is that of one that
# changes 100,000.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

plan skip_all => 'needs Linux: /proc/self/status'
  unless -r '/proc/self/status';

# Shared buffers that a backend touches count as its memory, too.
my $node = TemporalTest->new_node('main', conf => <<'CONF');
shared_buffers = 8MB
work_mem = 4MB
maintenance_work_mem = 8MB
max_wal_size = 4GB
checkpoint_timeout = 1h
wal_level = minimal
max_wal_senders = 0
full_page_writes = off
autovacuum = off
jit = off
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
INSERT INTO big SELECT i, i, 'row ' || i FROM generate_series(1, 1000000) i;
SQL

my $allowed = peak('UPDATE big SET v = v + 1 WHERE id <= 100000') + 4096;

cmp_ok(peak('UPDATE big SET v = v + 1'),
	'<', $allowed, 'UPDATE of 1,000,000 rows');
is($node->safe_psql('postgres', 'SELECT count(*) FROM big_history'),
	'1100000', 'all of them captured');
cmp_ok(peak('BEGIN; DELETE FROM big; ROLLBACK'),
	'<', $allowed, 'DELETE of 1,000,000 rows');
cmp_ok(peak('TRUNCATE big'),
	'<', $allowed, 'TRUNCATE of 1,000,000 rows');
is($node->safe_psql('postgres', 'SELECT count(*) FROM big_history'),
	'2100000', 'all of them captured');
cmp_ok(peak('SELECT count(*) FROM big FOR SYSTEM_TIME ALL'),
	'<', $allowed, 'reading them all');
cmp_ok(
	peak(
		'DO $$ BEGIN FOR i IN 1 .. 20000 LOOP
			INSERT INTO big VALUES (i % 5000, i) ON CONFLICT (id) DO UPDATE SET v = i;
		 END LOOP; END $$'),
	'<', $allowed, '20,000 small statements in one transaction');

$node->stop;
done_testing();
