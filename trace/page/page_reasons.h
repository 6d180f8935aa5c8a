/* SPDX-License-Identifier: Apache-2.0 */
/* Exits by their reason: tables, and a map of how long they took. Pure. */
#ifndef VHART_PAGE_REASONS_H
#define VHART_PAGE_REASONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PAGE_REASON_NAME 96u

struct page_reason {
	char name[PAGE_REASON_NAME]; /* as it came: not yet fit to be shown */
	uint64_t count, ns, vmm_ns;
	const uint32_t *buckets; /* EXIT_BUCKETS: how long they took; NULL: not known */
	uint64_t p50, p99, max;	 /* ns, where the buckets are known */
};

struct page_reasons {
	const struct page_reason *reasons;
	size_t count;
	const char *none;    /* our own words: why there are none */
	const char *no_heat; /* and why it is not known how long each took */
};

void page_reasons_write(const struct page_reasons *reasons, FILE *to);

/* ---- its parts ---- */

/* The most expensive first, those whose names begin with PREFIX, into ORDER, as long as the reasons
 * are: how many. */
size_t page_reasons_order(const struct page_reasons *reasons, const char *prefix,
			  const struct page_reason **order);
/* Of those in ORDER, how many took how long, both by a log scale. */
void page_heat_write(const struct page_reason *const *order, size_t count, FILE *to);

#endif
