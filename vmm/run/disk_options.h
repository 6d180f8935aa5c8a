/* SPDX-License-Identifier: Apache-2.0 */
/* --disk. Pure. */
#ifndef VHART_DISK_OPTIONS_H
#define VHART_DISK_OPTIONS_H

#include "vmm/config.h"

/* As parse of base/option_spec.h; TARGET is a struct config. */
const char *disk_option(char *value, void *target);

/* Another process serves it: it is not raw, or not on this host. */
bool disk_option_is_served(const struct config_disk *disk);

#endif
