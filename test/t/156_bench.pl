# The part of make bench that measures maintenance beside foreground work: with few
# rows and short slices it goes through, and every number is there.  What the
# numbers are is not asked.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $node = TemporalTest->new_node('main', conf => <<'CONF');
log_statement = none
CONF
my $results = PostgreSQL::Test::Utils::tempdir;

$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGUSER} = getpwuid($<);
$ENV{PGDATABASE} = 'postgres';
$ENV{BENCH_ONLY} = 'load';
$ENV{BENCH_RESULTS} = $results;
$ENV{BENCH_ROWS} = 500;
$ENV{BENCH_LOAD_VERSIONS} = 2000;
$ENV{BENCH_LOAD_SECONDS} = 2;
$ENV{BENCH_LOAD_ROUNDS} = 1;
$ENV{BENCH_LOAD_RATE} = 200;
$ENV{BENCH_LOAD_SHARES} = '50';
my ($stdout, $stderr) = run_command([ 'bash', "$FindBin::RealBin/../../bench/run" ]);
like($stdout, qr/^written: /m, 'bench/run goes through')
  or diag("$stdout\n$stderr");

my $csv = slurp_file("$results/partial-load.csv");
foreach my $condition ('alone', 'heap', 'compress', 'segments')
{
	like($csv, qr/^waits for the worker,$condition,worker,,\d+,\d+,/m,
		"$condition: who waits for the worker");
}
like($csv, qr/^foreground,alone,worker,50,2,\d+,\d+,\d+,\d+,\d+,/m,
	'latencies of foreground work');
foreach my $condition ('heap', 'compress', 'segments')
{
	like($csv, qr/^versions per second,$condition,by hand,100,\d+,(?:199\d|20\d\d),\d+/m,
		"$condition: what CALL did");
	like($csv, qr/^versions per second,$condition,at once,100,1,(?:199\d|20\d\d),\d+/m,
		"$condition: what the function did");
}
$node->stop;
done_testing();
