/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart stat`. Pure. */
#ifndef VHART_STAT_OPTIONS_H
#define VHART_STAT_OPTIONS_H

#include <stdbool.h>

#include "base/options.h"
#include "trace/findings/wishes.h"
#include "trace/guest/guest_names.h"
#include "trace/sources/collector_options.h"
#include "trace/stat/stat_table.h"
#include "trace/watch/target.h"

struct stat_options {
	struct finding_wishes wishes; /* first */
	struct target target;
	double interval; /* seconds, 0: none */
	bool once, json, csv;
	bool findings;
	enum collector_tier tier;
	struct guest_names_options kernel_names;
	const char *output;
	const char *openmetrics; /* "FILE" or "unix=PATH"; NULL: not asked for */
	const char *save;	 /* a file for `vhart diff`; NULL: none */
	const char *html;	 /* a file for a page; NULL: none */
	struct stat_view view;
};

extern const struct option_table stat_options;

/* Whether options go together that are each fine for themselves, some of which imply others. False
 * after error(). */
bool stat_options_agree(struct stat_options *options);

#endif
