/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_findings.h"

#include <stdlib.h>

#include "base/printable.h"
#include "trace/findings/findings_print.h"

/* Room for all, once there is one. False: no memory. */
static bool make_room(struct report_findings *findings)
{
	if (findings->list)
		return true;
	findings->list = calloc(REPORT_FINDINGS_MOST, sizeof(*findings->list));
	findings->on_page = calloc(REPORT_FINDINGS_MOST, sizeof(*findings->on_page));
	return findings->list && findings->on_page;
}

void report_findings_add(struct report_findings *findings, const struct recording_finding *finding)
{
	struct recording_finding *kept;

	if (!make_room(findings) || findings->count == REPORT_FINDINGS_MOST) {
		findings->missing++;
		return;
	}
	kept = &findings->list[findings->count];
	*kept = *finding;
	findings->on_page[findings->count++] =
		(struct page_finding){kept->headline, kept->seen, kept->why, kept->help};
}

void report_findings_free(struct report_findings *findings)
{
	free(findings->list);
	free(findings->on_page);
	*findings = (struct report_findings){0};
}

void report_findings_print(FILE *out, const struct report_findings *findings)
{
	const size_t all = findings->count + findings->missing;
	const size_t shown = all > FINDINGS_LINES ? FINDINGS_LINES - 1 : findings->count;

	for (size_t i = 0; i < shown; i++) {
		fputs("# ", out);
		printable_put(out, findings->list[i].headline);
		fputc('\n', out);
	}
	if (shown < all)
		fprintf(out, "# and %zu more findings: --html has them with why, and what to try\n",
			all - shown);
}
