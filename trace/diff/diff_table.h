/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart diff` prints. Pure. */
#ifndef VHART_DIFF_TABLE_H
#define VHART_DIFF_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/diff/diff_compare.h"

/* As a table, and one of KEYS, which are DIFF_OF_KEYS (NULL: none), or an object a line. False: OUT
 * takes no more. */
bool diff_print(FILE *out, const struct diff *all, const struct diff *keys,
		const struct diff_rules *rules, const struct diff_side sides[2], bool json);

#endif
