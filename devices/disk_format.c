/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/disk_format.h"

#include <string.h>

#define CONVERT	   "qemu-img convert -O raw", "disk.raw"
#define UNPACK(by) by, "> disk.raw"

/*
 * What a raw disk may well hold is not among them: a partition table, a file system, LUKS, an
 * archive that the guest unpacks from there. Where one magic begins with another it is before it.
 */
static const struct disk_format formats[] = {
	{"a qcow image", "qcow", CONVERT, 0, 8, "QFI\xfb\0\0\0\1"},
	{"a qcow2 image", "qcow2", CONVERT, 0, 4, "QFI\xfb"},
	{"a QED image", "qed", CONVERT, 0, 4, "QED\0"},
	{"a VMDK image", "vmdk", CONVERT, 0, 4, "KDMV"},
	{"a VMDK image", "vmdk", CONVERT, 0, 4, "COWD"},
	{"a VMDK image", "vmdk", CONVERT, 0, 8, "\xbe\xba\xfe\xca\0\0\0\0"},
	{"the description of a VMDK image", "vmdk", CONVERT, 0, 21, "# Disk DescriptorFile"},
	{"a VDI image", "vdi", CONVERT, 0x40, 4, "\x7f\x10\xda\xbe"},
	{"a VHDX image", "vhdx", CONVERT, 0, 8, "vhdxfile"},
	{"a VHD image", "vpc", CONVERT, 0, 8, "conectix"},
	{"a Parallels image", "parallels", CONVERT, 0, 16, "WithoutFreeSpace"},
	{"a Parallels image", "parallels", CONVERT, 0, 16, "WithouFreSpacExt"},
	{"a Bochs image", NULL, CONVERT, 0, 22, "Bochs Virtual HD Image"},
	{"a cloop image", NULL, CONVERT, 0, 25, "#!/bin/sh\n#V2.0 Format\nmo"},
	{"an Android sparse image", NULL, "simg2img", "disk.raw", 0, 4, "\x3a\xff\x26\xed"},
	{"compressed with gzip", NULL, UNPACK("gzip -dc"), 0, 3, "\x1f\x8b\x08"},
	{"compressed with xz", NULL, UNPACK("xz -dc"), 0, 6, "\xfd\x37zXZ\0"},
	{"compressed with zstd", NULL, UNPACK("zstd -dc"), 0, 4, "\x28\xb5\x2f\xfd"},
	{"compressed with bzip2", NULL, UNPACK("bzip2 -dc"), 0, 3, "BZh"},
	{"compressed with lz4", NULL, UNPACK("lz4 -dc"), 0, 4, "\x04\x22\x4d\x18"},
	{"compressed with lzop", NULL, UNPACK("lzop -dc"), 0, 4, "\x89LZO"},
	{"compressed with lzip", NULL, UNPACK("lzip -dc"), 0, 4, "LZIP"},
	{"a zip archive", NULL, UNPACK("unzip -p"), 0, 4, "PK\3\4"},
	{"a 7z archive", NULL, UNPACK("7z x -so"), 0, 6, "7z\xbc\xaf\x27\x1c"},
};

const struct disk_format *disk_formats(size_t *count)
{
	*count = sizeof(formats) / sizeof(formats[0]);
	return formats;
}

const struct disk_format *disk_format_of(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (len >= formats[i].offset + formats[i].len &&
		    !memcmp(head + formats[i].offset, formats[i].magic, formats[i].len))
			return &formats[i];
	}
	return NULL;
}

const char *disk_format_word(const char *text)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].word && !strcmp(formats[i].word, text))
			return formats[i].word;
	return NULL;
}
