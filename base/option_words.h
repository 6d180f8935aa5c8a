/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was given of a command's options, in the order in which it counts: a file of --config first,
 * then the command line, which replaces what is given once. Pure.
 */
#ifndef VHART_OPTION_WORDS_H
#define VHART_OPTION_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/option_spec.h"

struct option_word {
	const struct option_spec *spec;
	char *value; /* NULL: it takes none */
};

/* Zero at first. All strings are malloc, and live until option_words_free(). */
struct option_words {
	struct option_word *all;
	size_t count;
	char **rest; /* what stands behind "--" */
	size_t rest_count;
	bool has_rest;
	char **kept; /* strings that somebody points into */
	size_t kept_count;
	bool failed; /* there was no memory */
};

void option_words_free(struct option_words *words);

/* SPEC was given VALUE (NULL: none). */
void option_words_add(struct option_words *words, const struct option_spec *spec,
		      const char *value);
/* Behind "--" are these COUNT words and no others. */
void option_words_set_rest(struct option_words *words, char *const *rest, size_t count);
/* Frees TEXT (malloc; NULL counts as no memory) with the words, and returns it. */
char *option_words_keep(struct option_words *words, char *text);

/*
 * VALUE of SPEC with its path, where that is relative, as seen from FOLDER ("" or "/a/b/"); malloc,
 * NULL without memory.
 */
char *option_value_in(const struct option_spec *spec, const char *value, const char *folder);

/*
 * Writes them as a file of --config that says the same from any folder, if this process's is
 * FOLDER. False after error(): a file cannot hold one of them.
 */
bool option_words_print(const struct option_words *words, const char *folder, FILE *to);

/*
 * The same as words of a command line, behind PROGRAM and COMMAND: NULL-terminated, in one piece of
 * memory (free()). NULL: there is none.
 */
char **option_words_arguments(const struct option_words *words, const char *program,
			      const char *command);

#endif
