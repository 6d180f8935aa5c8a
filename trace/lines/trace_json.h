/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of trace_format.h as JSON, an object each: "type" is trace, exit, unfinished or lost.
 * Times are ns; registers and addresses are strings "0x...", as JSON's readers keep 53 bits of a
 * number.
 */
#ifndef VHART_TRACE_JSON_H
#define VHART_TRACE_JSON_H

#include <stdio.h>

#include "trace/lines/trace_view.h"

#define TRACE_JSON_VERSION 1

void trace_json_header(FILE *out, const char *way, uint64_t resolution);
void trace_json(FILE *out, const struct trace_view *view, const struct trace_exit *exit,
		enum trace_part part);
void trace_json_lost(FILE *out, const struct trace_who *who, uint64_t lost);

#endif
