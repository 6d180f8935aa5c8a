/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart stat --html` writes: what was counted, as a page (page.h). Pure. */
#ifndef VHART_STAT_PAGE_H
#define VHART_STAT_PAGE_H

#include <stdio.h>

#include "trace/findings/findings_print.h"
#include "trace/stat/stat_file.h"
#include "trace/stat/stat_history.h"
#include "trace/stat/stat_view.h"

struct stat_page {
	const struct stat_view *view;
	const struct stat_facts *facts;
	const struct stat_sample *counts; /* of the whole time: a difference */
	const struct stat_history *history;
	struct findings *findings; /* NULL: none were looked for */
	const struct findings_view *findings_view;
};

/* 0, or a negative error number as page_write() has it. */
int stat_page_write(const struct stat_page *page, FILE *to);

#endif
