# Random views over versioned tables.  What each showed at some instants is
# written down; at the end the views must show the same again, as of these
# instants, whichever way they are asked.
#
# One run has a fixed seed; a second one a random seed, which is printed:
# TEMPORAL_SEED=n repeats it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $node = TemporalTest->new_node('main', conf => "log_statement = none\njit = off\n");
my @views;

sub pick { return $_[ rand @_ ]; }

# A query without columns but id and v, of some depth
sub leaf
{
	return
	  "SELECT id, v FROM "
	  . pick('item', 'item', 'no_key', 'other', 'part', 'part_1', 'plain',
		'item_function()', @views);
}

sub query
{
	my ($depth) = @_;

	return leaf() if $depth <= 0;
	my ($x, $y) = map { '(' . query($depth - 1 - int rand 2) . ')' } 1 .. 2;
	my $join = pick('JOIN', 'LEFT JOIN', 'RIGHT JOIN');
	my $not = pick('', 'NOT');
	my $kept = pick('', 'MATERIALIZED', 'NOT MATERIALIZED');
	my $table = pick('item', 'no_key', 'other');

	return pick(
		"SELECT a.id, b.v FROM $x a $join $y b ON a.id = b.id",
		"SELECT coalesce(a.id, b.id) AS id, coalesce(a.v, -b.v) AS v
			FROM $x a FULL JOIN $y b ON a.id = b.id",
		$x . pick('UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT ALL') . $y,
		"SELECT id, v FROM $x x WHERE $not EXISTS (SELECT FROM $y y WHERE y.id = x.id)",
		"SELECT id, (SELECT max(y.v) FROM $y y WHERE y.id <= x.id) AS v FROM $x x",
		"SELECT id % 3 AS id, (count(*) + sum(v))::integer AS v FROM $x x GROUP BY ROLLUP (1)",
		"WITH c AS $kept $x SELECT a.id, b.v FROM c a JOIN c b ON a.id = b.id + 1",
		"SELECT x.id, y.v FROM $x x LEFT JOIN LATERAL
			(SELECT v FROM $y y WHERE y.id = x.id) y ON true",
		"SELECT id, (sum(v) OVER (ORDER BY id, v))::integer AS v FROM $x x",
		"SELECT id, v FROM $x x ORDER BY id, v LIMIT 5",
		"SELECT id, v FROM $x x WHERE id IN (SELECT id FROM $y y)
			AND v NOT IN (SELECT v + 100 FROM $table)",
		"WITH RECURSIVE r AS (SELECT id, v FROM $x x UNION
			SELECT r.id + 1, e.v FROM r JOIN $table e ON e.id = r.id + 1 WHERE r.id < 15)
			SELECT id, v FROM r",
		"SELECT id, (SELECT count(*)::integer FROM $table) + v AS v FROM $x x
			WHERE v < (SELECT 50 + max(id) FROM $y y)");
}

sub changes
{
	my $sql = '';

	foreach my $table ('item', 'other')
	{
		$sql .= "INSERT INTO $table VALUES (" . int(1 + rand 12) . ', '
		  . int(1 + rand 60)
		  . ") ON CONFLICT (id) DO UPDATE SET v = excluded.v;\n"
		  foreach 1 .. 6;
		$sql .= "DELETE FROM $table WHERE id = " . int(1 + rand 12) . ";\n";
	}
	my ($from, $to, $k) = (int(1 + rand 5), int(5 + rand 5), int rand 2);
	return $sql . <<"SQL";
INSERT INTO no_key SELECT i, i * $from FROM generate_series($from, $to) i;
DELETE FROM no_key WHERE id % 3 = $k;
INSERT INTO part SELECT i, i, i % 2 FROM generate_series($from, $to) i;
UPDATE part SET k = 1 - k WHERE id % 3 = $k;
DELETE FROM part WHERE id = $to;
SQL
}

# Ways to ask a view for an instant: SELECT ... FROM %s
my %ways = (
	clause => "%s FOR SYSTEM_TIME AS OF '%s' a",
	condition => "(SELECT * FROM %s WHERE temporal.as_of('%s')) a",
	volatile => "%s FOR SYSTEM_TIME AS OF volatile_time('%s') a",
	'sub-select' => "%s FOR SYSTEM_TIME AS OF (SELECT timestamptz '%s') a",
	lateral =>
	  "%2\$s AS i (t), LATERAL (SELECT * FROM %1\$s WHERE temporal.as_of(i.t)) a",
	'lateral expression' =>
	  "%2\$s AS i (t), %1\$s FOR SYSTEM_TIME AS OF i.t + interval '0' a",
	'lateral volatile' =>
	  "%2\$s AS i (t), %1\$s FOR SYSTEM_TIME AS OF volatile_time(i.t) a",
	session => '%s');

