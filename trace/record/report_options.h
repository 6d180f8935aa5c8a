/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart report`. Pure. */
#ifndef VHART_REPORT_OPTIONS_H
#define VHART_REPORT_OPTIONS_H

#include <stdbool.h>

#include "base/options.h"
#include "trace/guest/guest_names.h"
#include "trace/record/report_table.h"

struct report_options {
	const char *input;
	struct guest_names_options names;
	const char *guestmount;
	const char *flamegraph, *folded, *pprof, *html;
	struct report_view view;
	bool per_vcpu; /* flame graphs: a tower for each */
	bool no_pager;
};

extern const struct option_table report_options;

#endif
