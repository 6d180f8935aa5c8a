/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Linux makes of an initrd: the files, folders and links that are there when its archives have
 * been unpacked, without their contents. It follows Linux's init/initramfs.c, and its
 * Documentation/driver-api/early-userspace/buffer-format.rst. Pure; untrusted bytes, fuzzed.
 */
#ifndef VHART_INITRD_H
#define VHART_INITRD_H

#include "base/image_formats.h"
#include "vmm/boot/initrd_tree.h"

enum initrd_reading {
	INITRD_READ,
	/* From some place on it cannot be looked into, but Linux can. */
	INITRD_OPAQUE,
	/* Linux stops there: what is put behind it is lost. */
	INITRD_BROKEN,
};

/*
 * Adds all that is in BLOB, unpacked to at most LIMIT bytes. Unless it is read to its end, MESSAGE
 * is words that follow its name.
 */
enum initrd_reading initrd_read(struct initrd *initrd, const struct blob *blob, uint64_t limit,
				char message[IMAGE_MESSAGE_MAX]);

/*
 * How many bytes at the end of BLOB are a bootconfig (Linux, Documentation/admin-guide/
 * bootconfig.rst): it has to stay at the end. 0: there is none.
 */
size_t initrd_bootconfig(const struct blob *blob);

#endif
