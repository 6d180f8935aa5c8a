/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier run says is usual: a file of `vhart stat --save`, which nobody vouches for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixtures/kept_messages.h"
#include "trace/alerts/baseline.h"

struct fixture {
	char path[64];
	struct baseline baseline;
	struct stat_facts now;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	strcpy(fixture->path, "/tmp/vhart-test.XXXXXX");
	close(mkstemp(fixture->path));
	fixture->now = (struct stat_facts){.vhart = "0.4.0", .kernel = "7.2", .guest = "/Image"};
	messages_forget();
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	unlink(fixture->path);
	free(fixture);
	return 0;
}

#define EXITS                                                                                      \
	"{\"type\":\"exit\",\"vcpu\":0,\"reason\":\"sbi\",\"sub\":\"time.set_timer\",\"count\":"   \
	"100,\"to_vmm\":0,\"ns\":5,\"vmm_ns\":0,\"halted_ns\":0,\"min_ns\":1,\"max_ns\":1,"        \
	"\"buckets\":{\"1\":100}}\n"                                                               \
	"{\"type\":\"exit\",\"vcpu\":1,\"reason\":\"sbi\",\"sub\":\"time.set_timer\",\"count\":"   \
	"300,\"to_vmm\":0,\"ns\":5,\"vmm_ns\":0,\"halted_ns\":0,\"min_ns\":1,\"max_ns\":1,"        \
	"\"buckets\":{\"1\":300}}\n"                                                               \
	"{\"type\":\"exit\",\"vcpu\":1,\"reason\":\"of tomorrow\",\"sub\":\"\",\"count\":1,"       \
	"\"to_vmm\":0,\"ns\":5,\"vmm_ns\":0,\"halted_ns\":0,\"min_ns\":1,\"max_ns\":1,"            \
	"\"buckets\":{\"1\":1}}\n"                                                                 \
	"{\"type\":\"end\",\"exits\":3}\n"

/* Whether it is read, with these in its header. */
static bool read_with(struct fixture *fixture, const char *version, const char *guest,
		      const char *wall)
{
	FILE *file = fopen(fixture->path, "w");

	assert_non_null(file);
	fprintf(file,
		"{\"type\":\"header\",\"vhart\":\"stat\",\"version\":%s,\"by\":\"0.4.0\","
		"\"kernel\":"
		"\"7.2\",\"guest\":\"%s\",\"way\":\"BPF\",\"realtime_ns\":1,\"wall_ns\":%s,"
		"\"vcpus\":2,\"lost\":0}\n" EXITS,
		version, guest, wall);
	fclose(file);
	return baseline_read(&fixture->baseline, fixture->path, &fixture->now);
}

static void rates_are_of_one_vcpu(void **state)
{
	struct fixture *fixture = *state;

	assert_true(read_with(fixture, "1", "/Image", "4000000000"));
	assert_int_equal(messages, 0);
	for (uint32_t row = 0; row < EXIT_ROWS; row++)
		assert_true(fixture->baseline.rates[row] ==
			    (row == EXIT_SBI + SBI_ROW_TIME ? 50 : 0));
}

static void another_guest_is_said_and_taken(void **state)
{
	struct fixture *fixture = *state;

	assert_true(read_with(fixture, "1", "/other", "4000000000"));
	assert_int_equal(messages, 1);
	assert_non_null(strstr(message, "unlike: the guest: /other then, /Image now"));
}

static void of_all_vms_no_guest_is_unlike(void **state)
{
	struct fixture *fixture = *state;

	fixture->now.guest[0] = '\0';
	assert_true(read_with(fixture, "1", "/other", "4000000000"));
	assert_int_equal(messages, 0);
}

static void another_version_is_refused(void **state)
{
	assert_false(read_with(*state, "2", "/Image", "4000000000"));
	assert_int_equal(messages, 1);
	assert_non_null(strstr(message, "version 2 of such files, and this vhart reads 1"));
}

static void one_of_no_time_is_refused(void **state)
{
	assert_false(read_with(*state, "1", "/Image", "0"));
	assert_int_equal(messages, 1);
	assert_non_null(strstr(message, "of no time"));
}

static void no_file_is_refused(void **state)
{
	struct fixture *fixture = *state;

	assert_false(baseline_read(&fixture->baseline, "/nowhere/file", &fixture->now));
	assert_int_equal(messages, 1);
	assert_string_equal(message, "--baseline /nowhere/file: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rates_are_of_one_vcpu, setup, teardown),
		cmocka_unit_test_setup_teardown(another_guest_is_said_and_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(of_all_vms_no_guest_is_unlike, setup, teardown),
		cmocka_unit_test_setup_teardown(another_version_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(one_of_no_time_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(no_file_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
