/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart diff`. Pure. */
#ifndef VHART_DIFF_OPTIONS_H
#define VHART_DIFF_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "trace/diff/diff_compare.h"

#define DIFF_FILES 64u /* of a side */

struct diff_options {
	const char *files[2][DIFF_FILES]; /* before and after */
	size_t counts[2];
	bool apart; /* "--" stood between them */
	struct diff_rules rules;
	bool json;
	const char *flamegraph; /* a file; NULL: none */
};

extern const struct option_table diff_options;

/* Puts the second of two files where it belongs. False after error(): a side has none. */
bool diff_options_agree(struct diff_options *options);

#endif
