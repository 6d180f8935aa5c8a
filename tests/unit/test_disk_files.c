/* SPDX-License-Identifier: Apache-2.0 */
/* Which files an image consists of: a hostile one names what it likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/disk_format.h"
#include "vmm/run/disk_files.h"

static uint8_t head[DISK_FORMAT_HEAD];

static void put(size_t at, size_t len, uint64_t value)
{
	while (len-- > 0) {
		head[at + len] = (uint8_t)value;
		value >>= 8;
	}
}

static void make_qcow(uint32_t version, uint64_t name_at, uint32_t name_len, uint64_t incompatible)
{
	memset(head, 0, sizeof(head));
	memcpy(head, "QFI\xfb", 4);
	put(4, 4, version);
	put(8, 8, name_at);
	put(16, 4, name_len);
	put(72, 8, incompatible);
}

static void assert_parts(uint64_t name_at, uint32_t name_len, bool has_others)
{
	const struct disk_parts parts = disk_files_in(head, sizeof(head));

	assert_int_equal(parts.name_at, name_at);
	if (name_at)
		assert_int_equal(parts.name_len, name_len);
	assert_int_equal(parts.has_others, has_others);
}

static void qcow_says_where_the_name_of_its_backing_file_is(void **state)
{
	(void)state;
	make_qcow(3, 0, 0, 0);
	assert_parts(0, 0, false);
	for (uint32_t version = 1; version <= 3; version++) {
		make_qcow(version, 0x1a0, 9, 0);
		assert_parts(0x1a0, 9, false);
	}
	make_qcow(3, 0x1a0, 9, 1ull << 2);
	assert_parts(0x1a0, 9, true);
	/* These bits mean nothing in version 2. */
	make_qcow(2, 0, 0, 1ull << 2);
	assert_parts(0, 0, false);
	make_qcow(3, 0x1a0, DISK_FILES_NAME_MAX, 0);
	assert_parts(0x1a0, DISK_FILES_NAME_MAX, false);
	/* QEMU refuses these. */
	make_qcow(3, 0x1a0, DISK_FILES_NAME_MAX + 1, 0);
	assert_parts(0, 0, false);
	make_qcow(3, 1ull << 63, 9, 0);
	assert_parts(0, 0, false);
}

/* Of these it is not read which. */
static void vmdk_and_qed_may_have_others_beside_them(void **state)
{
	(void)state;
	memset(head, 0, sizeof(head));
	memcpy(head, "# Disk DescriptorFile\nversion=1\n", 32);
	assert_parts(0, 0, true);
	memset(head, 0, sizeof(head));
	memcpy(head, "KDMV", 4);
	assert_parts(0, 0, true);
	memcpy(head, "QED\0", 4);
	assert_parts(0, 0, true);
	memset(head, 0, sizeof(head));
	memcpy(head, "vhdxfile", 8);
	assert_parts(0, 0, false);
	memset(head, 0, sizeof(head));
	assert_parts(0, 0, false);
}

static void any_head_of_any_length_is_read_as_far_as_it_goes(void **state)
{
	static const char *const magics[] = {"QFI\xfb", "# Disk DescriptorFile", "KDMV",
					     "vhdxfile"};

	(void)state;
	srand(12);
	for (unsigned int round = 0; round < 20000; round++) {
		const size_t len = (size_t)rand() % 160;
		const char *magic = magics[(size_t)rand() % 4];
		uint8_t *bytes = malloc(len ? len : 1);
		struct disk_parts parts;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(rand() % 4 ? 0 : rand());
		memcpy(bytes, magic, strlen(magic) < len ? strlen(magic) : len);
		parts = disk_files_in(bytes, len);
		assert_true(!parts.name_at || (len >= 80 && *magic == 'Q'));
		assert_true(!parts.name_at || parts.name_len - 1 < DISK_FILES_NAME_MAX);
		free(bytes);
	}
}

static void names_are_seen_from_the_image(void **state)
{
	static const struct {
		const char *image, *name, *path; /* NULL: it is no file */
	} rows[] = {
		{"a.qcow2", "b", "b"},
		{"d/a", "b", "d/b"},
		{"/d/e/a", "../b", "/d/e/../b"},
		{"d/a", "/b", "/b"},
		{"d/a", "file:b", "d/b"},
		{"d/a", "file:/b", "/b"},
		{"d/a", "nbd://h/b", NULL},
		{"d/a", "json:{}", NULL},
		{"d/a", "", NULL},
		{"d/a", "file:", NULL},
	};
	static char folder[PATH_MAX];
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(disk_files_path(rows[i].image, rows[i].name, path),
				 rows[i].path != NULL);
		if (rows[i].path)
			assert_string_equal(path, rows[i].path);
	}
	memset(folder, 'x', sizeof(folder) - 3);
	folder[sizeof(folder) - 4] = '/';
	assert_true(disk_files_path(folder, "ab", path));
	assert_false(disk_files_path(folder, "abc", path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qcow_says_where_the_name_of_its_backing_file_is),
		cmocka_unit_test(vmdk_and_qed_may_have_others_beside_them),
		cmocka_unit_test(any_head_of_any_length_is_read_as_far_as_it_goes),
		cmocka_unit_test(names_are_seen_from_the_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
