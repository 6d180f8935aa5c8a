/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a page that are made from its series. */
#ifndef VHART_PAGE_CHARTS_H
#define VHART_PAGE_CHARTS_H

#include <stdio.h>

#include "trace/page/page.h"

/* A lane of time for each vCPU. */
void page_timeline(const struct page *page, FILE *to);
/* What each reason of exits took; the SBI calls of them. */
void page_reasons(const struct page *page, FILE *to);
void page_calls(const struct page *page, FILE *to);

#endif
