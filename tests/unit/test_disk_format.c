/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "devices/disk_format.h"

static uint8_t head[DISK_FORMAT_HEAD];

static void assert_format(size_t offset, const char *magic, size_t len, const char *name)
{
	memset(head, 0, sizeof(head));
	assert_null(disk_format_of(head, sizeof(head)));
	memcpy(head + offset, magic, len);
	const struct disk_format *format = disk_format_of(head, sizeof(head));
	assert_non_null(format);
	assert_non_null(strstr(format->name, name));
	/* Not in a file that ends before. */
	assert_null(disk_format_of(head, offset + len - 1));
	assert_ptr_equal(disk_format_of(head, offset + len), format);
}

static void images_are_known_by_their_magic(void **state)
{
	(void)state;
	assert_format(0, "QFI\xfb", 4, "qcow2");
	assert_format(0, "KDMV", 4, "VMDK");
	assert_format(0, "# Disk DescriptorFile", 21, "VMDK");
	assert_format(0x40, "\x7f\x10\xda\xbe", 4, "VDI");
	assert_format(0, "vhdxfile", 8, "VHDX");
	assert_format(0, "conectix", 8, "VHD");
	assert_format(0, "\x1f\x8b\x08", 3, "gzip");
	assert_format(0, "\xfd\x37zXZ\0", 6, "xz");
	assert_format(0, "\x28\xb5\x2f\xfd", 4, "zstd");
	assert_format(0, "BZh", 3, "bzip2");
}

/* A boot sector, a file system and a partition table: what raw disks begin with. */
static void raw_disks_are_none_of_them(void **state)
{
	(void)state;
	memset(head, 0, sizeof(head));
	memcpy(head, "\xeb\x3c\x90mkfs.fat", 11);
	memcpy(head + 510, "\x55\xaa", 2);
	memcpy(head + 512, "EFI PART", 8);
	memcpy(head + 1080, "\x53\xef", 2);
	assert_null(disk_format_of(head, sizeof(head)));
	assert_null(disk_format_of(head, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_are_known_by_their_magic),
		cmocka_unit_test(raw_disks_are_none_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
