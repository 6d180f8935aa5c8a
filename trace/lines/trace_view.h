/* SPDX-License-Identifier: Apache-2.0 */
/* How lines of single exits are to look: what trace_format.h and trace_json.h share. */
#ifndef VHART_TRACE_VIEW_H
#define VHART_TRACE_VIEW_H

#include <stdbool.h>

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

#endif
