/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completions for shells, from the tables that the program itself reads: commands, options, their
 * values, verbs. The shells' files (completions/) only pass words here and show what comes back, so
 * that they say the same as the program, of whatever version it is. Pure.
 *
 * What comes back is lines: "WORD", or "WORD<tab>HELP". A word that ends in '=', ',' or ':' wants
 * more behind it. Two lines are no words: ":files LEAD" and ":folders LEAD" ask the shell for paths
 * of its own, behind LEAD, which is the beginning of what is typed (and may be nothing). A word
 * that such a line cannot carry (a tab or a line's end in it, or a ':' first) is not completed.
 */
#ifndef VHART_COMPLETE_H
#define VHART_COMPLETE_H

#include <stddef.h>
#include <stdio.h>

#include "vmm/complete_sources.h"

/* Writes to OUT what the last of the COUNT words at WORDS can become. They are those behind the
 * program's name. */
void complete(char *const *words, size_t count, const struct complete_sources *sources, FILE *out);

/* `vhart complete -- WORD...`, on standard output. An exit status. */
int complete_command(int argc, char **argv, const struct complete_sources *sources);

#endif
