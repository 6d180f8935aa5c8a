/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that a machine boots from, kept open over its lives: a guest that resets boots what it
 * booted before, also when the file was removed or another took its name meanwhile.
 */
#ifndef VHART_KEPT_FILE_H
#define VHART_KEPT_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/file.h"

/* All zero: not loaded yet. */
struct kept_file {
	bool open;
	int fd;
	struct stat first; /* as it was when it was loaded first */
};

/*
 * As file_load(), and from then on out of the same open file. False after error() also when its
 * contents are not those of the first time any more (it was written to in place).
 */
bool kept_file_load(struct kept_file *kept, const char *what, const char *path, uint64_t limit,
		    const char *way_out, struct blob *blob);
void kept_file_close(struct kept_file *kept);

#endif
