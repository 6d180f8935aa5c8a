/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart watch`. Pure. */
#ifndef VHART_WATCH_OPTIONS_H
#define VHART_WATCH_OPTIONS_H

#include <stdbool.h>

#include "base/options.h"
#include "trace/findings/wishes.h"
#include "trace/guest/guest_names.h"
#include "trace/sources/collector_options.h"
#include "trace/watch/target.h"

struct watch_options {
	struct finding_wishes wishes; /* first */
	struct target target;
	double interval; /* seconds; 0: FINDINGS_INTERVAL */
	bool json;	 /* also on a terminal */
	enum collector_tier tier;
	struct guest_names_options kernel_names;
	const char *baseline;	 /* a file of `vhart stat --save`; NULL: none */
	const char *on_finding;	 /* for sh; NULL: nothing is run */
	const char *openmetrics; /* "FILE" or "unix=PATH"; NULL: not asked for */
};

extern const struct option_table watch_options;

/* Whether options go together that are each fine for themselves. False after error(). */
bool watch_options_agree(const struct watch_options *options);

#endif
