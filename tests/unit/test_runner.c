/* SPDX-License-Identifier: Apache-2.0 */
/* The runner of vhart test, over a program that plays vhart: a test's name says what it does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "vmm/test/runner.h"

#define FAKE "fake"

/* The result's file is the last word; a name stands behind --kernel, or is the last word of a
 * script. */
static const char fake_text[] =
	"#!/bin/sh\n"
	"for last; do :; done\n"
	"name=$last\n"
	"say() { echo \"$1\" >\"$last\"; }\n"
	"if [ \"$1\" = run ]; then\n"
	"    while [ $# -gt 0 ]; do [ \"$1\" = --kernel ] && name=$2; shift; done\n"
	"fi\n"
	"case $name in\n"
	"pass) say '{\"end\":\"poweroff\",\"guest_status\":null}' ;;\n"
	"seven) echo not reached; say '{\"end\":\"poweroff\",\"guest_status\":7}' ;;\n"
	"tap) echo 1..2; echo ok 1; echo 'not ok 2 - b'\n"
	"    say '{\"end\":\"poweroff\",\"guest_status\":null}' ;;\n"
	"crash) kill -9 $$ ;;\n"
	"host) echo 'vhart: no KVM' >&2; say '{\"end\":\"none\",\"fault\":\"host\"}'; exit 125 ;;\n"
	/* It leaves a process behind that holds its output. */
	"leaves) sleep 1000 & echo $! >left; say '{\"end\":\"poweroff\",\"guest_status\":0}' ;;\n"
	"floods) yes | head -c 3000000; say '{\"end\":\"poweroff\",\"guest_status\":1}' ;;\n"
	"interrupts) kill -INT $PPID; exec sleep 1000 ;;\n"
	"seed) echo \"seed $VHART_SEED\"; exit 1 ;;\n"
	"sleeps) exec sleep 1000 ;;\n"
	"esac\n";

/* A folder of its own, with the fake in it. */
static int enter(void **state)
{
	char *folder = strdup("/tmp/test-runner.XXXXXX");
	FILE *fake;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	fake = fopen(FAKE, "w");
	assert_non_null(fake);
	fputs(fake_text, fake);
	fclose(fake);
	assert_int_equal(chmod(FAKE, 0755), 0);
	*state = folder;
	return 0;
}

static int leave(void **state)
{
	char command[64];

	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", (char *)*state);
	assert_int_equal(system(command), 0);
	free(*state);
	return 0;
}

struct run {
	struct test_options options;
	struct test tests[8];
	int status;
	char *text;
};

/* NAMES, parted by spaces; with a ! in front it is in the quarantine, with a @ a Lua script. */
static void run(struct run *run, const char *names)
{
	struct outcome outcomes[8] = {0};
	struct suite suite = {.tests = run->tests};
	static char known[] = "known";
	char *copy = strdup(names), *rest = copy;
	size_t len;

	for (char *name = strsep(&rest, " "); name; name = strsep(&rest, " ")) {
		const bool marked = *name == '!' || *name == '@';
		run->tests[suite.count++] =
			(struct test){.name = name + marked,
				      .kind = *name == '@' ? KIND_LUA : KIND_GUEST,
				      .quarantine = *name == '!' ? known : NULL,
				      .skip = strcmp(name, "skip") ? NULL : "not here",
				      .seed = 42,
				      .run = 1};
	}
	run->options.repeat = 1;
	run->options.keep = "kept";
	if (run->options.timeout == 0)
		run->options.timeout = 60;
	FILE *to = open_memstream(&run->text, &len);
	run->status = runner_run(&run->options, &suite, outcomes, "./" FAKE, to);
	fclose(to);
	for (size_t i = 0; i < suite.count; i++)
		free(outcomes[i].notes);
	free(copy);
}

static void assert_says(const struct run *run, const char *text)
{
	if (!strstr(run->text, text))
		fail_msg("no '%s' in: %s", text, run->text);
}

static void all_pass(void **state)
{
	struct run all = {.options = {.jobs = 2}};

	(void)state;
	run(&all, "pass pass skip !seven");
	assert_int_equal(all.status, TESTS_PASSED);
	assert_says(&all,
		    "TAP version 14\n1..4\nok 1 - pass\nok 2 - pass\nok 3 - skip # SKIP not here\n"
		    "not ok 4 - seven # TODO known\n# status 7\n");
	free(all.text);
}

static void each_failure_is_told(void **state)
{
	struct run all = {.options = {.jobs = 3}};

	(void)state;
	run(&all, "seven tap crash !pass floods");
	assert_int_equal(all.status, TESTS_FAILED);
	assert_says(&all,
		    "not ok 1 - seven\n# status 7\n# the end of its console:\n#   not reached\n"
		    "# its console: kept/001-seven.console\n");
	assert_says(&all, "not ok 2 - tap\n# 1 of 2 tests failed; powered off\n#   not ok 2 - b\n");
	assert_says(&all, "not ok 3 - crash\n# vhart itself fell by signal 9\n");
	assert_says(&all,
		    "ok 4 - pass # TODO known\n# it passed, though it is in the quarantine\n");
	assert_says(&all, "not ok 5 - floods\n# status 1\n");
	assert_says(&all,
		    "# 1 passed, 4 failed, 0 skipped, 1 of the passed in the quarantine, in ");
	free(all.text);
}

