/* SPDX-License-Identifier: Apache-2.0 */
/* Which files an image consists of: a hostile one names what it likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devices/disk_format.h"
#include "vmm/run/confine.h"
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

static void assert_parts(uint64_t name_at, uint32_t name_len, bool has_data)
{
	const struct disk_parts parts = disk_files_in(head, sizeof(head));

	assert_int_equal(parts.name_at, name_at);
	if (name_at)
		assert_int_equal(parts.name_len, name_len);
	assert_int_equal(parts.has_data, has_data);
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

static void assert_backing(bool has_backing)
{
	assert_int_equal(disk_files_in(head, sizeof(head)).has_backing, has_backing);
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
	assert_parts(0, 0, false);
	assert_backing(true);
	memcpy(head, "QED\0", 4);
	assert_parts(0, 0, false);
	assert_backing(true);
	memset(head, 0, sizeof(head));
	memcpy(head, "vhdxfile", 8);
	assert_parts(0, 0, false);
	assert_backing(false);
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

/* ---- what may be reached ---- */

static void make_file(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

/* "r", "w", both or neither, of a process with the rules for a disk of this FORMAT at "image". */
static const char *reached(const char *format, const char *path)
{
	static const char *const words[] = {"", "r", "w", "rw"};
	const struct config_disk disk = {.path = "image", .format = format};
	const int rules = confine_new(false);
	int status = -1;
	pid_t child;

	assert_true(rules >= 0);
	assert_int_equal(disk_files_allow(rules, &disk), 0);
	child = fork();
	if (child == 0) {
		if (confine_enter(rules) != 0)
			_exit(4);
		_exit((open(path, O_RDONLY) >= 0) | (open(path, O_WRONLY) >= 0) << 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(rules);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 4);
	return words[WEXITSTATUS(status)];
}

static void an_image_that_names(const char *name)
{
	make_qcow(3, 0x100, (uint32_t)strlen(name), 0);
	memcpy(head + 0x100, name, strlen(name));
	make_file("image", head, sizeof(head));
}

static void an_image_reaches_what_it_names_and_no_more(void **state)
{
	(void)state;
	if (!confine_can())
		skip();
	an_image_that_names("behind");
	assert_string_equal(reached("qcow2", "image"), "rw");
	assert_string_equal(reached("qcow2", "behind"), "r");
	assert_string_equal(reached("qcow2", "beside"), "");
	/* All that is below a folder would be a lot. */
	an_image_that_names(".");
	assert_string_equal(reached("qcow2", "beside"), "");
	assert_string_equal(reached("qcow2", "image"), "rw");
}

/* As that of a VHD of fixed size, whose mark is at its end. */
static void a_head_that_a_guest_wrote_names_nothing(void **state)
{
	(void)state;
	if (!confine_can())
		skip();
	an_image_that_names("behind");
	assert_string_equal(reached("vpc", "image"), "rw");
	assert_string_equal(reached("vpc", "behind"), "");
}

static void what_is_beside_an_image_is_written_to_where_it_is_its_data(void **state)
{
	(void)state;
	if (!confine_can())
		skip();
	memset(head, 0, sizeof(head));
	memcpy(head, "KDMV", 4);
	make_file("image", head, sizeof(head));
	assert_string_equal(reached("vmdk", "beside"), "r");
	memcpy(head, "# Disk DescriptorFile\nversion=1\n", 32);
	make_file("image", head, sizeof(head));
	assert_string_equal(reached("vmdk", "beside"), "rw");
}

static int make_folder(void **state)
{
	static char folder[] = "/tmp/disk-files.XXXXXX";

	*state = mkdtemp(folder);
	if (!*state || chdir(folder) != 0)
		return -1;
	make_file("behind", "b", 1);
	make_file("beside", "b", 1);
	return 0;
}

static int remove_folder(void **state)
{
	unlink("image");
	unlink("behind");
	unlink("beside");
	return chdir("/") | rmdir(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qcow_says_where_the_name_of_its_backing_file_is),
		cmocka_unit_test(vmdk_and_qed_may_have_others_beside_them),
		cmocka_unit_test(any_head_of_any_length_is_read_as_far_as_it_goes),
		cmocka_unit_test(names_are_seen_from_the_image),
		cmocka_unit_test(an_image_reaches_what_it_names_and_no_more),
		cmocka_unit_test(a_head_that_a_guest_wrote_names_nothing),
		cmocka_unit_test(what_is_beside_an_image_is_written_to_where_it_is_its_data),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
