/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart report` prints. Pure. */
#ifndef VHART_REPORT_TABLE_H
#define VHART_REPORT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/record/report_rows.h"

struct report_view {
	enum report_by by;
	bool json;
	bool only_self; /* not what functions took with all that they called, where chains say it */
	uint64_t limit; /* rows at most; 0: all */
};

/* With columns as perf report's, or an object a line. False with errno: no memory, or OUT takes no
 * more. */
bool report_print(FILE *out, const struct report *report, const struct report_view *view);

#endif
