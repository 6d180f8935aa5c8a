/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart report` prints. Pure. */
#ifndef VHART_REPORT_TABLE_H
#define VHART_REPORT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/report.h"

/* What rows are told apart by; the first two also by the exit, where exits were recorded. */
enum report_by { REPORT_BY_SYMBOL, REPORT_BY_PC, REPORT_BY_VCPU, REPORT_BY_EXIT };

/* With columns as perf report's, or an object a line. False with errno: no memory, or OUT takes no
 * more. */
bool report_print(FILE *out, const struct report *report, enum report_by by, bool json);

#endif
