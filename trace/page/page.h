/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run as one HTML file that needs nothing else: no request leaves it, which its own policy says
 * to the browser too. Pure: it writes what it is given. All text in it may be foreign.
 */
#ifndef VHART_PAGE_H
#define VHART_PAGE_H

#include <stddef.h>
#include <stdio.h>

#include "trace/export/export.h"
#include "trace/page/page_series.h"

/* A name and its value: "kernel", "/guests/linux/Image"; NULL: it is not shown. */
struct page_fact {
	const char *name, *value;
};

/* Something that was found odd, in words: a headline, and what to know of it. On top of the page.
 */
struct page_finding {
	const char *headline, *words;
};

struct page {
	const char *title, *subtitle;
	const struct page_fact *facts;
	size_t facts_count;
	const struct page_finding *findings;
	size_t findings_count; /* 0: there is no such part */
	bool exits;	       /* what was recorded are exits, else samples of the guest */
	const struct page_series *series;
	/* The flame graph of it, with its own title. */
	struct profile *profile;
	const struct export_options *flames;
};

/* 0, or a negative error number as the exports have it (export.h). */
int page_write(const struct page *page, FILE *to);

#endif
