/* SPDX-License-Identifier: Apache-2.0 */
/* What the collector counted, as OpenMetrics text: `vhart stat --openmetrics`. Pure. */
#ifndef VHART_STAT_OPENMETRICS_H
#define VHART_STAT_OPENMETRICS_H

#include "trace/stat/stat_table.h"

/*
 * All of SAMPLE, which is no difference: counters go on from one text to the next. Of VIEW it takes
 * the names of VMs, how was counted, and what was lost. False: OUT takes no more.
 */
bool stat_openmetrics(FILE *out, const struct stat_view *view, const struct stat_sample *sample);

#endif
