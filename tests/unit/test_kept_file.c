/* SPDX-License-Identifier: Apache-2.0 */
/* Boot files that go away or change between two lives. */
#include <fcntl.h>
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

#include "vmm/boot/kept_file.h"

static char folder[] = "/tmp/kept_file.XXXXXX";
static struct kept_file kept;

static int setup(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	kept = (struct kept_file){0};
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	kept_file_close(&kept);
	unlink("k");
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static bool load(const char *expected)
{
	struct blob blob;
	bool loaded = kept_file_load(&kept, "--kernel", "k", 1000, NULL, &blob);

	if (loaded) {
		assert_int_equal(blob.len, strlen(expected));
		assert_memory_equal(blob.bytes, expected, blob.len);
	} else {
		assert_null(blob.bytes);
	}
	blob_free(&blob);
	return loaded;
}

static void a_file_is_loaded_again_and_again(void **state)
{
	(void)state;
	assert_false(load(""));
	put("k", "first");
	assert_true(load("first"));
	assert_true(load("first"));
}

static void one_that_was_removed_is_still_there(void **state)
{
	(void)state;
	put("k", "first");
	assert_true(load("first"));
	unlink("k");
	assert_true(load("first"));
}

static void one_that_was_replaced_is_what_it_was(void **state)
{
	(void)state;
	put("k", "first");
	assert_true(load("first"));
	put("new", "second");
	assert_int_equal(rename("new", "k"), 0);
	assert_true(load("first"));
}

static void one_that_was_written_to_is_refused(void **state)
{
	(void)state;
	put("k", "first");
	assert_true(load("first"));
	put("k", "of another length");
	assert_false(load(""));
	put("k", "");
	assert_false(load(""));
}

/* The time says it: the clock of a file system may stand still for a while, so it is set. */
static void one_that_was_written_to_with_as_many_bytes_is_refused(void **state)
{
	const struct timespec later[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1}};

	(void)state;
	put("k", "first");
	assert_true(load("first"));
	put("k", "other");
	assert_int_equal(utimensat(AT_FDCWD, "k", later, 0), 0);
	assert_false(load(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_loaded_again_and_again, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_was_removed_is_still_there, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_that_was_replaced_is_what_it_was, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_that_was_written_to_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			one_that_was_written_to_with_as_many_bytes_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
