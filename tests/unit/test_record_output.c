/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a recording: which is where, and what stays. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "trace/record/record_output.h"

static char folder[] = "/tmp/record_output.XXXXXX";

static int setup(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink("r");
	unlink("r.1");
	unlink("r.2");
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void assert_text(const char *path, const char *text)
{
	char got[64] = "";
	FILE *file = fopen(path, "re");

	if (!text) {
		assert_null(file);
		return;
	}
	assert_non_null(file);
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	assert_string_equal(got, text);
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void what_was_there_stays_until_something_is_recorded(void **state)
{
	struct record_output output = {.path = "r", .files = 1};

	(void)state;
	put("r", "an older one");
	assert_true(record_output_open(&output));
	assert_true(record_output_close(&output));
	assert_text("r", "an older one");
	assert_true(record_output_open(&output));
	assert_true(record_output_begin(&output));
	assert_true(fputs("new", output.file) >= 0);
	assert_true(record_output_close(&output));
	assert_text("r", "new");
}

static void a_file_in_which_nothing_began_is_none(void **state)
{
	struct record_output output = {.path = "r", .files = 1};

	(void)state;
	assert_true(record_output_open(&output));
	assert_true(record_output_close(&output));
	assert_text("r", NULL);
}

static void a_file_is_full_at_its_size(void **state)
{
	struct record_output output = {.path = "r", .size = 4, .files = 1};

	(void)state;
	put("r", "longer than that");
	assert_true(record_output_open(&output));
	assert_false(record_output_is_full(&output));
	assert_true(record_output_begin(&output));
	assert_true(fputs("abc", output.file) >= 0);
	assert_false(record_output_is_full(&output));
	assert_true(fputs("d", output.file) >= 0);
	assert_true(record_output_is_full(&output));
	assert_true(record_output_close(&output));
}

static void the_last_files_are_kept_with_numbers(void **state)
{
	struct record_output output = {.path = "r", .size = 1, .files = 3};
	static const char *const texts[] = {"first", "second", "third", "fourth"};

	(void)state;
	assert_true(record_output_open(&output));
	assert_true(record_output_begin(&output));
	for (size_t i = 0; i < 4; i++) {
		FILE *before;

		assert_true(fputs(texts[i], output.file) >= 0);
		if (i == 3)
			break;
		before = record_output_next(&output);
		assert_non_null(before);
		assert_false(record_output_is_full(&output));
		assert_true(fputs(".", before) >= 0);
		assert_int_equal(fclose(before), 0);
	}
	assert_true(record_output_close(&output));
	assert_text("r", "fourth");
	assert_text("r.1", "third.");
	assert_text("r.2", "second.");
	assert_text("r.3", NULL);
}

static void a_next_file_that_cannot_be_had_fails(void **state)
{
	struct record_output output = {.path = "r", .size = 1, .files = 2};

	(void)state;
	assert_true(record_output_open(&output));
	assert_true(record_output_begin(&output));
	assert_int_equal(mkdir("r.1", 0700), 0);
	assert_null(record_output_next(&output));
	assert_int_equal(errno, EISDIR);
	assert_true(record_output_close(&output));
	assert_int_equal(rmdir("r.1"), 0);
}

static void what_has_no_size_is_refused(void **state)
{
	struct record_output output = {.path = "/dev/null", .size = 1, .files = 1};

	(void)state;
	assert_false(record_output_open(&output));
	assert_true(record_output_close(&output));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_there_stays_until_something_is_recorded,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_in_which_nothing_began_is_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_is_full_at_its_size, setup, teardown),
		cmocka_unit_test_setup_teardown(the_last_files_are_kept_with_numbers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_next_file_that_cannot_be_had_fails, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_has_no_size_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("record_output", tests, NULL, NULL);
}
