/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of kvm-unit-tests: lib/claims.c (PASS, FAIL, SKIP, XFAIL, XPASS, KFAIL, SUMMARY) and
 * lib/riscv/io.c (EXIT) of that project. ABORT is what its report_abort() says.
 */
#include <string.h>

#include "vmm/test/claims.h"

static const struct {
	const char *word;
	bool failed, skipped, todo, unexpected;
} test_lines[] = {
	{.word = "PASS: "},
	{.word = "FAIL: ", .failed = true},
	{.word = "SKIP: ", .skipped = true},
	{.word = "XFAIL: ", .todo = true},
	{.word = "KFAIL: ", .todo = true},
	/* It was expected to fail: kvm-unit-tests counts it among the unexpected failures. */
	{.word = "XPASS: ", .failed = true, .unexpected = true},
	{.word = "ABORT: ", .failed = true},
};

static bool test_line(struct claims *claims, const char *line)
{
	for (size_t i = 0; i < sizeof(test_lines) / sizeof(test_lines[0]); i++) {
		if (strncmp(line, test_lines[i].word, strlen(test_lines[i].word)) != 0)
			continue;
		claims->unit = true;
		claims->count++;
		claims->failed += test_lines[i].failed;
		claims->skipped += test_lines[i].skipped;
		if (test_lines[i].skipped)
			claims_keep_skipped(claims, line + strlen(test_lines[i].word));
		claims->todo += test_lines[i].todo;
		claims->unexpected += test_lines[i].unexpected;
		if (test_lines[i].failed)
			claims_keep(claims, line);
		return true;
	}
	return false;
}

/* "SUMMARY: 62 tests, 1 unexpected failures, 13 skipped" */
static bool summary(struct claims *claims, const char *line)
{
	static const char word[] = "SUMMARY: ", failures[] = " unexpected failures";
	uint64_t number;

	if (strncmp(line, word, sizeof(word) - 1) != 0)
		return false;
	line += sizeof(word) - 1;
	if (!claims_number(&line, &number) || strncmp(line, " tests", 6) != 0)
		return false;
	claims->unit = true;
	claims->summary = true;
	for (line = strchr(line, ','); line; line = strchr(line, ',')) {
		line += strspn(line, ", ");
		if (claims_number(&line, &number) && !strncmp(line, failures, sizeof(failures) - 1))
			claims->summary_failures += number;
	}
	return true;
}

static bool exit_line(struct claims *claims, const char *line)
{
	static const char word[] = "EXIT: STATUS=";

	if (strncmp(line, word, sizeof(word) - 1) != 0)
		return false;
	line += sizeof(word) - 1;
	if (!claims_number(&line, &claims->exit_status))
		return false;
	claims->unit = true;
	claims->exited = true;
	return true;
}

bool claims_unit_line(struct claims *claims, const char *line)
{
	return test_line(claims, line) || summary(claims, line) || exit_line(claims, line);
}
