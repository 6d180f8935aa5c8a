/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits of KVM's vCPUs, where BPF cannot be had: perf events at KVM's tracepoints, a ring for each
 * CPU. Takes CAP_PERFMON or kernel.perf_event_paranoid=-1, and a tracefs that can be read. One
 * thread.
 */
#ifndef VHART_PERF_SOURCE_H
#define VHART_PERF_SOURCE_H

#include "trace/sources/perf_fold.h"

struct perf_source;

/* Why there is none. */
struct perf_refusal {
	char why[160];
	const char *way_out;
};

/* Watches as RULES say (not their `number`) from now on, into COUNTS, as perf_fold_new() does.
 * NULL with REFUSAL filled. */
struct perf_source *perf_source_open(const struct perf_fold_rules *rules,
				     struct exit_counts *counts, struct perf_refusal *refusal);
void perf_source_close(struct perf_source *source);

/* Counts what came up to now. */
void perf_source_poll(struct perf_source *source);
/* Up to when that is. */
uint64_t perf_source_until(const struct perf_source *source);
/* Readable, for poll(), when a ring should be emptied. */
int perf_source_fd(const struct perf_source *source);

const struct perf_fold *perf_source_fold(const struct perf_source *source);
/* Events that are missing: nobody emptied the rings in time. */
uint64_t perf_source_lost(const struct perf_source *source);

#endif
