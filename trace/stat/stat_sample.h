/* SPDX-License-Identifier: Apache-2.0 */
/* What the collector counted so far, copied at one moment for the table (stat_table.h). */
#ifndef VHART_STAT_SAMPLE_H
#define VHART_STAT_SAMPLE_H

#include "trace/sources/collector.h"
#include "trace/stat/stat_table.h"

/* Room for all. False: no memory. */
bool stat_sample_new(struct stat_sample *sample);
void stat_sample_free(struct stat_sample *sample);

/* False: no memory for the keys. */
bool stat_sample_take(struct stat_sample *sample, const struct collector *collector, bool keyed);
bool stat_sample_copy(struct stat_sample *to, const struct stat_sample *from);

#endif
