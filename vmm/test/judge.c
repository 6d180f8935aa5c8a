/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"

#define CONSOLE_LINES 12u
#define MESSAGE_LINES 24u

static void put_kept_lines(FILE *to, const struct claims *claims)
{
	const unsigned int shown =
		claims->kept_count < CLAIMS_KEPT ? claims->kept_count : CLAIMS_KEPT;

	for (unsigned int i = 0; i < shown; i++) {
		fputs("  ", to);
		printable_put(to, claims->kept[i]);
		putc('\n', to);
	}
	if (claims->kept_count > shown)
		fprintf(to, "  and %u more\n", claims->kept_count - shown);
}

/* Who answers the PMU is no news, and where the harts are is said by the result. */
static bool is_news(const char *line)
{
	static const char *const known[] = {"vhart: pmu: ", "vhart: hart ",
					    "vhart: --timeout: where the harts are",
					    "vhart: the guest failed: where the harts are"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strncmp(line, known[i], strlen(known[i])))
			return false;
	return true;
}

static void put_messages(FILE *to, const struct child *child)
{
	keep_write_last(&child->told, MESSAGE_LINES, is_news, "", to);
}

/* All that helps to see why. */
static void put_failure(FILE *to, const struct child *child, const struct ending_account *account)
{
	put_kept_lines(to, &child->claims);
	for (unsigned int i = 0; i < account->hart_count; i++)
		fprintf(to, "%s\n", account->harts[i]);
	put_messages(to, child);
	if (child->said.total > 0) {
		fputs("the end of its console:\n", to);
		keep_write_last(&child->said, CONSOLE_LINES, NULL, "  ", to);
	}
}

static char *make_notes(const struct test_options *options, const struct child *child,
			const struct ending_account *account, const struct outcome *outcome)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	if (outcome->verdict == VERDICT_FAILED || outcome->verdict == VERDICT_NOT_RUN)
		put_failure(to, child, account);
	else if (options->verbose)
		put_messages(to, child);
	fclose(to);
	return text;
}

void judge(const struct test_options *options, const struct child *child,
	   const struct ending_account *account, struct outcome *outcome)
{
	char why[CLAIMS_WHY_MAX], shown[CLAIMS_WHY_MAX];
	const enum claims_says says = claims_says(&child->claims, why);

	outcome->seconds = (double)(clock_now() - child->started_ns) / (double)NS_PER_S;
	outcome->verdict = verdict_of(account->ending, says, options->strict);
	printable(shown, sizeof(shown), why);
	if (outcome->verdict == VERDICT_SKIPPED)
		snprintf(outcome->why, sizeof(outcome->why), "%s",
			 *shown ? shown : "the guest skipped all its tests");
	else if (options->strict && says == CLAIMS_NOTHING && account->ending == ENDING_POWEROFF)
		snprintf(outcome->why, sizeof(outcome->why),
			 "powered off without a verdict (--strict)");
	else if (*shown)
		snprintf(outcome->why, sizeof(outcome->why), "%s; %s", shown, account->words);
	else
		snprintf(outcome->why, sizeof(outcome->why), "%s", account->words);
	outcome->notes = make_notes(options, child, account, outcome);
}

void judge_add_path(struct outcome *outcome, const char *path)
{
	char *longer = NULL;

	if (asprintf(&longer, "%sits console: %s\n", outcome->notes ? outcome->notes : "", path) <
	    0)
		return;
	free(outcome->notes);
	outcome->notes = longer;
}
