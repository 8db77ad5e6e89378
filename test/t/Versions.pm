# What must be true of a versioned table's versions, whatever happened to the
# server; shared by the programs here.
package Versions;

use strict;
use warnings;

# SQL that lists what is wrong with the versions of a table with a key: empty
# and overlapping periods, a present key without exactly one open version, an
# absent key with one.  No rows: nothing is wrong.  With always_there => 1, for
# tables that never lose a key, also gaps.  With keys_return => 1, for tables of
# which a key is deleted by one session and inserted by another at the same time,
# periods may overlap, as doc/design.md says, by the ticks of two transactions
# that committed in the right order.
sub wrong_sql
{
	my ($table, $key, %option) = @_;
	my $gap = $option{always_there} ? 'next_start > sys_end' : 'false';
	my $overlap = 'next_start < sys_end';

	$overlap .= ' AND temporal.tick_committed_at(sys_end) >= temporal.tick_committed_at(next_start)'
	  if $option{keys_return};

	return <<"SQL";
WITH version AS (
	SELECT $key, sys_start, sys_end, lead(sys_start) OVER
			(PARTITION BY $key ORDER BY sys_start, sys_end) AS next_start
	FROM $table FOR SYSTEM_TIME ALL)
SELECT $key, 'empty' FROM version WHERE sys_start >= sys_end
UNION ALL
SELECT $key, 'overlap' FROM version WHERE $overlap
UNION ALL
SELECT $key, 'gap' FROM version WHERE $gap
UNION ALL
SELECT $key, 'open versions: ' || coalesce(open, 0)
FROM (SELECT $key, count(*) FILTER (WHERE sys_end = 'infinity') AS open
	  FROM version GROUP BY $key) v
	 FULL JOIN (SELECT $key, true AS present FROM $table) t USING ($key)
WHERE coalesce(open, 0) <> CASE WHEN present THEN 1 ELSE 0 END
LIMIT 20
SQL
}

# SQL for the latest tick that the versions of a table bear
sub last_tick_sql
{
	my ($table) = @_;

	return "SELECT max(greatest(sys_start, nullif(sys_end, 'infinity')))
			FROM $table FOR SYSTEM_TIME ALL";
}

1;
