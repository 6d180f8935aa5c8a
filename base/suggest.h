/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": the word of ours that is nearest to one that is not. Pure. */
#ifndef VHART_SUGGEST_H
#define VHART_SUGGEST_H

#include <stddef.h>

/* Zero but for the word; ours are offered one by one. */
struct suggestion {
	const char *word;
	const char *best;
	size_t distance;
};

/*
 * Keeps OURS if it is nearer than all before: the same but for dashes in front, then what the word
 * is the beginning of, then what a few slips of the keyboard make of it.
 */
void suggest_offer(struct suggestion *suggestion, const char *ours);

/* What other programs call a thing: either what is ours, or words that say how it is here. */
struct other_name {
	const char *name, *ours, *words;
};

/* The row of NAME in ROWS, which end with a name of NULL (NULL: no rows); NULL: there is none. */
const struct other_name *other_name_find(const struct other_name *rows, const char *name);

#endif
