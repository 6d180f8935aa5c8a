/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/test_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/options.h"
#include "vmm/test/run_words.h"

#define TIMEOUT_DEFAULT 120.0

static const char *parse_seed(char *value, void *target)
{
	struct test_options *options = target;

	options->has_seed = true;
	return option_number(value, UINT64_MAX, &options->seed) ? NULL : "expected a number";
}

static const char *parse_shard(char *value, void *target)
{
	static const char expected[] = "expected I/N, such as 1/4: I is from 1 to N";
	struct test_options *options = target;
	char *slash = strchr(value, '/');
	uint64_t part, of;

	if (!slash)
		return expected;
	*slash = '\0';
	const bool numbers = option_number(value, UINT32_MAX, &part) &&
			     option_number(slash + 1, UINT32_MAX, &of);
	/* The error shows the value. */
	*slash = '/';
	if (!numbers || part == 0 || part > of)
		return expected;
	options->shard = (unsigned int)part;
	options->shards = (unsigned int)of;
	return NULL;
}

static const char *parse_operand(char *value, void *target)
{
	struct test_options *options = target;

	/* There is room: see test_options_parse(). */
	options->operands[options->operand_count++] = value;
	return *value ? NULL : "expected a file or a folder";
}

static const struct option_spec specs[] = {
	{"--jobs", "N", "run so many tests at a time (as many as there are CPUs)",
	 OPTION_NUMBER(struct test_options, jobs, 1, TEST_JOBS_MAX), .letter = "-j"},
	{"--timeout", "SECONDS", "end a test after this time (120)",
	 OPTION_SECONDS(struct test_options, timeout),
	 .expected = "expected a number of seconds above 0, such as 30 or 1.5"},
	{"--repeat", "N", "run each test so often (1)",
	 OPTION_NUMBER(struct test_options, repeat, 1, TEST_REPEAT_MAX)},
	{"--seed", "N",
	 "shuffle the order by N; a guest gets seed=N on its command\nline, a script VHART_SEED",
	 OPTION_OTHER(parse_seed)},
	{"--shard", "I/N", "run only part I of N parts of the tests", OPTION_OTHER(parse_shard)},
	{"--fail-fast", NULL, "end with the first failure",
	 OPTION_FLAG(struct test_options, fail_fast)},
	{"--strict", NULL, "a guest that powers off without a verdict has failed",
	 OPTION_FLAG(struct test_options, strict)},
	{"--quarantine", "FILE",
	 "lines 'NAME REASON': failures of these tests are known, and\ndo not count",
	 OPTION_PATH(struct test_options, quarantine)},
	{"--junit", "FILE", "write the results to FILE as JUnit's XML too",
	 OPTION_PATH(struct test_options, junit)},
	{"--keep", "DIR", "keep the consoles of failed tests in DIR (a new one in /tmp)",
	 OPTION_PATH(struct test_options, keep)},
	{"--list", NULL, "only list the tests, with what each is",
	 OPTION_FLAG(struct test_options, list)},
	{"--verbose", NULL, "name what is passed over, and show messages of tests that pass",
	 OPTION_FLAG(struct test_options, verbose), .letter = "-v"},
};

static const struct other_name other_names[] = {
	{"--parallel", "--jobs", NULL},
	{"--failfast", "--fail-fast", NULL},
	{"--count", "--repeat", NULL},
	{"--xml", "--junit", NULL},
	{NULL, NULL, NULL},
};

const struct option_table test_options = {
	.command = "test",
	.usage = "[options] FILE|DIR... [-- options of vhart run]",
	.summary = "Runs test guests and scripts and prints their verdicts as TAP.",
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
	.operand = parse_operand,
	.other_names = other_names,
};

/* How many words stand in front of "--". */
static int words_in_front(int argc, char **argv)
{
	int count = 1;

	while (count < argc && strcmp(argv[count], "--") != 0)
		count++;
	return count;
}

int test_options_parse(int argc, char **argv, struct test_options *options)
{
	const int ours = words_in_front(argc, argv);
	int status;

	*options = (struct test_options){
		.repeat = 1, .shard = 1, .shards = 1, .timeout = TIMEOUT_DEFAULT};
	options->operands = calloc((size_t)argc + 1, sizeof(char *));
	if (!options->operands) {
		error("no memory");
		return STATUS_NOT_RUN;
	}
	status = options_read(&test_options, ours, argv, options, &options->help);
	if (status || options->help)
		return status;
	if (ours < argc) {
		options->run_words = argv + ours + 1;
		options->run_word_count = argc - ours - 1;
	}
	if (options->operand_count == 0) {
		error("nothing to test: give files or folders, as in 'vhart test guest.elf'");
		return STATUS_USAGE;
	}
	return run_words_check(options->run_words, options->run_word_count, "--") ? 0
										  : STATUS_USAGE;
}

void test_options_free(struct test_options *options)
{
	free(options->operands);
}
