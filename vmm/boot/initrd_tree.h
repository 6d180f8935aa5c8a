/* SPDX-License-Identifier: Apache-2.0 */
/* The names in an initrd: for initrd.c, which fills it, and its tests. */
#ifndef VHART_INITRD_TREE_H
#define VHART_INITRD_TREE_H

#include "vmm/boot/initrd.h"

enum initrd_kind {
	INITRD_FOLDER,
	INITRD_LINK,
	INITRD_FILE /* or a device: what has no names below */
};

/*
 * What Linux does with an entry called PATH; TARGET, of LEN bytes, is where a link points to. What
 * Linux cannot make, below a folder that is not there for instance, is left out. False: no memory.
 */
bool initrd_tree_add(struct initrd *initrd, const char *path, enum initrd_kind kind,
		     const char *target, size_t len);

#endif
