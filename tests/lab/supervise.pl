#!/usr/bin/perl
# supervise.pl [--tty] [--stderr] [--timeout S] --status FILE --log FILE -- QEMU ARGS...
# Runs QEMU and carries bytes between CMD on the lab host and our own standard files. QEMU's ends are sockets:
# @STDIN@ and so on in ARGS are replaced by their file descriptors. The status
# FILE gets one line: why it ended; the log what QEMU itself said.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl;
use POSIX qw(:sys_wait_h :signal_h);
use Socket;
use Time::HiRes qw(time);

my ($tty, $stderr_port, $timeout, $status_file, $log_file) = (0, 0, 0, undef, undef);
while (@ARGV) {
    my $word = shift;
    last if $word eq '--';
    if    ($word eq '--tty')     { $tty = 1 }
    elsif ($word eq '--stderr')  { $stderr_port = 1 }
    elsif ($word eq '--timeout') { $timeout = shift }
    elsif ($word eq '--status')  { $status_file = shift }
    elsif ($word eq '--log')     { $log_file = shift }
}

# prctl(PR_SET_PDEATHSIG) on x86-64: no QEMU outlives us, and we do not outlive ./lab, however it was ended.
sub end_with_parent { syscall 157, 1, $_[0] }
end_with_parent(SIGTERM);

# A host that has not come up by then never will, however busy this machine is.
my $boot_limit = 300;

$^F = 255;    # sockets stay open across exec
my %ours;
my %theirs;
for my $name ('control', $tty ? () : ('stdin', 'stdout'), $stderr_port ? ('stderr') : ()) {
    socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
    fcntl($a, F_SETFL, fcntl($a, F_GETFL, 0) | O_NONBLOCK);
    ($ours{$name}, $theirs{$name}) = ($a, $b);
}
s/\@([A-Z]+)\@/fileno($theirs{lc $1})/ge for @ARGV;

my $reason;
$SIG{PIPE} = 'IGNORE';
for my $signal ('INT', 'TERM', 'HUP') {
    $SIG{$signal} = sub { $reason //= "signal $signal" };
}

my $qemu = fork() // die "fork: $!";
if ($qemu == 0) {
    end_with_parent(SIGKILL);
    close $ours{$_} for keys %ours;
    # Ctrl-C is ours to handle: QEMU must live until what CMD wrote is here.
    POSIX::setpgid(0, 0) unless $tty;
    $SIG{INT} = 'IGNORE';
    open(STDIN, '<', '/dev/null') unless $tty;
    open(STDERR, '>', $log_file);
    exec { $ARGV[0] } @ARGV or POSIX::_exit(127);
}
close $theirs{$_} for keys %theirs;

my %out = (stdout => \*STDOUT, stderr => \*STDERR);
my %got = (stdout => 0, stderr => 0);
my ($ready, $exit, $acknowledged, $control_text) = (0, undef, 0, '');
my @promised;
my $to_guest = '';    # read from our stdin, not yet taken by QEMU
my $stdin_open = $tty ? 0 : 1;
my $started = time;

sub write_all {
    my ($file, $data) = @_;
    my $done = 0;
    while ($done < length $data) {
        my $n = syswrite $file, $data, length($data) - $done, $done;
        if (defined $n) { $done += $n; next }
        next if $! == EINTR && !$reason;
        if ($! == EAGAIN) { my $w = ''; vec($w, fileno $file, 1) = 1; select undef, $w, undef, 1; next unless $reason }
        return 0;
    }
    return 1;
}

my $qemu_status;
my $gone = 0;
while (!defined $reason) {
    my ($r, $w) = ('', '');
    for my $name (keys %ours) {
        next if $name eq 'stdin';
        vec($r, fileno $ours{$name}, 1) = 1;
    }
    vec($r, fileno STDIN, 1) = 1 if $stdin_open && $to_guest eq '' && $ready;
    vec($w, fileno $ours{stdin}, 1) = 1 if $to_guest ne '';
    my $n = select $r, $w, undef, $gone ? 0 : 0.5;

    if ($n > 0) {
        if ($stdin_open && vec($r, fileno STDIN, 1)) {
            my $count = sysread STDIN, $to_guest, 65536;
            if (defined $count && $count == 0) { $stdin_open = 0; shutdown $ours{stdin}, 1 }
            elsif (!defined $count && $! != EINTR && $! != EAGAIN) { $stdin_open = 0; shutdown $ours{stdin}, 1 }
        }
        if ($to_guest ne '' && exists $ours{stdin} && vec($w, fileno $ours{stdin}, 1)) {
            my $count = syswrite $ours{stdin}, $to_guest;
            if (defined $count) { substr($to_guest, 0, $count) = '' }
            elsif ($! != EINTR && $! != EAGAIN) { $to_guest = ''; $stdin_open = 0 }
        }
        for my $name ('stdout', 'stderr') {
            next unless exists $ours{$name} && vec($r, fileno $ours{$name}, 1);
            my $count = sysread $ours{$name}, my $data, 65536;
            if ($count) {
                $got{$name} += $count;
                $reason //= 'signal PIPE' unless write_all($out{$name}, $data);
            } elsif (defined $count || ($! != EINTR && $! != EAGAIN)) { delete $ours{$name} }
        }
        if (exists $ours{control} && vec($r, fileno $ours{control}, 1)) {
            my $count = sysread $ours{control}, $control_text, 4096, length $control_text;
            if (!$count && (defined $count || ($! != EINTR && $! != EAGAIN))) { delete $ours{control} }
            while ($control_text =~ s/^([^\n]*)\n//) {
                my $line = $1;
                if ($line eq 'ready') {
                    $ready = 1;
                    if ($ENV{VHART_LAB_TIMES}) { printf STDERR "lab: prompt after %.1f s\n", time - $started }
                    $started = time;
                }
                if ($line =~ /^exit (\d+) (\d+) (\d+)/) { ($exit, @promised) = ($1, $2, $3) }
            }
        }
    }
    if (defined $exit && !$acknowledged && $got{stdout} >= $promised[0] && $got{stderr} >= $promised[1]) {
        syswrite $ours{control}, "ok\n" if exists $ours{control};
        $acknowledged = 1;
    }
    if ($gone && $n <= 0) { last }
    if (!$gone && waitpid($qemu, WNOHANG) == $qemu) { $qemu_status = $?; $gone = 1 }
    my $spent = time - $started;
    if (!$ready && $spent > $boot_limit) { $reason = 'no boot' }
    # Everything CMD did is here; a host that does not manage to power off is no concern of CMD's.
    if (!$gone && $timeout && $spent > $timeout) { $reason = $acknowledged ? "exit $exit" : 'timeout' }
}

if (!$gone) {
    kill 'TERM', $qemu;
    for (1 .. 20) {
        if (waitpid($qemu, WNOHANG) == $qemu) { $gone = 1; last }
        select undef, undef, undef, 0.1;
    }
    if (!$gone) { kill 'KILL', $qemu; waitpid $qemu, 0 }
}
$reason //= defined $exit ? "exit $exit" : 'died ' . (WIFEXITED($qemu_status) ? WEXITSTATUS($qemu_status) : 'signal ' . WTERMSIG($qemu_status));
open(my $file, '>', $status_file) or die "$status_file: $!";
print $file "$reason\n";
