/* SPDX-License-Identifier: Apache-2.0 */
/* A command line in one text, as words. Pure. */
#ifndef VHART_WORDS_H
#define VHART_WORDS_H

#include <stddef.h>

#define WORDS_MAX 512u

/*
 * Cuts TEXT up in place: words are apart by white space; single and double quotes keep it, and a
 * backslash what follows. WORDS gets at most WORDS_MAX of them. How many there are; -1: a quote
 * does not end, or there are too many.
 */
int words_split(char *text, char *words[WORDS_MAX]);

#endif
