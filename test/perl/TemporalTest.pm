# What the TAP programs share: servers with the extension preloaded.
package TemporalTest;

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

# A started server with the extension in its database postgres.
# new_node(name, conf => "lines of postgresql.conf", preload => 0,
#		   extension => 0, start => 0, init => [ ...init()'s arguments ])
sub new_node
{
	my ($class, $name, %option) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(@{ $option{init} // [] });
	$node->append_conf('postgresql.conf',
		"shared_preload_libraries = 'temporal'")
	  if $option{preload} // 1;
	$node->append_conf('postgresql.conf', $option{conf})
	  if defined $option{conf};
	if ($option{start} // 1)
	{
		$node->start;
		$node->safe_psql('postgres', 'CREATE EXTENSION temporal')
		  if $option{extension} // 1;
	}
	return $node;
}

# SQL that lists what is wrong with the versions of a table whose key is the
# given column: overlaps, gaps between versions of one row that was never
# deleted, more than one open version.  No rows: nothing is.
sub broken_versions_sql
{
	my ($class, $table, $key) = @_;

	return <<"SQL";
SELECT $key, sys_start, sys_end, next_start
FROM (SELECT $key, sys_start, sys_end,
			 lead(sys_start) OVER (PARTITION BY $key ORDER BY sys_start, sys_end)
				AS next_start
	  FROM $table FOR SYSTEM_TIME ALL) v
WHERE sys_start >= sys_end OR next_start <> sys_end
SQL
}

1;
