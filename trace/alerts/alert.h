/* SPDX-License-Identifier: Apache-2.0 */
/* A finding that begins, or is over, as people and as programs read it. Pure. */
#ifndef VHART_ALERT_H
#define VHART_ALERT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "trace/findings/findings_print.h"

struct alert {
	const struct findings_view *view;
	const struct findings *findings;
	const struct finding *finding;
	bool over;
	struct timespec when; /* of CLOCK_REALTIME */
};

/* An object, "type":"finding" with "event" "begin" or "end", and its line feed: its size. */
size_t alert_json(const struct alert *alert, char text[FINDING_JSON]);
/* The time of day, and a line; where it begins, why it is odd as well. */
void alert_print(FILE *out, const struct alert *alert);

#endif
