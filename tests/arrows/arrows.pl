#!/usr/bin/perl
# usage: arrows.pl DRAWING <FILES: holds the includes of the C FILES, named on standard input, to the drawing in DRAWING.
#
# The drawing is what DRAWING has of lines like these, indented by four:
#
#     base <- pmu <- sbi             rooms: one includes only itself and those before it
#     trace: exits <- names <- stat  the same of a room's folders; in the room itself a header without a
#                                    .c lies below them, any other file above
#     guest-images -> base, pmu      a room outside of that order, and all that it includes
#
# And no circle: of foo.c with its foo.h, and others. And foo.c includes its foo.h first, so that this is seen to need
# nothing before it. Each fault is a line that names the file and the rule.
use strict;
use warnings;

my (%floor, %folders, %beside);
open my $drawing, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
while (<$drawing>) {
    if (/^    ([\w-]+(?: <- [\w-]+)+)$/) {
        my @rooms = split / <- /, $1;
        @floor{@rooms} = 0 .. $#rooms;
    } elsif (/^    ([\w-]+): ([\w-]+(?: <- [\w-]+)+)$/) {
        my @order = split / <- /, $2;
        @{$folders{$1}}{@order} = 1 .. @order;
    } elsif (/^    ([\w-]+) -> ([\w-]+(?:, [\w-]+)*)$/) {
        $beside{$1} = {map { $_ => 1 } $1, split /, /, $2};
    }
}
die "$ARGV[0] has no drawing\n" unless %floor;

chomp(my @files = grep { /\.[chS]$/m } <STDIN>);
my %known = map { $_ => 1 } @files;
my ($faults, %uses) = (0);

sub fault { print "$_[0]\n"; $faults++ }
sub room { $_[0] =~ m{^([^/]+)/} ? $1 : '' }
sub unit { $_[0] =~ s/\.[chS]$//r }

# Where FILE lies among the folders of its room. undef: the drawing does not have its folder.
sub level {
    my ($file, $order) = @_;
    return $order->{$1} if $file =~ m{^[^/]+/([^/]+)/};
    return $file =~ /\.h$/ && !$known{unit($file) . '.c'} ? 0 : 1 + keys %$order;
}

sub hold {
    my ($from, $to) = @_;
    my ($a, $b) = (room($from), room($to));
    if ($beside{$a}) {
        fault("$from includes $to: $a includes nothing of $b") unless $beside{$a}{$b};
    } elsif (defined $floor{$a} && $a ne $b) {
        if (!defined $floor{$b}) { fault("$from includes $to: $b is no room of the drawing") }
        elsif ($floor{$b} > $floor{$a}) { fault("$from includes $to: $a comes before $b") }
    } elsif ($a eq $b && $folders{$a}) {
        my ($high, $low) = (level($from, $folders{$a}), level($to, $folders{$a}));
        if (!defined $high) { fault("$from: the drawing does not have its folder") }
        elsif (defined $low && $low > $high) { fault("$from includes $to: its folder comes before that one's") }
    }
}

for my $file (@files) {
    open my $text, '<', $file or die "$file: $!\n";
    my $own = $file =~ /\.c$/ && $file !~ /\.bpf\.c$/ ? unit($file) . '.h' : '';
    my $first = 1;
    while (<$text>) {
        next unless /^\s*#\s*include\s+([<"])([^">]+)[">]/;
        my $to = $2;
        fault("$file: $own is not the first that it includes") if $to eq $own && !$first;
        $first = 0;
        next if $1 eq '<';
        # A skeleton is made of the program of its name.
        $to =~ s/\.skel\.h$/.bpf.c/;
        next unless $known{$to};
        hold($file, $to);
        $uses{unit($file)}{unit($to)} = 1 if unit($file) ne unit($to);
    }
}

# Tarjan's strongly connected components; those of more than one are circles.
my ($count, %index, %low, %on, @stack) = (0);
sub visit {
    my ($unit) = @_;
    $index{$unit} = $low{$unit} = $count++;
    push @stack, $unit;
    $on{$unit} = 1;
    for my $next (sort keys %{$uses{$unit} || {}}) {
        if (!defined $index{$next}) {
            visit($next);
            $low{$unit} = $low{$next} if $low{$next} < $low{$unit};
        } elsif ($on{$next} && $index{$next} < $low{$unit}) {
            $low{$unit} = $index{$next};
        }
    }
    return if $low{$unit} != $index{$unit};
    my @circle;
    do { push @circle, pop @stack; $on{$circle[-1]} = 0 } until $circle[-1] eq $unit;
    fault('a circle: ' . join(', ', sort @circle)) if @circle > 1;
}
no warnings 'recursion';
for my $unit (sort keys %uses) { visit($unit) unless defined $index{$unit} }
exit($faults > 0);
