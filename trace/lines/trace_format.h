/* SPDX-License-Identifier: Apache-2.0 */
/* Exits one by one as lines, in the manner of strace, or as JSON: pure. */
#ifndef VHART_TRACE_FORMAT_H
#define VHART_TRACE_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/names/exit_record.h"

enum trace_time { TIME_RELATIVE, TIME_SINCE_LAST, TIME_OF_DAY, TIME_MONOTONIC };

struct trace_view {
	enum trace_time time;
	bool durations; /* -T */
	bool names;	/* several VMs: their names in front */
	bool json;
	uint64_t start;	   /* CLOCK_MONOTONIC, ns: what times are relative to */
	uint64_t last;	   /* when the line before came; kept here */
	uint64_t realtime; /* CLOCK_REALTIME when CLOCK_MONOTONIC was 0 */
	/* What is at a guest physical address, or at a guest pc. False: not known. NULL: never. */
	bool (*device)(void *opaque, uint32_t pid, uint64_t address, char *out, size_t size);
	bool (*symbol)(void *opaque, uint32_t pid, uint64_t pc, char *out, size_t size);
	void *opaque;
};

/*
 * Which part of an exit a line is about: one that others came in between of has two, as in strace:
 * "wfi <unfinished ...>" and "wfi <... resumed>". In JSON TRACE_BEGIN says that it is not over.
 */
enum trace_part { TRACE_WHOLE, TRACE_BEGIN, TRACE_END };

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
