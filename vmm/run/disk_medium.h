/* SPDX-License-Identifier: Apache-2.0 */
/* What qemu-storage-daemon is told of a disk: a medium, and its export as a vhost-user device.
 * Pure.
 */
#ifndef VHART_DISK_MEDIUM_H
#define VHART_DISK_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/config.h"

/* The values of --blockdev and --export, into TEXT. DEVICE: the path is that of a block device.
 * False: they do not fit. */
bool disk_medium(const struct config_disk *disk, bool device, char *text, size_t room);
bool disk_export(const struct config_disk *disk, unsigned int cpus, char *text, size_t room);

#endif
