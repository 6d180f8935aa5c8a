/* SPDX-License-Identifier: Apache-2.0 */
/* Archives that Linux unpacks as its initrd. */
#ifndef VHART_CPIO_H
#define VHART_CPIO_H

#include "base/file.h"

/*
 * Appends one newc cpio archive to BLOB (4-byte aligned) with the file GUEST_PATH of MODE, and
 * CONTENTS, and before it those of its folders that are not there: the first THERE bytes of the
 * path, without a slash before it, are. Linux reads it behind whatever it can read. False: no
 * memory or path not usable (empty, too long, ..).
 */
bool cpio_append(struct blob *blob, const char *guest_path, size_t there, unsigned int mode,
		 const struct blob *contents);

#endif
