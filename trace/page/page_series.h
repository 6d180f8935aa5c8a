/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a page shows, added up as it comes: samples by vCPU in columns of time, and what each reason
 * of exits took. However long the run is, it holds a bounded number of each. Pure.
 */
#ifndef VHART_PAGE_SERIES_H
#define VHART_PAGE_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"
#include "trace/page/page_lanes.h"
#include "trace/page/page_rates.h"
#include "trace/page/page_reasons.h"

enum {
	PAGE_COLUMNS = 600,
	PAGE_VCPUS = 64,
	PAGE_REASONS = 64, /* the last of which is all others */
	PAGE_RATE_COLUMNS = 512,
};

enum page_mode { PAGE_KERNEL, PAGE_USER, PAGE_MODES };

struct page_vcpu {
	char label[96]; /* "": its number */
	uint64_t layers[PAGE_COLUMNS][PAGE_MODES];
};

/* Of a reason, beside its row. */
struct page_when {
	uint32_t columns[PAGE_RATE_COLUMNS]; /* exits */
	uint32_t buckets[EXIT_BUCKETS];
};

struct page_series {
	uint64_t from, until;	 /* ns */
	struct page_vcpu *vcpus; /* PAGE_VCPUS */
	uint32_t vcpus_count;	 /* the highest number that came, and one */
	uint64_t more_vcpus;	 /* how many others there are at least */
	struct page_reason *reasons;
	uint32_t reasons_count;
	struct page_when *when;	       /* as long as reasons */
	uint64_t rate_from, rate_step; /* ns, of their columns: all have the same */
	uint32_t rate_columns;
};

/* FROM <= UNTIL. False: no memory. */
bool page_series_begin(struct page_series *series, uint64_t from, uint64_t until);
void page_series_free(struct page_series *series);

/* What VCPU is called instead of its number. */
void page_series_name(struct page_series *series, uint64_t vcpu, const char *label);
/* COUNT samples of the guest in MODE. Times outside of the range count at its ends. */
void page_series_sample(struct page_series *series, uint64_t time, uint64_t vcpu,
			enum page_mode mode, uint64_t count);
/* COUNT exits for REASON, which took NS together, of which the VMM took VMM_NS. */
void page_series_exit(struct page_series *series, const char *reason, uint64_t count, uint64_t ns,
		      uint64_t vmm_ns);

/* When exits for REASON came, and how long they took. */
struct page_times {
	const char *reason;
	uint64_t from, step; /* ns */
	const uint32_t *columns;
	size_t columns_count;	 /* at most PAGE_RATE_COLUMNS */
	const uint32_t *buckets; /* EXIT_BUCKETS */
	uint64_t p50, p99, max;	 /* ns */
};
/* It is left out where the reason is among all others, or its columns are not those of the first.
 */
void page_series_times(struct page_series *series, const struct page_times *times);

/* The exits as lanes, which are of SERIES and RATES themselves. False: no memory. */
struct page_series_rates {
	struct page_rates rates;
	uint64_t ends[PAGE_RATE_COLUMNS];
};
bool page_series_rates(const struct page_series *series, struct page_series_rates *rates);

/* The samples as lanes, which are of SERIES and LANES themselves. */
struct page_series_lanes {
	struct page_lanes lanes;
	const struct page_series *series;
	struct page_lane vcpus[PAGE_VCPUS];
	uint64_t ends[PAGE_COLUMNS];
};
void page_series_lanes(const struct page_series *series, struct page_series_lanes *lanes);

#endif
