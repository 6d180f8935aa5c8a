/* SPDX-License-Identifier: Apache-2.0 */
/* Exits one by one, from the collector's rings to lines or a timeline. One thread. */
#ifndef VHART_TRACER_H
#define VHART_TRACER_H

#include <stdio.h>

#include "trace/lines/timeline.h"
#include "trace/lines/trace_options.h"
#include "trace/sources/collector.h"

/* A record, or an exit that is not over. */
struct tracer_item {
	struct exit_record record;
	uint32_t vcpu; /* the collector's index */
	enum trace_part part;
	uint8_t *text; /* NULL, or RECORD_LONG_TEXT bytes; owned */
};

struct tracer {
	struct trace_options *options;
	struct collector *collector;
	FILE *out;
	struct timeline *timeline; /* NULL: lines */
	uint64_t timebase;	   /* ticks of the time CSR in a second; 0: not known */
	/* The tracer's own, 0 at first. */
	uint64_t lines;
	uint64_t lost_told[EXIT_VCPUS];
	uint64_t begun[EXIT_VCPUS]; /* the exit whose beginning has a line */
	struct trace_clock clock;
	struct tracer_item *items;
	size_t count, room;
	bool full; /* options->count lines are written */
};

/* All that came up to now; with LAST, also what is still under way. False: errno. */
bool tracer_look(struct tracer *tracer, bool last);
void tracer_free(struct tracer *tracer);

#endif
