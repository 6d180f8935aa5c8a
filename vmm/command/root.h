/* SPDX-License-Identifier: Apache-2.0 */
/* --root: what the init needs for a root that is not its initrd's. */
#ifndef VHART_COMMAND_ROOT_FOLDER_H
#define VHART_COMMAND_ROOT_FOLDER_H

#include <stdbool.h>

#include "base/file.h"

struct config;

/*
 * Appends to INITRD who CMD runs as and where, and those modules of KERNEL without which there is
 * no such root, as far as they are found. False after error().
 */
bool guest_root_append(const struct config *config, const struct blob *kernel, struct blob *initrd);

#endif
