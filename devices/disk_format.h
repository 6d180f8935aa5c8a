/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the formats that are no raw disk image a file is in. Pure. */
#ifndef VHART_DISK_FORMAT_H
#define VHART_DISK_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define DISK_FORMAT_HEAD 4096u /* so much of a file tells */

struct disk_format {
	const char *name;	    /* "a qcow2 image" */
	const char *word;	    /* QEMU's, of one that qemu-storage-daemon can serve; or NULL */
	const char *before, *after; /* the command that makes a raw image, around the file's name */
	size_t offset, len;	    /* where such a file has MAGIC */
	const char *magic;
};

/* All that are known; *COUNT is how many. */
const struct disk_format *disk_formats(size_t *count);

/* The format of a file that begins with the LEN bytes at HEAD; NULL: none that is known. */
const struct disk_format *disk_format_of(const uint8_t *head, size_t len);

/* TEXT, if that is the word of one of them, as a constant; else NULL. */
const char *disk_format_word(const char *text);

#endif
