/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "devices/disk_format.h"

static uint8_t head[DISK_FORMAT_HEAD];

/* What the formats' own documents say, beside the table's rows. */
static const struct {
	size_t offset, len;
	const char *magic, *name;
} known[] = {
	{0, 8, "QFI\xfb\0\0\0\1", "qcow image"},
	{0, 8, "QFI\xfb\0\0\0\2", "qcow2"},
	{0, 8, "QFI\xfb\0\0\0\3", "qcow2"},
	{0, 4, "QED\0", "QED"},
	{0, 4, "KDMV", "VMDK"},
	{0, 4, "COWD", "VMDK"},
	{0, 8, "\xbe\xba\xfe\xca\0\0\0\0", "VMDK"},
	{0, 22, "# Disk DescriptorFile\n", "VMDK"},
	{0x40, 4, "\x7f\x10\xda\xbe", "VDI"},
	{0, 8, "vhdxfile", "VHDX"},
	{0, 8, "conectix", "VHD"},
	{0, 16, "WithoutFreeSpace", "Parallels"},
	{0, 16, "WithouFreSpacExt", "Parallels"},
	{0, 23, "Bochs Virtual HD Image", "Bochs"},
	{0, 41, "#!/bin/sh\n#V2.0 Format\nmodprobe cloop\nfile", "cloop"},
	{0, 4, "\x3a\xff\x26\xed", "Android"},
	{0, 3, "\x1f\x8b\x08", "gzip"},
	{0, 6, "\xfd\x37zXZ\0", "xz"},
	{0, 4, "\x28\xb5\x2f\xfd", "zstd"},
	{0, 4, "BZh9", "bzip2"},
	{0, 4, "\x04\x22\x4d\x18", "lz4"},
	{0, 9, "\x89LZO\0\x0d\x0a\x1a\x0a", "lzop"},
	{0, 5, "LZIP\1", "lzip"},
	{0, 4, "PK\3\4", "zip"},
	{0, 6, "7z\xbc\xaf\x27\x1c", "7z"},
};

static void images_are_known_by_their_magic(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct disk_format *format;

		memset(head, 0, sizeof(head));
		assert_null(disk_format_of(head, sizeof(head)));
		memcpy(head + known[i].offset, known[i].magic, known[i].len);
		format = disk_format_of(head, sizeof(head));
		assert_non_null(format);
		assert_non_null(strstr(format->name, known[i].name));
	}
}

/* The words of a refusal come from the row, so each has them, and can be reached. */
static void each_row_is_found_by_what_it_says(void **state)
{
	size_t count;
	const struct disk_format *formats = disk_formats(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct disk_format *row = &formats[i];

		assert_true(row->len >= 3 && row->offset + row->len <= DISK_FORMAT_HEAD);
		assert_true(*row->name && *row->before && *row->after);
		if (row->word)
			assert_string_equal(disk_format_word(row->word), row->word);
		memset(head, 0xa5, sizeof(head));
		memcpy(head + row->offset, row->magic, row->len);
		assert_ptr_equal(disk_format_of(head, sizeof(head)), row);
		/* A file may end with it, and not before. */
		assert_ptr_equal(disk_format_of(head, row->offset + row->len), row);
		assert_ptr_not_equal(disk_format_of(head, row->offset + row->len - 1), row);
	}
}

/* The worst that a file can be: any bytes, and so few that reading on would leave its memory. */
static void any_bytes_of_any_length_are_looked_at_as_far_as_they_go(void **state)
{
	size_t count;
	const struct disk_format *formats = disk_formats(&count);

	(void)state;
	srand(12);
	for (unsigned int round = 0; round < 20000; round++) {
		const struct disk_format *row = &formats[(size_t)rand() % count], *found;
		const size_t len = (size_t)rand() % 700;
		uint8_t *bytes = malloc(len ? len : 1);

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)rand();
		if (row->offset + row->len <= len && rand() % 2)
			memcpy(bytes + row->offset, row->magic, row->len);
		else if (row->offset < len && rand() % 2)
			memcpy(bytes + row->offset, row->magic,
			       len - row->offset < row->len ? len - row->offset : row->len);
		found = disk_format_of(bytes, len);
		if (found)
			assert_memory_equal(bytes + found->offset, found->magic, found->len);
		for (size_t i = 0; !found && i < count; i++)
			assert_true(formats[i].offset + formats[i].len > len ||
				    memcmp(bytes + formats[i].offset, formats[i].magic,
					   formats[i].len) != 0);
		free(bytes);
	}
}

/* A boot sector, a file system, a partition table, LUKS: what raw disks begin with. */
static void raw_disks_are_none_of_them(void **state)
{
	(void)state;
	memset(head, 0, sizeof(head));
	memcpy(head, "\xeb\x3c\x90mkfs.fat", 11);
	memcpy(head + 510, "\x55\xaa", 2);
	memcpy(head + 512, "EFI PART", 8);
	memcpy(head + 1080, "\x53\xef", 2);
	assert_null(disk_format_of(head, sizeof(head)));
	memcpy(head, "LUKS\xba\xbe\0\2", 8);
	assert_null(disk_format_of(head, sizeof(head)));
	memcpy(head, "hsqs", 4);
	assert_null(disk_format_of(head, sizeof(head)));
	assert_null(disk_format_of(head, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_are_known_by_their_magic),
		cmocka_unit_test(each_row_is_found_by_what_it_says),
		cmocka_unit_test(any_bytes_of_any_length_are_looked_at_as_far_as_they_go),
		cmocka_unit_test(raw_disks_are_none_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
