/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run as one HTML file that needs nothing else: no request leaves it, which its own policy says
 * to the browser too. Pure: it writes what it is given. All text in it may be foreign, unless it is
 * said to be our own.
 */
#ifndef VHART_PAGE_H
#define VHART_PAGE_H

#include <stddef.h>
#include <stdio.h>

#include "trace/export/export.h"
#include "trace/page/page_lanes.h"
#include "trace/page/page_reasons.h"

/* A name and its value: "kernel", "/guests/linux/Image"; NULL: it is not shown. */
struct page_fact {
	const char *name, *value;
};

/* Something that was found odd: a line that says what, where and when, and why it is odd. */
struct page_finding {
	const char *headline;
	const char *seen, *why, *help; /* NULL: it is not shown */
};

/* A flame graph, with its own title, and words of our own below it. */
struct page_flames {
	const char *title;	 /* of the part; NULL: there is no such part */
	struct profile *profile; /* NULL: there are only the words */
	const struct export_options *options;
	const char *words;
};

struct page {
	const char *title, *subtitle;
	const struct page_fact *facts;
	size_t facts_count;
	bool judged; /* whether findings were looked for: else there is no such part */
	const struct page_finding *findings;
	size_t findings_count;
	const struct page_lanes *vcpus; /* NULL: there is no such part, as below */
	const struct page_lanes *rates;
	const struct page_reasons *reasons;
	struct page_flames flames;
};

/* 0, or a negative error number as the exports have it (export.h). */
int page_write(const struct page *page, FILE *to);

#endif