static void a_host_that_cannot_is_no_failure_of_a_test(void **state)
{
	struct run all = {.options = {.jobs = 1}};

	(void)state;
	run(&all, "host");
	assert_int_equal(all.status, STATUS_NOT_RUN);
	assert_says(&all, "not ok 1 - host\n# the host cannot run it\n# vhart: no KVM\n");
	free(all.text);
}

static void nothing_that_ran(void **state)
{
	struct run all = {.options = {.jobs = 1}};

	(void)state;
	run(&all, "skip");
	assert_int_equal(all.status, TESTS_NONE);
	free(all.text);
}

static void what_it_leaves_is_ended(void **state)
{
	struct run all = {.options = {.jobs = 1}};
	FILE *left;
	int pid;

	(void)state;
	run(&all, "leaves");
	assert_int_equal(all.status, TESTS_PASSED);
	free(all.text);
	left = fopen("left", "r");
	assert_non_null(left);
	assert_int_equal(fscanf(left, "%d", &pid), 1);
	fclose(left);
	/* It got SIGKILL, and ends as soon as it runs. */
	while (kill(pid, 0) == 0)
		usleep(1000);
}

static void scripts_have_their_status_and_seed(void **state)
{
	struct run all = {.options = {.jobs = 1, .has_seed = true, .seed = 42}};

	(void)state;
	run(&all, "@seed");
	assert_int_equal(all.status, TESTS_FAILED);
	assert_says(&all, "# --seed 42\nnot ok 1 - seed\n# status 1\n# the end of its console:\n"
			  "#   seed 42\n");
	free(all.text);
}

static void one_that_sleeps_is_ended(void **state)
{
	struct run all = {.options = {.jobs = 1, .timeout = 0.05}};

	(void)state;
	run(&all, "@sleeps");
	assert_int_equal(all.status, TESTS_FAILED);
	assert_says(&all, "not ok 1 - sleeps\n# timed out\n");
	free(all.text);
}

static void the_first_failure_ends_it(void **state)
{
	struct run all = {.options = {.jobs = 1, .fail_fast = true}};

	(void)state;
	run(&all, "seven pass");
	assert_int_equal(all.status, TESTS_FAILED);
	assert_says(&all, "Bail out! --fail-fast: seven failed\n");
	assert_null(strstr(all.text, "ok 2"));
	free(all.text);
}

static void a_signal_ends_it(void **state)
{
	struct run all = {.options = {.jobs = 1}};

	(void)state;
	run(&all, "pass interrupts sleeps");
	assert_int_equal(all.status, 128 + SIGINT);
	assert_says(&all, "ok 1 - pass\n");
	assert_says(&all, "Bail out! interrupted by signal 2\n");
	assert_null(strstr(all.text, "ok 2"));
	free(all.text);
}

static void junit_has_them_all(void **state)
{
	struct run all = {.options = {.jobs = 1, .junit = "xml"}};
	char text[4096] = "";
	FILE *xml;

	(void)state;
	run(&all, "pass seven skip host !tap");
	free(all.text);
	xml = fopen("xml", "r");
	assert_non_null(xml);
	assert_true(fread(text, 1, sizeof(text) - 1, xml) > 0);
	fclose(xml);
	assert_non_null(strstr(text, "tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"2\""));
	assert_non_null(strstr(text, "<failure message=\"status 7\">"));
	assert_non_null(strstr(text, "<skipped message=\"not here\">"));
	assert_non_null(strstr(text, "<error message=\"the host cannot run it\">"));
	assert_non_null(strstr(
		text, "<skipped message=\"1 of 2 tests failed; powered off (known: known)\">"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_pass, enter, leave),
		cmocka_unit_test_setup_teardown(each_failure_is_told, enter, leave),
		cmocka_unit_test_setup_teardown(a_host_that_cannot_is_no_failure_of_a_test, enter,
						leave),
		cmocka_unit_test_setup_teardown(nothing_that_ran, enter, leave),
		cmocka_unit_test_setup_teardown(what_it_leaves_is_ended, enter, leave),
		cmocka_unit_test_setup_teardown(scripts_have_their_status_and_seed, enter, leave),
		cmocka_unit_test_setup_teardown(one_that_sleeps_is_ended, enter, leave),
		cmocka_unit_test_setup_teardown(the_first_failure_ends_it, enter, leave),
		cmocka_unit_test_setup_teardown(a_signal_ends_it, enter, leave),
		cmocka_unit_test_setup_teardown(junit_has_them_all, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
