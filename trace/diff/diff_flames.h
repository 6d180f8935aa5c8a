/* SPDX-License-Identifier: Apache-2.0 */
/* What changed between recordings, as a flame graph. Pure. */
#ifndef VHART_DIFF_FLAMES_H
#define VHART_DIFF_FLAMES_H

#include <stdio.h>

#include "trace/diff/diff_compare.h"

/* SIDES are of recordings. 0, or a negative error number as the exports have it (export.h). */
int diff_flames(const struct diff_rules *rules, const struct diff_side sides[2], FILE *to);

#endif
