/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/disk_format.h"

#include <string.h>

#define CONVERT "qemu-img convert -O raw", "disk.raw"

static const struct {
	size_t offset, len;
	const char *magic;
	struct disk_format format;
} formats[] = {
	{0, 4, "QFI\xfb", {"a qcow2 image", CONVERT}},
	{0, 4, "QED\0", {"a QED image", CONVERT}},
	{0, 4, "KDMV", {"a VMDK image", CONVERT}},
	{0, 4, "COWD", {"a VMDK image", CONVERT}},
	{0, 21, "# Disk DescriptorFile", {"the description of a VMDK image", CONVERT}},
	{0x40, 4, "\x7f\x10\xda\xbe", {"a VDI image", CONVERT}},
	{0, 8, "vhdxfile", {"a VHDX image", CONVERT}},
	{0, 8, "conectix", {"a VHD image", CONVERT}},
	{0, 16, "WithoutFreeSpace", {"a Parallels image", CONVERT}},
	{0, 16, "WithouFreSpacExt", {"a Parallels image", CONVERT}},
	{0, 4, "\x3a\xff\x26\xed", {"an Android sparse image", "simg2img", "disk.raw"}},
	{0, 3, "\x1f\x8b\x08", {"compressed with gzip", "gzip -dc", "> disk.raw"}},
	{0, 6, "\xfd\x37zXZ\0", {"compressed with xz", "xz -dc", "> disk.raw"}},
	{0, 4, "\x28\xb5\x2f\xfd", {"compressed with zstd", "zstd -dc", "> disk.raw"}},
	{0, 3, "BZh", {"compressed with bzip2", "bzip2 -dc", "> disk.raw"}},
	{0, 4, "\x04\x22\x4d\x18", {"compressed with lz4", "lz4 -dc", "> disk.raw"}},
	{0, 4, "\x89LZO", {"compressed with lzop", "lzop -dc", "> disk.raw"}},
	{0, 4, "PK\3\4", {"a zip archive", "unzip -p", "> disk.raw"}},
};

const struct disk_format *disk_format_of(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (len >= formats[i].offset + formats[i].len &&
		    !memcmp(head + formats[i].offset, formats[i].magic, formats[i].len))
			return &formats[i].format;
	}
	return NULL;
}
