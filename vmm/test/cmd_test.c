/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart test`: options, tests, verdicts. */
#include <stdio.h>
#include <stdlib.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/printable.h"
#include "vmm/commands.h"
#include "vmm/test/quarantine.h"
#include "vmm/test/runner.h"

static void list(const struct suite *suite)
{
	for (size_t i = 0; i < suite->count; i++) {
		printable_put(stdout, suite->tests[i].name);
		printf("\t%s\n", suite_kind_name(suite->tests[i].kind));
	}
}

static int run_suite(const struct test_options *options, const struct suite *suite)
{
	struct outcome *outcomes = calloc(suite->count + 1, sizeof(*outcomes));
	int status;

	if (!outcomes) {
		error("no memory for %zu tests", suite->count);
		return STATUS_NOT_RUN;
	}
	status = runner_run(options, suite, outcomes, NULL, stdout);
	for (size_t i = 0; i < suite->count; i++)
		free(outcomes[i].notes);
	free(outcomes);
	return status;
}

static int find(const struct test_options *options, struct suite *suite)
{
	int status = suite_find(options, suite);

	/* Of all that there are: one that is in another shard is known too. */
	if (status == 0 && options->quarantine)
		status = quarantine_read(options->quarantine, suite);
	return status ? status : suite_select(options, suite);
}

int command_test(int argc, char **argv)
{
	struct test_options options;
	struct suite suite = {0};
	int status = test_options_parse(argc, argv, &options);

	if (status == 0 && !options.help)
		status = find(&options, &suite);
	if (status == 0 && options.list)
		list(&suite);
	else if (status == 0 && !options.help)
		status = run_suite(&options, &suite);
	suite_free(&suite);
	test_options_free(&options);
	return status;
}
