/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits of KVM's vCPUs, where BPF cannot be had: perf events at KVM's tracepoints, a ring for each
 * CPU. Takes CAP_PERFMON or kernel.perf_event_paranoid=-1, and a tracefs that can be read. One
 * thread.
 */
#ifndef VHART_PERF_SOURCE_H
#define VHART_PERF_SOURCE_H

#include "trace/sources/exit_source.h"
#include "trace/sources/perf_fold.h"

struct perf_source;

/* Why there is none. */
struct perf_refusal {
	char why[160];
	const char *way_out;
};

extern const struct exit_source perf_source_ops;

/* Watches as RULES say (not their `number`) from now on, as perf_fold_new() does. NULL with REFUSAL
 * filled. */
struct perf_source *perf_source_open(const struct perf_fold_rules *rules,
				     struct perf_refusal *refusal);

/* Of as many vCPUs as RULES have. */
struct exit_counts *perf_source_counts(const struct perf_source *source);

#endif
