/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that nobody waits for: what they are told, how many run, and that none stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/fixtures/kept_messages.h"
#include "trace/alerts/commands_run.h"

#define PATIENCE (60 * NS_PER_S)

struct fixture {
	char folder[64], command[512];
	struct commands_run *commands;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	strcpy(fixture->folder, "/tmp/vhart-test.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	messages_forget();
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	char line[128];

	commands_run_free(fixture->commands);
	snprintf(line, sizeof(line), "rm -r %s", fixture->folder);
	assert_int_equal(system(line), 0);
	free(fixture);
	return 0;
}

/* COMMAND, in the fixture's folder. */
static void begin(struct fixture *fixture, const char *command)
{
	snprintf(fixture->command, sizeof(fixture->command), "cd %s && { %s; }", fixture->folder,
		 command);
	fixture->commands = commands_run_new(fixture->command);
	assert_non_null(fixture->commands);
}

static void add(struct fixture *fixture, uint32_t vcpu, const char *json)
{
	struct command_about about = {.rule = "console", .vm = "web", .pid = 42, .vcpu = vcpu};

	about.len = strlen(json);
	memcpy(about.json, json, about.len);
	commands_run_add(fixture->commands, &about);
}

static void assert_file(const struct fixture *fixture, const char *name, const char *wanted)
{
	char path[128], text[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, wanted);
}

static bool exists(const struct fixture *fixture, const char *name)
{
	struct stat stat_of;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
	return stat(path, &stat_of) == 0;
}

static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void it_is_told_the_finding(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, "echo $VHART_RULE $VHART_VM $VHART_PID $VHART_VCPU >words; cat >json");
	add(fixture, 3, "{\"a\":1}\n");
	commands_run_finish(fixture->commands, PATIENCE);
	assert_file(fixture, "words", "console web 42 3\n");
	assert_file(fixture, "json", "{\"a\":1}\n");
	assert_no_child();
}

/* They go on until there is a file "go". */
#define UNTIL_GO "echo >begun$VHART_VCPU; until [ -e go ]; do sleep 0.05; done"

static void let_go(const struct fixture *fixture)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/go", fixture->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	commands_run_finish(fixture->commands, PATIENCE);
	assert_no_child();
}

static void so_many_run_at_once_and_others_wait(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, UNTIL_GO);
	for (uint32_t i = 0; i < COMMANDS_RUN_MOST + 2; i++)
		add(fixture, i, "{}\n");
	commands_run_finish(fixture->commands, NS_PER_S / 2);
	assert_false(exists(fixture, "begun4") || exists(fixture, "begun5"));
	let_go(fixture);
	assert_true(exists(fixture, "begun0") && exists(fixture, "begun5"));
}

static void too_many_are_said_once(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, UNTIL_GO);
	for (uint32_t i = 0; i < COMMANDS_RUN_MOST + COMMANDS_WAIT_MOST; i++)
		add(fixture, i, "{}\n");
	assert_int_equal(messages, 0);
	add(fixture, 0, "{}\n");
	add(fixture, 0, "{}\n");
	assert_int_equal(messages, 1);
	let_go(fixture);
}

static void nobody_waits_for_one_that_reads_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct command_about about = {.rule = "console", .vm = "", .len = FINDING_JSON};

	begin(fixture, UNTIL_GO);
	memset(about.json, 'x', sizeof(about.json));
	const uint64_t before = clock_now();
	commands_run_add(fixture->commands, &about);
	commands_run_finish(fixture->commands, NS_PER_S / 10);
	assert_true(clock_now() - before < PATIENCE);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
	let_go(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_told_the_finding, setup, teardown),
		cmocka_unit_test_setup_teardown(so_many_run_at_once_and_others_wait, setup,
						teardown),
		cmocka_unit_test_setup_teardown(too_many_are_said_once, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_waits_for_one_that_reads_nothing, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
