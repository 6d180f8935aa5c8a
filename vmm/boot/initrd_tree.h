/* SPDX-License-Identifier: Apache-2.0 */
/* The names in an initrd, as Linux makes them: initrd.h fills it. Pure. */
#ifndef VHART_INITRD_TREE_H
#define VHART_INITRD_TREE_H

#include <limits.h>

#include "base/image_formats.h"

struct initrd;

/* NULL: no memory. */
struct initrd *initrd_new(void);
void initrd_free(struct initrd *initrd);

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

/* A file to come. */
struct initrd_place {
	char path[PATH_MAX]; /* no link in it, no slash before it */
	size_t there;	     /* so much of it, up to before a slash, are folders that are there */
};

/*
 * Where a file that is to be called GUEST_PATH lies, and is from now on: behind the links of its
 * folders. A file or link of that name gives way. False with MESSAGE filled, words that follow
 * GUEST_PATH: it is a folder, it is below a file, ".." leaves a folder that is not there, links go
 * in circles, or no memory.
 */
bool initrd_place(struct initrd *initrd, const char *guest_path, struct initrd_place *place,
		  char message[IMAGE_MESSAGE_MAX]);

#endif
