/* SPDX-License-Identifier: Apache-2.0 */
/* What a user says about findings on a command line: for `vhart stat` and `vhart watch`. Pure. */
#ifndef VHART_WISHES_H
#define VHART_WISHES_H

#include <stdbool.h>

#include "trace/findings/rules.h"

struct finding_wishes {
	double thresholds[RULES_MAX]; /* of rules; 0: the rule's own */
	bool fail_on[RULES_MAX];      /* rules whose findings make the exit status 121 */
};

/* For option_spec.h: TARGET is a struct finding_wishes, or one that begins with it. */
const char *wishes_parse_threshold(char *value, void *target);
const char *wishes_parse_fail_on(char *value, void *target);
/* Its values, for completions; NULL after the last. */
const char *wishes_fail_on_word(unsigned int index);

bool wishes_have_threshold(const struct finding_wishes *wishes);
bool wishes_may_fail(const struct finding_wishes *wishes);

#endif
