/* SPDX-License-Identifier: Apache-2.0 */
/* A file whose readers see a whole text, either the last or the one before. */
#ifndef VHART_REPLACED_FILE_H
#define VHART_REPLACED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether replaced_file_write() could begin now. OPTION is named in error(), after which it is
 * false. */
bool replaced_file_can(const char *option, const char *path);
/* PATH becomes a file of these LEN bytes, in one step: by another in the same folder, which takes
 * its name. OPTION is named in error(), after which it is false, and PATH as it was. */
bool replaced_file_write(const char *option, const char *path, const char *text, size_t len);
/* The same of what PRINT, which gets OPAQUE, writes: it returns 0 or a negative error number. */
bool replaced_file_print(const char *option, const char *path, int (*print)(void *opaque, FILE *to),
			 void *opaque);

#endif
