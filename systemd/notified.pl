#!/usr/bin/perl
# SPDX-License-Identifier: AGPL-3.0-or-later
# Connects a descriptor to the service manager's notify socket, then becomes the program it is given, in the same
# process: Node has no datagram unix sockets, but it can write to a descriptor that is there. perl-base suffices.
# Usage: notified.pl PROGRAM [ARGUMENT...]; the program finds the descriptor's number in TIDEPOOL_NOTIFY_FD.
use strict;
use warnings;
use Fcntl qw(F_GETFL F_SETFD F_SETFL O_NONBLOCK);
use Socket qw(AF_UNIX SOCK_DGRAM pack_sockaddr_un);

die "usage: notified.pl PROGRAM [ARGUMENT...]\n" unless @ARGV;

# Declared here, so that the socket lives until the program replaces this one.
my $socket;
delete $ENV{TIDEPOOL_NOTIFY_FD};

sub notify_descriptor {
    my ($path) = @_;
    # the manager writes the zero byte of an abstract address as @
    $path =~ s/^\@/\0/;
    socket($socket, AF_UNIX, SOCK_DGRAM, 0)         or die "socket: $!\n";
    connect($socket, pack_sockaddr_un($path))       or die "connect: $!\n";
    my $flags = fcntl($socket, F_GETFL, 0)          or die "fcntl: $!\n";
    # a manager that does not read must not block the program
    fcntl($socket, F_SETFL, $flags | O_NONBLOCK)    or die "fcntl: $!\n";
    # perl closes descriptors above 2 on exec
    fcntl($socket, F_SETFD, 0)                      or die "fcntl: $!\n";
    return fileno($socket);
}

if (($ENV{NOTIFY_SOCKET} // '') =~ m{^[/\@].}) {
    my $descriptor = eval { notify_descriptor($ENV{NOTIFY_SOCKET}) };
    # without it the program falls back to systemd-notify
    if   (defined $descriptor) { $ENV{TIDEPOOL_NOTIFY_FD} = $descriptor }
    else                       { warn "<4>notified.pl: $@" }
}

no warnings 'exec';
exec { $ARGV[0] } @ARGV or die "<3>notified.pl: $ARGV[0]: $!\n";
