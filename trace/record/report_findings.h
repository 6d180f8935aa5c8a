/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording says was odd. Pure. */
#ifndef VHART_REPORT_FINDINGS_H
#define VHART_REPORT_FINDINGS_H

#include <stddef.h>
#include <stdio.h>

#include "trace/page/page.h"
#include "trace/record/recording.h"

#define REPORT_FINDINGS_MOST 256u /* are kept */

/* Begins as {0}; ends with report_findings_free(). */
struct report_findings {
	struct recording_finding *list;
	struct page_finding *on_page; /* as many, the same words */
	size_t count;
	size_t missing; /* there was no room */
};

void report_findings_add(struct report_findings *findings, const struct recording_finding *finding);
void report_findings_free(struct report_findings *findings);

/* At most FINDINGS_LINES lines that begin with "# ". */
void report_findings_print(FILE *out, const struct report_findings *findings);

#endif
