/* SPDX-License-Identifier: Apache-2.0 */
/* A history as lanes of a page: the states of each vCPU, and the exits a second by reason. Pure. */
#ifndef VHART_STAT_PAGE_LANES_H
#define VHART_STAT_PAGE_LANES_H

#include "trace/exits/exit_sample.h"
#include "trace/page/page_lanes.h"
#include "trace/page/page_rates.h"
#include "trace/stat/stat_history.h"
#include "trace/stat/stat_view.h"

#define STAT_PAGE_VCPUS 64u

/* The lanes are of this, and of the history. It does not move. */
struct stat_page_lanes {
	struct page_lanes vcpus;
	struct page_rates rates;
	/* Of their own. */
	const struct stat_history *history;
	uint64_t ends[STAT_HISTORY_COLUMNS];
	struct page_lane vcpu_lanes[STAT_PAGE_VCPUS];
	uint32_t vcpu_indices[STAT_PAGE_VCPUS];
};

/* COUNTS are of all the time of HISTORY. False: no memory. */
bool stat_page_lanes(struct stat_page_lanes *lanes, const struct stat_history *history,
		     const struct stat_view *view, const struct stat_sample *counts);

#endif
