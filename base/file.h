/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in memory. */
#ifndef VHART_FILE_H
#define VHART_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a file or made from one (malloc); freed with blob_free(). */
struct blob {
	uint8_t *bytes;
	size_t len;
};
void blob_free(struct blob *blob);

/* Reads the whole regular file PATH, at most LIMIT bytes. False after error() with WHAT ("kernel")
 * and the reason: missing, empty, a directory, too big for the limit. */
bool file_load(const char *what, const char *path, uint64_t limit, struct blob *blob);

/* Its two halves. file_open() gives -1 after error(); file_load_open() leaves FD open. WAY_OUT is
 * what a user may do who needs more than LIMIT, such as "see --memory"; NULL: nothing. */
int file_open(const char *what, const char *path);
bool file_load_open(int fd, const char *what, const char *path, uint64_t limit, const char *way_out,
		    struct blob *blob);

#endif
