/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines. One table per command names its options; the parser and --help both work from it.
 */
#ifndef VHART_OPTIONS_H
#define VHART_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/suggest.h"

struct option_spec {
	const char *name;  /* "--memory" */
	const char *value; /* its value in --help, "SIZE"; NULL: the option takes none */
	bool repeatable;
	const char *help; /* lines after the first are indented to the first */
	/* Stores VALUE (NULL where there is none; the argument itself, which may be cut up) in
	 * TARGET. NULL: fine, else words that say what was expected. */
	const char *(*parse)(char *value, void *target);
};

/* A short name: {"-p", "--pid"}. */
struct option_letter {
	const char *letter, *name;
};

#define OPTIONS_MAX 64 /* in one table */

struct option_table {
	const char *command; /* "run" */
	const char *usage;   /* "[options] --kernel FILE" */
	const char *summary; /* one sentence */
	const struct option_spec *specs;
	size_t count;
	/* Takes an argument that is not an option, as parse above does. NULL: there are none. */
	const char *(*operand)(char *value, void *target);
	const struct option_letter *letters; /* ended by {NULL, NULL}; NULL: there are none */
	const struct other_name
		*other_names; /* of other programs, for "did you mean"; NULL: none */
};

/*
 * Reads ARGV (ARGV[0] is the command itself) into TARGET: "--opt VALUE", "--opt=VALUE"; after "--"
 * everything is an operand. 0, or STATUS_USAGE after one error() line. With --help or -h anywhere,
 * the help goes to standard output, *HELP becomes true, and nothing after it is read.
 */
int options_read(const struct option_table *table, int argc, char **argv, void *target, bool *help);

/* For parse functions. SIZE: digits and one of K, M, G, T. False: not of this form, or too big. */
bool option_size(const char *text, uint64_t *bytes);
/* Decimal digits only, at most MAX. */
bool option_number(const char *text, uint64_t max, uint64_t *number);
/* Seconds: digits, perhaps with a fraction; more than 0. */
bool option_seconds(const char *text, double *seconds);
/* The index of TEXT among the COUNT CHOICES, or -1. */
int option_choice(const char *text, const char *const *choices, size_t count);

#endif
