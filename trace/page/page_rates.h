/* SPDX-License-Identifier: Apache-2.0 */
/* Exits a second as lanes: all together, and by reason those that there are most of. Pure. */
#ifndef VHART_PAGE_RATES_H
#define VHART_PAGE_RATES_H

#include <stdbool.h>

#include "trace/page/page_lanes.h"

#define PAGE_RATES 12u

struct page_rates_source {
	uint64_t from; /* as page_lanes has them */
	const uint64_t *ends;
	size_t columns;
	size_t reasons;
	/* What REASON is called, in OUT, and how many exits it has in COLUMN. */
	void (*name)(const void *opaque, size_t reason, char *out, size_t size);
	uint64_t (*exits)(const void *opaque, size_t reason, size_t column);
	const void *opaque;
};

/* The lanes are of this, and of the source. It does not move. */
struct page_rates {
	struct page_lanes lanes;
	struct page_rates_source source;
	struct page_lane rates[PAGE_RATES];
	size_t reasons[PAGE_RATES];
};

/* False: no memory. */
bool page_rates_make(struct page_rates *rates, const struct page_rates_source *source);

#endif
