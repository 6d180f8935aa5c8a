/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of vhart, each with its options: for main.c, and for completions. Pure. */
#ifndef VHART_COMMAND_ROWS_H
#define VHART_COMMAND_ROWS_H

#include <stddef.h>

#include "base/options.h"

/* In the order in which they are shown. */
enum command {
	COMMAND_RUN,
	COMMAND_LIST,
	COMMAND_CTL,
	COMMAND_STAT,
	COMMAND_WATCH,
	COMMAND_TRACE,
	COMMAND_RECORD,
	COMMAND_REPORT,
	COMMAND_DIFF,
	COMMAND_SCRIPT,
	COMMAND_TEST,
	COMMAND_PROBE,
	COMMANDS
};

/* What an argument is that is not an option. */
enum command_operand {
	OPERAND_NONE,
	OPERAND_FILE,
	OPERAND_SCRIPT, /* a file; all behind it is the file's own */
	OPERAND_VERB,	/* a VM, a verb, and what that takes */
};

/* What follows "--". */
enum command_rest {
	REST_NONE,
	REST_COMMAND,	  /* of the guest */
	REST_RUN,	  /* "run" and its options */
	REST_RUN_OPTIONS, /* they alone */
	REST_FILES,
};

struct command_row {
	const char *name;
	const char *help; /* one line */
	const struct option_table *options;
	enum command_operand operand;
	enum command_rest rest;
};

extern const struct command_row command_rows[COMMANDS];

/* COMMANDS: there is none of this name. */
size_t command_row_find(const char *name);

#endif
