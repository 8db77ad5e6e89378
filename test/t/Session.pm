# A psql that stays open, for programs in which several sessions take turns.
# What it is told to do can be waited for or not, so that a session that waits
# for a lock does not keep the program from going on.
package Session;

use strict;
use warnings;

use Errno;
use IO::Select;
use IPC::Open3;
use PostgreSQL::Test::Utils;

# new($node, database, statements to begin with)
sub new
{
	my ($class, $node, $database, $sql) = @_;
	my $self = bless { n => 0, output => '', busy => 0 }, $class;
	my ($in, $out);

	local $ENV{PGOPTIONS} = '';
	$self->{process} = open3($in, $out, undef, 'psql', '-XAtq', '-h',
		$node->host, '-p', $node->port, '-d', $database, '-v',
		'VERBOSITY=sqlstate');
	$in->autoflush(1);
	$self->{in} = $in;
	$self->{out} = $out;
	$self->{select} = IO::Select->new($out);
	$self->{pid} = $self->query('SELECT pg_backend_pid();');
	die $self->{pid} if $self->{pid} !~ /^\d+$/;
	$self->query($sql) if defined $sql;
	return $self;
}

# The server process
sub pid { return $_[0]{pid}; }

# Begins to execute the statements.
sub send
{
	my ($self, $sql) = @_;

	die "session has not ended: $self->{sql}" if $self->{busy};
	$self->{n}++;
	$self->{output} = '';
	$self->{busy} = 1;
	$self->{sql} = $sql;
	print { $self->{in} } "$sql\n\\echo session-end $self->{n}\n";
	return $self;
}

# Have they ended?  Waits at most that many seconds.
sub ended
{
	my ($self, $seconds) = @_;

	while ($self->{busy})
	{
		# A session that has ended interrupts: PostgreSQL::Test::Utils has a
		# handler for that as of 17
		if (!$self->{select}->can_read($seconds // 0))
		{
			next if $!{EINTR};
			last;
		}
		my $n = sysread($self->{out}, $self->{output}, 65536,
			length $self->{output});

		# psql ends when the server does
		$self->{busy} = 0
		  if !$n || $self->{output} =~ s/session-end $self->{n}\n//;
	}
	return !$self->{busy};
}

# Waits for their end; returns what they wrote, errors included.
sub result
{
	my ($self) = @_;

	$self->ended($PostgreSQL::Test::Utils::timeout_default)
	  or die "timed out: $self->{sql}";
	chomp(my $output = $self->{output});
	return $output;
}

sub query
{
	my ($self, $sql) = @_;

	return $self->send($sql)->result;
}

# Ends the session, whatever it is at.
sub quit
{
	my ($self) = @_;

	close $self->{in};
	kill 'TERM', $self->{process} if $self->{busy};
	waitpid($self->{process}, 0);
	close $self->{out};
	return;
}

1;
