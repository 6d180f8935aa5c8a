/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/wishes.h"

#include <string.h>

#include "base/option_spec.h"

/* "RULE=VALUE" */
const char *wishes_parse_threshold(char *value, void *target)
{
	struct finding_wishes *wishes = target;
	const char *equals = strchr(value, '=');
	const size_t rule = rule_find(value, equals ? (size_t)(equals - value) : strlen(value));

	if (rule == rule_count)
		return "RULE=VALUE with a rule of the table in the manual page, as timer-storm=20";
	if (!equals || !option_seconds(equals + 1, &wishes->thresholds[rule]))
		return "RULE=VALUE with a number above 0, as timer-storm=20";
	return NULL;
}

/* "RULE", or "any". */
const char *wishes_parse_fail_on(char *value, void *target)
{
	struct finding_wishes *wishes = target;
	const bool any = !strcmp(value, "any");
	const size_t rule = rule_find(value, strlen(value));

	if (!any && rule == rule_count)
		return "a rule of the table in the manual page, as timer-storm, or any";
	for (size_t i = 0; i < rule_count; i++)
		wishes->fail_on[i] |= any || i == rule;
	return NULL;
}

const char *wishes_fail_on_word(unsigned int index)
{
	if (index < rule_count)
		return rules[index].name;
	return index == rule_count ? "any" : NULL;
}

bool wishes_have_threshold(const struct finding_wishes *wishes)
{
	for (size_t i = 0; i < rule_count; i++)
		if (wishes->thresholds[i] > 0)
			return true;
	return false;
}

bool wishes_may_fail(const struct finding_wishes *wishes)
{
	for (size_t i = 0; i < rule_count; i++)
		if (wishes->fail_on[i])
			return true;
	return false;
}
