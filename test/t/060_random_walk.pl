# A random walk over versioned tables.  After each committed transaction its
# system time and what the tables held are written down; at the end FOR
# SYSTEM_TIME AS OF each of these instants must show the same again.
#
# One walk has a fixed seed; a second, shorter one a random seed, which is
# printed: TEMPORAL_SEED=n repeats it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;
use Versions;

my $node = TemporalTest->new_node('main', conf => "log_statement = none\n");

# The versioned tables, and the columns to compare
my %tables = (
	item => 'id, v, note, sys_start',
	child => 'id, item, sys_start',
	part => 'id, k, v, sys_start',
	quiet => 'id, v, sys_start');

my $tables_sql = <<'SQL';
CREATE TABLE item (id integer PRIMARY KEY, v integer, note text)
	WITH SYSTEM VERSIONING;
CREATE TABLE child (id integer PRIMARY KEY,
	item integer REFERENCES item ON UPDATE CASCADE ON DELETE CASCADE)
	WITH SYSTEM VERSIONING;
CREATE TABLE part (id integer, k integer, v integer, PRIMARY KEY (id, k))
	WITH SYSTEM VERSIONING PARTITION BY RANGE (k);
CREATE TABLE part_a PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_b PARTITION OF part FOR VALUES FROM (10) TO (20)
	PARTITION BY LIST (k);
CREATE TABLE part_b1 PARTITION OF part_b FOR VALUES IN (10, 11, 12, 13, 14);
CREATE TABLE part_b2 PARTITION OF part_b FOR VALUES IN (15, 16, 17, 18, 19);
CREATE TABLE quiet (id integer PRIMARY KEY, v integer, seen integer)
	WITH SYSTEM VERSIONING;
ALTER TABLE quiet SET (temporal.skip_unchanged = on,
					   temporal.exclude_columns = '{seen}');
