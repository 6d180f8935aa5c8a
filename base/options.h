/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines. One table per command names its options; the parser, --help, files of options and
 * completions all work from it.
 */
#ifndef VHART_OPTIONS_H
#define VHART_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/option_spec.h"
#include "base/option_words.h"
#include "base/suggest.h"

/* Rows that several commands have, for a struct that lies OFFSET bytes within each one's own. */
struct option_rows {
	const struct option_spec *specs;
	size_t count;
	size_t offset;
};

#define OPTIONS_MAX 64 /* in one table */

struct option_table {
	const char *command;	   /* "run" */
	const char *usage;	   /* "[options] --kernel FILE" */
	const char *summary;	   /* one sentence */
	struct option_rows shared; /* these come first */
	const struct option_spec *specs;
	size_t count;
	/* Takes an argument that is not an option, as parse of option_spec.h does. NULL: there are
	 * none. */
	const char *(*operand)(char *value, void *target);
	/* Takes all that stands behind "--", COUNT words at WORDS. NULL: they are operands. */
	const char *(*rest)(char **words, int count, void *target);
	const struct other_name
		*other_names; /* of other programs, for "did you mean"; NULL: none */
};

#define OPTION_NAME_MAX	 64
#define OPTION_WHERE_MAX 256

/* One source of options that is read into TARGET: a command line, or a file (option_file.h). */
struct option_reading {
	const struct option_table *table;
	void *target;
	bool seen[OPTIONS_MAX];
	const char *folder; /* of relative paths; NULL: they stay as they are */
	/* What was taken is added here, and paths that are changed are kept; NULL: nobody asks. */
	struct option_words *words;
	char where[OPTION_WHERE_MAX]; /* in front of messages: "", or "FILE:7: " */
};

/*
 * Reads ARGV (ARGV[0] is the command itself) into TARGET: "--opt VALUE", "--opt=VALUE"; after "--"
 * everything is an operand, or the table's rest(). 0, or STATUS_USAGE after one error() line. With
 * --help or -h anywhere, the help goes to standard output, *HELP becomes true, and nothing after it
 * is read.
 */
int options_read(const struct option_table *table, int argc, char **argv, void *target, bool *help);
/* The same with more to say; */
int options_read_more(struct option_reading *reading, int argc, char **argv, bool *help);

/* Takes the option NAME with VALUE (NULL: none was given), or all that stands behind "--". 0, or
 * STATUS_USAGE after one error() line. */
int options_take(struct option_reading *reading, const char *name, char *value);
int options_take_rest(struct option_reading *reading, char **words, int count);

/*
 * The last value that ARGV gives the option NAME in front of "--", if it is "--help" or -h or
 * another that takes none, NAME itself; NULL: it is not given, or its value is missing.
 */
const char *options_peek(const struct option_table *table, int argc, char **argv, const char *name);

/* The row INDEX, those that are shared first; NULL: there are no more. */
const struct option_spec *option_at(const struct option_table *table, size_t index);
/* The row whose name or letter is the LEN bytes at NAME; NULL: there is none. */
const struct option_spec *option_find(const struct option_table *table, const char *name,
				      size_t len);

#endif
