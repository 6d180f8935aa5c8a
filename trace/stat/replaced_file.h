/* SPDX-License-Identifier: Apache-2.0 */
/* A file whose readers see a whole text, either the last or the one before. */
#ifndef VHART_REPLACED_FILE_H
#define VHART_REPLACED_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether replaced_file_write() could begin now. OPTION is named in error(), after which it is
 * false. */
bool replaced_file_can(const char *option, const char *path);
/* PATH becomes a file of these LEN bytes, in one step: by another in the same folder, which takes
 * its name. OPTION is named in error(), after which it is false, and PATH as it was. */
bool replaced_file_write(const char *option, const char *path, const char *text, size_t len);

#endif
