/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart trace`. */
#ifndef VHART_TRACE_OPTIONS_H
#define VHART_TRACE_OPTIONS_H

#include "base/options.h"
#include "trace/lines/trace_format.h"
#include "trace/sources/collector.h"
#include "trace/sources/vms.h"
#include "trace/watch/target.h"

struct trace_options {
	struct target target;
	uint32_t classes;  /* 0: not said */
	bool paths;	   /* lcofi is one that was said: those of samples are shown */
	uint64_t vcpus[2]; /* those that are shown, a bit each by number; none: all */
	bool summary, only_summary, errors;
	enum collector_tier tier;
	uint64_t than;	 /* ns: only exits that took longer */
	uint64_t count;	 /* lines; 0: no limit */
	uint32_t string; /* bytes shown of what a guest writes */
	uint64_t buffer; /* bytes of the rings; 0: as usual */
	const char *output;
	const char *perfetto;
	struct trace_view view;
	struct vm_names names;
};

extern const struct option_table trace_options;

/* options_read() and what it does not see. 0 or STATUS_USAGE. */
int trace_read_options(int argc, char **argv, struct trace_options *options, bool *help);

bool trace_shows_vcpu(const struct trace_options *options, uint32_t vcpu);

#endif
