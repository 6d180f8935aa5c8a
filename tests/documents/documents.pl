#!/usr/bin/perl
# documents.pl FILE.md...: holds documents to the tree. Links go to files that are there; so do `paths` in docs/; and in
# docs/ a `function()` is in the file that was named last before it in its paragraph. One line for each that is not.
use strict;
use warnings;
use File::Basename;

my $wrong = 0;

sub complain {
    print "@_\n";
    $wrong = 1;
}

sub text_of {
    my ($name) = @_;
    open(my $file, '<', $name) or die "$name: $!\n";
    local $/;
    return scalar <$file>;
}

sub check_links {
    my ($document, $text) = @_;
    my $folder = dirname($document);
    while ($text =~ /\]\(([^)#\s]+)/g) {
        next if $1 =~ /^[a-z]+:/;
        complain("$document links to $1, which is not there") unless -e "$folder/$1";
    }
}

# A path is a room and what is in it: base/, sbi/pmu.c.
sub check_paragraph {
    my ($document, $paragraph) = @_;
    my $file;
    while ($paragraph =~ /`([^`\n]+)`/g) {
        my $word = $1;
        if ($word =~ m,^[a-z-]+/[a-zA-Z0-9_./-]*$,) {
            $file = $word;
            complain("$document names $word, which is not there") unless -e $word;
        } elsif ($word =~ /^([a-z_0-9]+)\(\)$/) {
            my $function = $1;
            if (!defined $file) {
                complain("$document names $function() and no file before it");
            } elsif (-f $file && text_of($file) !~ /\b$function\b/) {
                complain("$document names $function(), which is not in $file");
            }
        }
    }
}

for my $document (@ARGV) {
    my $text = text_of($document);
    check_links($document, $text);
    next unless $document =~ m,(^|/)docs/,;
    check_paragraph($document, $_) for split /\n\s*\n/, $text;
}
exit $wrong;
