/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/printable.h"
#include "vmm/test/outcome.h"

/* In a description # begins a directive, and a backslash takes that from it. */
static void put_words(FILE *to, const char *text)
{
	char shown[1024];

	for (const char *at = printable(shown, sizeof(shown), text); *at; at++) {
		if (*at == '#' || *at == '\\')
			putc('\\', to);
		putc(*at, to);
	}
}

void tap_begin(FILE *to, const struct suite *suite, const struct test_options *options)
{
	fprintf(to, "TAP version 14\n1..%zu\n", suite->count);
	if (options->has_seed)
		fprintf(to, "# --seed %" PRIu64 "\n", options->seed);
}

static void put_lines(FILE *to, const char *lines)
{
	while (*lines) {
		const size_t len = strcspn(lines, "\n");

		fprintf(to, "# %.*s\n", (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
}

static void put_directive(FILE *to, const struct test *test, const struct outcome *outcome)
{
	char shown[512];

	if (outcome->verdict == VERDICT_SKIPPED)
		fprintf(to, " # SKIP %s", outcome->why);
	else if (test->quarantine)
		fprintf(to, " # TODO %s", printable(shown, sizeof(shown), test->quarantine));
}

void tap_test(FILE *to, size_t number, const struct test *test, const struct outcome *outcome,
	      const struct test_options *options)
{
	const bool ok = outcome->verdict == VERDICT_PASSED || outcome->verdict == VERDICT_SKIPPED;

	fprintf(to, "%sok %zu - ", ok ? "" : "not ", number);
	put_words(to, test->name);
	if (options->repeat > 1)
		fprintf(to, " (run %u)", test->run);
	put_directive(to, test, outcome);
	putc('\n', to);
	if (!ok)
		fprintf(to, "# %s\n", outcome->why);
	else if (test->quarantine && outcome->verdict == VERDICT_PASSED)
		fputs("# it passed, though it is in the quarantine\n", to);
	if (outcome->notes)
		put_lines(to, outcome->notes);
}

void tap_bail_out(FILE *to, const char *why)
{
	fputs("Bail out! ", to);
	printable_put(to, why);
	putc('\n', to);
}

void tap_end(FILE *to, const struct tally *tally, double seconds)
{
	fprintf(to, "# %u passed, %u failed, %u skipped", tally->passed, tally->failed,
		tally->skipped);
	if (tally->not_run > 0)
		fprintf(to, ", %u not run", tally->not_run);
	if (tally->known > 0)
		fprintf(to, ", %u known failures", tally->known);
	if (tally->unexpected > 0)
		fprintf(to, ", %u of the passed in the quarantine", tally->unexpected);
	fprintf(to, ", in %.1f s\n", seconds);
}
