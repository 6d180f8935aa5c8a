/* SPDX-License-Identifier: Apache-2.0 */
/* Exits one by one as lines, in the manner of strace, or as JSON: pure. */
#ifndef VHART_TRACE_FORMAT_H
#define VHART_TRACE_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/lines/trace_view.h"

/* Before all others: WAY is how exits are seen, RESOLUTION that of the clock, ns. */
void trace_print_header(FILE *out, const struct trace_view *view, const char *way,
			uint64_t resolution);

/* Something came at WHEN that is to be shown, before VIEW's clock was read perhaps: times are
 * relative to the first of them. Before the first line. */
void trace_begin_at(struct trace_view *view, uint64_t when);

/* A line for EXIT. TRACE_BEGIN of what never ends says how long it took so far (record->ns). */
void trace_print(FILE *out, struct trace_view *view, const struct trace_exit *exit,
		 enum trace_part part);

/* LOST records of this vCPU are missing here; nothing where there are none. */
void trace_print_lost(FILE *out, const struct trace_view *view, const struct trace_who *who,
		      uint64_t lost);

#endif
