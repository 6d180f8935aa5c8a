/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "vmm/boot/cpio.h"

struct entry {
	char name[PATH_MAX];
	unsigned int mode;
	const uint8_t *bytes;
	size_t len;
};

static struct entry entries[32];
static unsigned int entry_count;

static size_t field(const uint8_t *header, int index)
{
	char digits[9] = "";

	memcpy(digits, header + 6 + 8 * index, 8);
	assert_int_equal(strspn(digits, "0123456789abcdefABCDEF"), 8);
	return strtoul(digits, NULL, 16);
}

/* Reads the newc archives in BLOB from START on, as Linux does: zeros between them are skipped. */
static void read_archives(const struct blob *blob, size_t start)
{
	size_t at = start;

	entry_count = 0;
	while (at < blob->len) {
		if (!blob->bytes[at]) {
			at++;
			continue;
		}
		assert_int_equal(at % 4, 0);
		assert_true(blob->len - at >= 110);
		const uint8_t *header = blob->bytes + at;
		assert_memory_equal(header, "070701", 6);
		size_t len = field(header, 6), name_size = field(header, 11);
		size_t contents = (at + 110 + name_size + 3) / 4 * 4;
		assert_true(contents + len <= blob->len);
		assert_int_equal(header[110 + name_size - 1], 0);
		assert_int_equal(strlen((const char *)header + 110), name_size - 1);
		at = (contents + len + 3) / 4 * 4;
		if (!strcmp((const char *)header + 110, "TRAILER!!!"))
			continue;
		assert_true(entry_count < 32);
		struct entry *entry = &entries[entry_count++];
		memcpy(entry->name, header + 110, name_size);
		entry->mode = (unsigned int)field(header, 1);
		entry->bytes = blob->bytes + contents;
		entry->len = len;
	}
	assert_int_equal(at, blob->len);
}

static void a_file_comes_with_its_folders(void **state)
{
	struct blob blob = {0}, contents = {(uint8_t[]){"#!/bin/sh\n"}, 10};

	(void)state;
	assert_true(cpio_append(&blob, "/opt/tests/run.sh", 0, 0755, &contents));
	read_archives(&blob, 0);
	assert_int_equal(entry_count, 3);
	assert_string_equal(entries[0].name, "opt");
	assert_int_equal(entries[0].mode, S_IFDIR | 0755);
	assert_string_equal(entries[1].name, "opt/tests");
	assert_int_equal(entries[1].mode, S_IFDIR | 0755);
	assert_string_equal(entries[2].name, "opt/tests/run.sh");
	assert_int_equal(entries[2].mode, S_IFREG | 0755);
	assert_int_equal(entries[2].len, 10);
	assert_memory_equal(entries[2].bytes, "#!/bin/sh\n", 10);
	blob_free(&blob);
}

static void what_was_there_stays_and_archives_are_aligned(void **state)
{
	(void)state;
	for (size_t before = 0; before < 9; before++) {
		struct blob blob = {malloc(before + 1), before};
		struct blob contents = {(uint8_t[]){"12345"}, before % 6};
		assert_non_null(blob.bytes);
		memset(blob.bytes, 'x', before);
		assert_true(cpio_append(&blob, "a", 0, 0644, &contents));
		assert_true(cpio_append(&blob, "b", 0, 0600, &contents));
		for (size_t i = 0; i < before; i++)
			assert_int_equal(blob.bytes[i], 'x');
		read_archives(&blob, before);
		assert_int_equal(entry_count, 2);
		assert_string_equal(entries[0].name, "a");
		assert_string_equal(entries[1].name, "b");
		assert_int_equal(entries[1].mode, S_IFREG | 0600);
		assert_int_equal(entries[1].len, before % 6);
		blob_free(&blob);
	}
}

static void a_few_folders_have_a_mode_of_their_own(void **state)
{
	struct blob blob = {0}, contents = {0};

	(void)state;
	assert_true(cpio_append(&blob, "tmp/x", 0, 0644, &contents));
	assert_true(cpio_append(&blob, "var/tmp/x", 0, 0644, &contents));
	assert_true(cpio_append(&blob, "root/x", 0, 0644, &contents));
	read_archives(&blob, 0);
	assert_int_equal(entry_count, 7);
	assert_int_equal(entries[5].mode, S_IFDIR | 0700);
	assert_int_equal(entries[0].mode, S_IFDIR | 01777);
	assert_int_equal(entries[2].mode, S_IFDIR | 0755);
	assert_int_equal(entries[3].mode, S_IFDIR | 01777);
	blob_free(&blob);
}

static void folders_that_are_there_are_not_written(void **state)
{
	struct blob blob = {0}, contents = {0};

	(void)state;
	assert_true(cpio_append(&blob, "usr/bin/x", 7, 0755, &contents));
	assert_true(cpio_append(&blob, "usr/bin/y/z", 3, 0755, &contents));
	read_archives(&blob, 0);
	assert_int_equal(entry_count, 4);
	assert_string_equal(entries[0].name, "usr/bin/x");
	assert_string_equal(entries[1].name, "usr/bin");
	assert_string_equal(entries[2].name, "usr/bin/y");
	assert_string_equal(entries[3].name, "usr/bin/y/z");
	blob_free(&blob);
}

/* lz4's legacy frame has no end of its own; Linux takes four zeros for one. */
static void four_zeros_come_before_it(void **state)
{
	(void)state;
	for (size_t before = 1; before < 9; before++) {
		struct blob blob = {malloc(before), before}, contents = {0};
		assert_non_null(blob.bytes);
		memset(blob.bytes, 'x', before);
		assert_true(cpio_append(&blob, "a", 0, 0644, &contents));
		assert_memory_equal(blob.bytes + before, "\0\0\0\0", 4);
		blob_free(&blob);
	}
}

static void unusable_paths_are_refused_and_change_nothing(void **state)
{
	static char long_path[PATH_MAX + 2], long_name[NAME_MAX + 3];
	const char *const wrong[] = {"",   "/",	     "//a", "a/",      "a//b",	 ".",
				     "..", "a/../b", "./a", long_path, long_name};
	struct blob contents = {0};

	(void)state;
	for (int i = 0; i < PATH_MAX; i++)
		long_path[i] = i % 2 ? '/' : 'a';
	long_path[PATH_MAX] = 'a';
	memset(long_name, 'n', NAME_MAX + 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct blob blob = {(uint8_t[]){"keep"}, 4};
		assert_false(cpio_append(&blob, wrong[i], 0, 0644, &contents));
		assert_int_equal(blob.len, 4);
		assert_memory_equal(blob.bytes, "keep", 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_comes_with_its_folders),
		cmocka_unit_test(what_was_there_stays_and_archives_are_aligned),
		cmocka_unit_test(a_few_folders_have_a_mode_of_their_own),
		cmocka_unit_test(folders_that_are_there_are_not_written),
		cmocka_unit_test(four_zeros_come_before_it),
		cmocka_unit_test(unusable_paths_are_refused_and_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
