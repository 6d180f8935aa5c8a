/* SPDX-License-Identifier: Apache-2.0 */
/* --inject: files of the host's, put into the initrd. */
#ifndef VHART_INJECT_H
#define VHART_INJECT_H

#include "vmm/config.h"
#include "vmm/image.h"

/* Adds all of CONFIG's injected files to INITRD, which is empty where there is none. False after
 * error(). */
bool inject_files(const struct config *config, struct blob *initrd);

#endif
