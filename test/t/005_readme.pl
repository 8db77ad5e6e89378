# The documentation does what it says: every ```sql block of README.md and of
# doc/*.md is run, in order, one file in one psql session on a database of its
# own.
#
# A block may be followed by what psql prints for it, in a block of kind
# "output".  A comment in the line before a block says what is special:
#
#	<!-- error: 42501 -->	its last statement fails with this SQLSTATE
#	<!-- not run -->		it is not run

use strict;
use warnings;

use FindBin;
use IPC::Run qw(run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $top = "$FindBin::RealBin/../..";
my $mark = '== block of line';

# The blocks of a file: hashes of line, sql, error, output.
sub read_blocks
{
	my ($file) = @_;
	my ($kind, $block, @blocks);
	my $comment = '';

	open my $in, '<', $file or die "$file: $!";
	while (my $line = <$in>)
	{
		if (!defined $kind)
		{
			if ($line =~ /^```(\w*)$/)
			{
				$kind = $1;
				$block = {
					line => $. + 1,
					text => '',
					not_run => $comment =~ /<!-- not run -->/ ? 1 : 0,
				};
				$block->{error} = $1 if $comment =~ /<!-- error: (\w{5}) -->/;
			}
			$comment = $line =~ /^<!--/ ? $line : '' if $line =~ /\S/;
		}
		elsif ($line =~ /^```\s*$/)
		{
			push @blocks, $block if $kind eq 'sql' && !$block->{not_run};
			if ($kind eq 'output')
			{
				die "$file:$block->{line}: output of nothing" unless @blocks;
				$blocks[-1]{output} = $block->{text};
			}
			undef $kind;
		}
		else
		{
			$block->{text} .= $line;
		}
	}
	close $in;
	die "$file: a block does not end" if defined $kind;
	return @blocks;
}

# What psql is given: between marks, so that its output can be told apart.
sub session_of
{
	my (@blocks) = @_;
	my $session = '';

	foreach my $block (@blocks)
	{
		my $text = $block->{text};

		$session .= "\\echo '$mark' $block->{line}\n";
		$session .=
		  defined $block->{error}
		  ? "\\set ON_ERROR_STOP 0\n$text\\echo SQLSTATE :SQLSTATE\n"
		  . "\\set ON_ERROR_STOP 1\n"
		  : $text;
	}
	return $session . "\\echo '$mark' end\n";
}

# Without blanks at line ends, and without the empty line behind a table
sub tidy
{
	my ($text) = @_;

	$text =~ s/[ \t]+$//mg;
	$text =~ s/\n+\z//;
	return $text;
}

sub check_file
{
	my ($node, $file) = @_;
	my ($name) = $file =~ m{([^/]+)\.md$};
	my $database = lc "doc_$name";
	my @blocks = read_blocks($file);
	my ($output, %printed);

	return unless @blocks;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION temporal')
	  unless grep { $_->{text} =~ /^CREATE EXTENSION temporal;/m } @blocks;

	my $input = session_of(@blocks);
	run [
		'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1',
		'-P', 'pager=off', '-d', $node->connstr($database)
	  ],
	  '<', \$input, '>', \$output, '2>&1';

	my @parts = split /^\Q$mark\E (\S+)\n/m, $output;
	shift @parts;
	while (my ($line, $text) = splice @parts, 0, 2)
	{
		$printed{$line} = $text // '';
	}
	foreach my $block (@blocks)
	{
		my $text = $printed{ $block->{line} };
		my $what = "$name.md, line $block->{line}";

		if (!defined $text)
		{
			fail("$what is not reached");
			next;
		}
		if (defined $block->{error})
		{
			my $state = $text =~ s/^SQLSTATE (\w+)\n\z//m ? $1 : 'none';

			is($state, $block->{error}, "$what fails as it says");
		}
		else
		{
			ok($text !~ /^(psql:\S*\s*)?(ERROR|FATAL):/m, "$what runs")
			  or diag($text);
		}
		is(tidy($text), tidy($block->{output}), "$what prints what it says")
		  if defined $block->{output};
	}
	ok(exists $printed{end}, "$name.md ends");
	return;
}

$ENV{PGTZ} = 'UTC';
$ENV{PGDATESTYLE} = 'ISO';
my $node = TemporalTest->new_node('main',
	extension => 0,
	conf => 'temporal.max_workers = 0');

check_file($node, $_) foreach "$top/README.md", sort glob "$top/doc/*.md";

$node->stop;
done_testing();