CREATE VIEW item_view AS SELECT id, v FROM item WHERE id % 2 = 0;
CREATE FUNCTION touch(lowest integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	r record;
	n integer := 0;
BEGIN
	FOR r IN SELECT id FROM item WHERE id >= lowest ORDER BY id LIMIT 3 LOOP
		UPDATE item SET v = v + 1 WHERE id = r.id;
		n := n + 1;
	END LOOP;
	RETURN n;
END $$;
CREATE TABLE instant (n integer PRIMARY KEY, t timestamptz);
SQL
foreach my $table (sort keys %tables)
{
	$tables_sql .= "CREATE TABLE ${table}_was AS
		SELECT 0 AS n, $tables{$table} FROM $table;\n";
}

# The walk itself

my $fresh;    # the next key that was never used

sub pick { return int(rand($_[0])); }

# Some key, mostly one in use, one of those that were deleted otherwise
sub id { return pick($fresh) + 1; }

sub fresh { return ++$fresh; }

my @moves = (
	# ordinary writes
	sub { 'INSERT INTO item VALUES ' . join(', ', map { '(' . fresh() . ', ' . pick(100) . ", 'new')" } 0 .. pick(4)) },
	sub { 'INSERT INTO item SELECT i, 0, repeat(\'x\', 3000) FROM generate_series(' . join(', ', map { $_ } (id(), id() + 3)) . ') i ON CONFLICT DO NOTHING' },
	sub { 'UPDATE item SET v = v + 1 WHERE id = ' . id() },
	sub { 'UPDATE item SET v = v + 1 WHERE id % 3 = ' . pick(3) },
	sub { 'UPDATE item SET v = v' },
	sub { "UPDATE item SET note = repeat(md5(id::text), 200) WHERE id = " . id() },
	sub { 'UPDATE item SET v = s.n FROM (SELECT item, count(*) AS n FROM child GROUP BY item) s WHERE s.item = item.id' },
	sub { 'UPDATE item_view SET v = v * 2 WHERE id < ' . id() },
	sub { 'UPDATE item SET id = ' . fresh() . ' WHERE id = ' . id() },
	sub { 'DELETE FROM item WHERE id = ' . id() },
	sub { 'DELETE FROM item USING part WHERE part.id = item.id AND part.v % 5 = ' . pick(5) },
	sub { 'DELETE FROM item WHERE false' },
	sub { 'SELECT touch(' . id() . ')' },

	# upsert
	sub { 'INSERT INTO item SELECT i, 1, NULL FROM generate_series(' . id() . ', ' . (id() + 2) . ') i ON CONFLICT (id) DO UPDATE SET v = item.v + 10' },
	sub { 'INSERT INTO item VALUES (' . id() . ', 7, NULL) ON CONFLICT (id) DO UPDATE SET v = 7 WHERE item.v <> 7' },

	# MERGE
	sub { 'MERGE INTO item USING (SELECT i FROM generate_series(' . id() . ', ' . id() . ', 2) i) s ON s.i = item.id'
		  . ' WHEN MATCHED AND v % 3 = 0 THEN DELETE WHEN MATCHED AND v % 3 = 1 THEN UPDATE SET v = v + 5'
		  . ' WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.i, 3)' },
	sub { 'MERGE INTO part USING item ON item.id = part.id WHEN MATCHED AND part.v > 20 THEN DELETE'
		  . ' WHEN MATCHED THEN UPDATE SET v = part.v + 1, k = (part.k + 7) % 20'
		  . ' WHEN NOT MATCHED AND item.v % 2 = 0 THEN INSERT VALUES (item.id, abs(item.v) % 20, 0)' },

	# COPY
	sub { 'COPY item (id, v) FROM STDIN;' . "\n" . join('', map { fresh() . "\t" . pick(50) . "\n" } 0 .. pick(5)) . '\.' },
	sub { 'COPY part FROM STDIN;' . "\n" . join('', map { fresh() . "\t" . pick(20) . "\t0\n" } 0 .. pick(5)) . '\.' },

	# foreign keys that cascade
	sub { 'INSERT INTO child SELECT ' . fresh() . ', id FROM item WHERE id >= ' . id() . ' ORDER BY id LIMIT 1' },
	sub { 'UPDATE child SET item = (SELECT min(id) FROM item) WHERE id % 2 = 0' },
	sub { 'DELETE FROM child WHERE id = ' . id() },

	# partitions
	sub { 'INSERT INTO part VALUES (' . fresh() . ', ' . pick(20) . ', 1)' },
	sub { 'UPDATE part SET k = (k + ' . (1 + pick(19)) . ') % 20 WHERE id % 4 = ' . pick(4) },
	sub { 'UPDATE part SET v = v + 1' },
	sub { 'UPDATE part_b SET v = v + 1' },
	sub { 'UPDATE part_b SET k = 29 - k WHERE v % 2 = 0' },
	sub { 'UPDATE part_b2 SET v = 0' },
	sub { 'INSERT INTO part_a VALUES (' . fresh() . ', 3, 3)' },
	sub { 'DELETE FROM part_a WHERE id = ' . id() },
	sub { 'DELETE FROM part WHERE v > ' . (5 + pick(20)) },
	sub { 'TRUNCATE part_b1' },
	sub { 'WITH gone AS (DELETE FROM part WHERE k = ' . pick(20) . ' RETURNING *) INSERT INTO part SELECT id, (k + 1) % 20, v FROM gone ON CONFLICT DO NOTHING' },
	sub { 'WITH a AS (UPDATE item SET v = v + 1 WHERE id % 2 = 0 RETURNING id), b AS (DELETE FROM item WHERE id % 7 = 1 RETURNING id) UPDATE part SET v = v + 1 WHERE id IN (SELECT id FROM a)' },

	# unchanged and excluded
	sub { 'INSERT INTO quiet VALUES (' . fresh() . ', 1, 0)' },
	sub { 'UPDATE quiet SET seen = seen + 1' },
	sub { 'UPDATE quiet SET v = v' },
	sub { 'UPDATE quiet SET v = v + 1, seen = 0 WHERE id % 2 = ' . pick(2) },
	sub { 'UPDATE quiet SET v = v + (id % 2), seen = seen + 1' },
	sub { 'DELETE FROM quiet WHERE id = ' . id() },

	# rows that come again
	sub { my $id = id(); "DELETE FROM item WHERE id = $id; INSERT INTO item VALUES ($id, 9, 'again')" },

	# what fails takes its changes along
	sub { "DO \$\$ BEGIN UPDATE item SET v = v + 1; DELETE FROM part WHERE k < 10; RAISE 'no'; EXCEPTION WHEN OTHERS THEN NULL; END \$\$" },
	sub { "DO \$\$ BEGIN INSERT INTO item SELECT max(id) + 1 FROM item; INSERT INTO item SELECT max(id) FROM item; EXCEPTION WHEN unique_violation THEN UPDATE item SET v = 0 WHERE id = " . id() . "; END \$\$" },
	sub { 'DO $$ BEGIN TRUNCATE item, child; RAISE SQLSTATE \'P0002\'; EXCEPTION WHEN SQLSTATE \'P0002\' THEN NULL; END $$' }
);

# rare moves
my @rare = (
	sub { 'TRUNCATE item, child' },
	sub { 'TRUNCATE part' },
	sub { 'TRUNCATE part_b' },
	sub { 'TRUNCATE quiet' },
	sub { 'DELETE FROM part' }
);

sub statement
{
	my $move =
	  rand() < 0.02 ? $rare[ pick(scalar @rare) ] : $moves[ pick(scalar @moves) ];
	my $sql = $move->();

	# the data of COPY ends with a line of its own
	return $sql =~ /\\\.\z/ ? $sql : "$sql;";
}

sub walk
{
	my ($seed, $steps) = @_;
	my $sql = '';

	srand($seed);
	$fresh = 20;
	foreach my $n (1 .. $steps)
	{
		my $savepoints = 0;

		$sql .= "BEGIN;\n";
		foreach (0 .. pick(4))
		{
			my $chance = rand();

			if ($chance < 0.15)
			{
				$sql .= "SAVEPOINT s;\n";
				$savepoints++;
			}
			elsif ($chance < 0.25 && $savepoints > 0)
			{
				$sql .= "ROLLBACK TO s;\n";
			}
			elsif ($chance < 0.3 && $savepoints > 0)
			{
				$sql .= "RELEASE s;\n";
				$savepoints--;
			}
			$sql .= statement() . "\n";
		}
		if (rand() < 0.1)
		{
			$sql .= "ROLLBACK;\n";
			next;
		}
		$sql .= "INSERT INTO instant SELECT $n, temporal.system_time();\n";
		$sql .= "INSERT INTO ${_}_was SELECT $n, $tables{$_} FROM $_;\n"
		  foreach sort keys %tables;
		$sql .= "COMMIT;\n";
	}
	return $sql;
}

# Instants at which AS OF does not show what the table held then: once with
# the time of each instant in the statement, as a person would write it, once
# as a join; and at a time between two instants.
sub compare_sql
{
	my ($table) = @_;
	my $columns = $tables{$table};
	my $of_a = join(', ', map { "a.$_" } split(', ', $columns));

	return <<"SQL";
CREATE FUNCTION pg_temp.differ(OUT n integer, OUT how text)
RETURNS SETOF record LANGUAGE plpgsql AS \$f\$
DECLARE
	i record;
	same boolean;
BEGIN
	FOR i IN SELECT m.n, t, lead(t) OVER (ORDER BY m.n) AS next FROM instant m
			 WHERE t IS NOT NULL LOOP
		EXECUTE format(\$q\$
			SELECT NOT EXISTS (
				(SELECT $columns FROM $table FOR SYSTEM_TIME AS OF %L
				 EXCEPT ALL SELECT $columns FROM ${table}_was WHERE n = %s)
				UNION ALL
				(SELECT $columns FROM ${table}_was WHERE n = %s
				 EXCEPT ALL SELECT $columns FROM $table FOR SYSTEM_TIME AS OF %L))
			\$q\$, i.t, i.n, i.n, i.t) INTO same;
		IF NOT same THEN
			n := i.n; how := 'constant'; RETURN NEXT;
		END IF;
		CONTINUE WHEN i.next IS NULL;
		SELECT NOT EXISTS (
				(SELECT $columns FROM $table
					FOR SYSTEM_TIME AS OF i.next - interval '1 microsecond'
				 EXCEPT ALL SELECT $columns FROM ${table}_was w WHERE w.n = i.n)
				UNION ALL
				(SELECT $columns FROM ${table}_was w WHERE w.n = i.n
				 EXCEPT ALL SELECT $columns FROM $table
					FOR SYSTEM_TIME AS OF i.next - interval '1 microsecond'))
			INTO same;
		IF NOT same THEN
			n := i.n; how := 'before the next'; RETURN NEXT;
		END IF;
	END LOOP;
	RETURN QUERY
	SELECT d.n, 'join' FROM (
		(SELECT m.n, $of_a FROM instant m, $table FOR SYSTEM_TIME AS OF m.t a
		 EXCEPT ALL
		 SELECT w.n, $columns FROM ${table}_was w JOIN instant m USING (n)
		 WHERE m.t IS NOT NULL)
		UNION ALL
		(SELECT w.n, $columns FROM ${table}_was w JOIN instant m USING (n)
		 WHERE m.t IS NOT NULL
		 EXCEPT ALL
		 SELECT m.n, $of_a FROM instant m, $table FOR SYSTEM_TIME AS OF m.t a)) d;
END \$f\$;
SELECT string_agg(DISTINCT n || ' ' || how, ', ') FROM pg_temp.differ();
SQL
}

# Instants whose range clauses disagree with the stored periods
sub ranges_sql
{
	my ($table) = @_;

	return <<"SQL";
SELECT string_agg(DISTINCT a.n || '..' || b.n, ', ')
FROM instant a JOIN instant b ON b.n IN (a.n, a.n + 1, a.n + 17),
	 LATERAL (SELECT
		(SELECT count(*) FROM $table FOR SYSTEM_TIME FROM a.t TO b.t) AS from_to,
		(SELECT count(*) FROM $table FOR SYSTEM_TIME BETWEEN a.t AND b.t) AS between_and,
		(SELECT count(*) FROM $table FOR SYSTEM_TIME BETWEEN SYMMETRIC b.t AND a.t) AS symmetric,
		(SELECT count(*) FROM $table FOR SYSTEM_TIME CONTAINED IN (a.t, b.t)) AS contained) f,
	 LATERAL (SELECT
		count(*) FILTER (WHERE a.t < b.t AND sys_start < b.t AND sys_end > a.t) AS from_to,
		count(*) FILTER (WHERE sys_start <= b.t AND sys_end > a.t) AS between_and,
		count(*) FILTER (WHERE sys_start >= a.t AND sys_end <= b.t) AS contained
		FROM $table FOR SYSTEM_TIME ALL) w
WHERE a.t IS NOT NULL AND b.t IS NOT NULL
  AND (f.from_to, f.between_and, f.symmetric, f.contained)
	  IS DISTINCT FROM (w.from_to, w.between_and, w.between_and, w.contained)
SQL
}

my %key = (item => 'id', child => 'id', part => '(id, k)', quiet => 'id');

sub check
{
	my ($database, $what) = @_;

	foreach my $table (sort keys %tables)
	{
		is($node->safe_psql($database, compare_sql($table)),
			'', "$what: AS OF of $table is what it was");
	}
	return;
}

sub run_walk
{
	my ($database, $seed, $steps) = @_;
	my $what = "seed $seed";
	my ($ret, $stdout, $stderr);

	note("walk with TEMPORAL_SEED=$seed");
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION temporal; $tables_sql");
	($ret, $stdout, $stderr) =
	  $node->psql($database, walk($seed, $steps), on_error_stop => 0);
	unlike($stderr, qr/PANIC|FATAL|XX000|internal error|server closed/,
		"$what: the walk ends");
	diag($stderr) if $stderr =~ /ERROR/;
	cmp_ok($node->safe_psql($database, 'SELECT count(t) FROM instant'),
		'>', $steps / 3, "$what: instants were written down");
	is( $node->safe_psql($database,
			'SELECT count(*) FROM (SELECT t <= lag(t) OVER (ORDER BY n) AS bad
				FROM instant WHERE t IS NOT NULL) i WHERE bad'),
		'0', "$what: system times increase");
	check($database, $what);
	foreach my $table (sort keys %tables)
	{
		my $id = $table eq 'part' ? 'id, k' : 'id';

		is( $node->safe_psql($database, Versions::wrong_sql($table, $id)),
			'', "$what: versions of $table are in order");
	}
	is($node->safe_psql($database, ranges_sql($_)), '', "$what: ranges of $_")
	  foreach 'item', 'part';
	return;
}

my $seed = $ENV{TEMPORAL_SEED} // (time() ^ ($$ << 8)) % 1_000_000;
run_walk('fixed', 2011, 150);
run_walk('random', $seed, 60);

$node->restart;
check('fixed', 'after a restart');
$node->stop('immediate');
$node->start;
check('random', "after a crash, seed $seed");

$node->stop;
done_testing();
