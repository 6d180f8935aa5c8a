/* SPDX-License-Identifier: Apache-2.0 */
/* A recording as a page (page.h). Pure. */
#ifndef VHART_REPORT_PAGE_H
#define VHART_REPORT_PAGE_H

#include <stdio.h>

#include "trace/page/page_series.h"
#include "trace/record/report.h"

/* Between report_read_frame() and report_read_samples(): the samples will go into SERIES too, which
 * is the caller's to free. False: no memory. */
bool report_page_begin(struct report *report, struct page_series *series);

/* 0, or a negative error number as page_write() has it. */
int report_page(const struct report *report, bool per_vcpu, FILE *to);

#endif
