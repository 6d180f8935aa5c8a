/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/collector_options.h"

const struct option_choice collector_tiers[] = {
	{"functions", TIER_FUNCTIONS},
	{"tracepoints", TIER_TRACEPOINTS},
	{"perf", TIER_PERF},
	{"log", TIER_LOG},
	{NULL, 0},
};
