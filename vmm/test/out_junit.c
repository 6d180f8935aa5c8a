/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printable.h"
#include "vmm/test/outcome.h"

/* Printable text is valid in XML but for these. */
static void put_escaped(FILE *to, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		case '&': fputs("&amp;", to); break;
		case '"': fputs("&quot;", to); break;
		default: putc(*text, to);
		}
	}
}

static void put_text(FILE *to, const char *text)
{
	char shown[2048];

	put_escaped(to, printable(shown, sizeof(shown), text));
}

/* <failure>, <error> or <skipped> with its words; a known failure is a skipped test. */
static void put_verdict(FILE *to, const struct test *test, const struct outcome *outcome)
{
	const char *element = outcome->verdict == VERDICT_NOT_RUN ? "error" : "failure";

	if (outcome->verdict == VERDICT_PASSED)
		return;
	if (outcome->verdict == VERDICT_SKIPPED || test->quarantine)
		element = "skipped";
	fprintf(to, "    <%s message=\"", element);
	put_escaped(to, outcome->why);
	if (test->quarantine && outcome->verdict != VERDICT_SKIPPED) {
		fputs(" (known: ", to);
		put_text(to, test->quarantine);
		putc(')', to);
	}
	fputs("\">", to);
	if (outcome->notes)
		put_escaped(to, outcome->notes);
	fprintf(to, "</%s>\n", element);
}

static void put_case(FILE *to, const struct test *test, const struct outcome *outcome)
{
	fputs("  <testcase classname=\"vhart\" name=\"", to);
	put_text(to, test->name);
	if (test->run > 1)
		fprintf(to, " (run %u)", test->run);
	fprintf(to, "\" time=\"%.3f\">\n", outcome->seconds);
	put_verdict(to, test, outcome);
	fputs("  </testcase>\n", to);
}

void junit_write(FILE *to, const struct suite *suite, const struct outcome *outcomes,
		 double seconds)
{
	struct tally tally = {0};
	size_t done = 0;

	for (size_t i = 0; i < suite->count; i++) {
		if (!outcomes[i].done)
			continue;
		done++;
		outcome_count(&outcomes[i], &suite->tests[i], &tally);
	}
	fprintf(to,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"vhart test\" "
		"tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n",
		done, tally.failed, tally.not_run, tally.skipped + tally.known, seconds);
	for (size_t i = 0; i < suite->count; i++)
		if (outcomes[i].done)
			put_case(to, &suite->tests[i], &outcomes[i]);
	fputs("</testsuite>\n", to);
}
