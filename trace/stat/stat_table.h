/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart stat` shows, from what the collector counted: pure. */
#ifndef VHART_STAT_TABLE_H
#define VHART_STAT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "trace/stat/stat_times.h"
#include "trace/stat/stat_view.h"

/* SAMPLE is a difference; WALL is how long it took, ns. False: no memory, or OUT takes no more. */
bool stat_print(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		uint64_t wall);

#endif
