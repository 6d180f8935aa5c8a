/* SPDX-License-Identifier: Apache-2.0 */
/* Exits one by one as lines, in the manner of strace: pure. */
#ifndef VHART_TRACE_FORMAT_H
#define VHART_TRACE_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/exits_map.h"

enum trace_time { TIME_RELATIVE, TIME_SINCE_LAST, TIME_MONOTONIC };

struct trace_view {
	enum trace_time time;
	bool durations; /* -T */
	bool names;	/* several VMs: their names in front */
	bool json;
	uint64_t start; /* CLOCK_MONOTONIC, ns: what times are relative to */
	uint64_t last;	/* when the line before came; kept here */
	/* What is at a guest physical address, or at a guest pc. False: not known. NULL: never. */
	bool (*device)(void *opaque, uint32_t pid, uint64_t address, char *out, size_t size);
	bool (*symbol)(void *opaque, uint32_t pid, uint64_t pc, char *out, size_t size);
	void *opaque;
};

/* Who made the exit. */
struct trace_who {
	const char *vm;
	uint32_t pid, vcpu;
};

/* A line for RECORD, and one before it where records are missing. */
void trace_print(FILE *out, struct trace_view *view, const struct trace_who *who,
		 const struct exit_record *record);

/* Only the line for LOST missing records, behind the last one. */
void trace_print_lost(FILE *out, const struct trace_view *view, const struct trace_who *who,
		      uint64_t lost);

/* Whether the call of RECORD came back with an error. */
bool trace_failed(const struct exit_record *record);

#endif
