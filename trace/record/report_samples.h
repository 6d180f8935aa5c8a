/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of a recording, with their names. Pure. */
#ifndef VHART_REPORT_SAMPLES_H
#define VHART_REPORT_SAMPLES_H

#include "trace/record/report.h"

/* What REPORT's line is goes into its profile and its series, if it goes there. */
void report_take_sample(struct report *report);

#endif
