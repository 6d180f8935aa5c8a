/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a finding is told that begins or is over: a stream, the user's command, the counts for
 * OpenMetrics, and who ends by it. One thread. */
#ifndef VHART_TELLER_H
#define VHART_TELLER_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/alerts/alert_counts.h"
#include "trace/alerts/commands_run.h"
#include "trace/findings/findings_print.h"
#include "trace/findings/wishes.h"

/* What is pointed to is the caller's. */
struct teller {
	FILE *out;
	bool json;
	const struct findings_view *view;
	struct findings *findings;
	const struct finding_wishes *wishes;
	struct commands_run *commands; /* NULL: none */
	struct alert_counts *counts;
	const struct rule *failed; /* the first of wishes.fail_on that began; NULL: none */
	struct command_about about;
};

/* All that changed by the last look; ALL: whatever was so is over, too. False: OUT takes no more
 * (errno). */
bool teller_tell(struct teller *teller, bool all);

#endif