sub walk
{
	my ($seed, $nviews, $ninstants) = @_;

	note("views with TEMPORAL_SEED=$seed");
	srand $seed;
	@views = ();
	my $sql = <<'SQL';
DROP SCHEMA IF EXISTS walk CASCADE;
CREATE SCHEMA walk;
SET search_path = walk;
CREATE TABLE item (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE other (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE no_key (id integer, v integer) WITH SYSTEM VERSIONING;
CREATE TABLE part (id integer, v integer, k integer)
	WITH SYSTEM VERSIONING PARTITION BY LIST (k);
CREATE TABLE part_0 PARTITION OF part FOR VALUES IN (0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE plain AS SELECT i AS id, i AS v FROM generate_series(1, 6) i;
CREATE FUNCTION item_function() RETURNS TABLE (id integer, v integer)
	LANGUAGE sql STABLE AS 'SELECT id, v FROM walk.item';
CREATE FUNCTION volatile_time(t timestamptz) RETURNS timestamptz
	LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN t; END';
CREATE TABLE instant (n integer, t timestamptz);
CREATE TABLE differs (seen text, how text);
SQL
	foreach my $i (1 .. $nviews)
	{
		my $option = pick('', ' WITH (security_barrier)');

		# of something versioned in any case
		$sql .= "CREATE VIEW view_$i (id, v)$option AS ("
		  . query(int(1 + rand 4))
		  . ") UNION ALL SELECT id, v FROM item WHERE id = 1;\n";
		push @views, "view_$i";
	}
	foreach my $n (1 .. $ninstants)
	{
		$sql .= changes() . "INSERT INTO instant VALUES ($n, clock_timestamp());\n";
		$sql .= "CREATE TABLE seen_${n}_$_ AS SELECT * FROM $_;\n" foreach @views;
	}
	$node->safe_psql('postgres', $sql . changes() . 'ANALYZE');

	my $compare = "SET search_path = walk;\n";
	foreach my $n (1 .. $ninstants)
	{
		my $t = $node->safe_psql('postgres',
			"SELECT t FROM walk.instant WHERE n = $n");

		foreach my $view (@views)
		{
			my $seen = "seen_${n}_$view";

			foreach my $how (sort keys %ways)
			{
				my $from =
				  sprintf($ways{$how}, $view,
					$how =~ /lateral/ ? "(VALUES (timestamptz '$t'))" : $t);

				$compare .= "SET temporal.as_of = '$t';\n" if $how eq 'session';
				$compare .= <<"SQL";
INSERT INTO differs SELECT '$seen', '$how' WHERE EXISTS
	(SELECT id, v FROM $from EXCEPT ALL SELECT id, v FROM $seen)
	OR EXISTS (SELECT id, v FROM $seen EXCEPT ALL SELECT id, v FROM $from);
SQL
				$compare .= "RESET temporal.as_of;\n" if $how eq 'session';
			}
		}
	}
	$node->safe_psql('postgres', $compare);
	is($node->safe_psql('postgres', 'SELECT * FROM walk.differs ORDER BY 1, 2'),
		'', 'each view shows again what it showed')
	  or diag(
		$node->safe_psql('postgres',
			"SELECT table_name, view_definition FROM information_schema.views v
			 WHERE table_schema = 'walk' AND EXISTS (SELECT FROM walk.differs d
				WHERE d.seen LIKE '%\\_' || v.table_name)"));
	my ($view) = reverse @views;
	isnt(
		$node->safe_psql('postgres',
			"SELECT count(*) FROM (SELECT * FROM walk.seen_1_$view
				EXCEPT ALL SELECT * FROM walk.$view) d
			 UNION ALL SELECT count(*) FROM (SELECT id, v FROM walk.item
				EXCEPT ALL SELECT id, v FROM walk.item
					FOR SYSTEM_TIME AS OF (SELECT min(t) FROM walk.instant)) d"),
		"0\n0",
		'which is not what it shows now');
	return;
}

my $random = int rand 1000000;
walk($ENV{TEMPORAL_SEED} // 2011, 20, 2);
walk($random, 12, 2) unless defined $ENV{TEMPORAL_SEED};

$node->stop;
done_testing();
