/* SPDX-License-Identifier: Apache-2.0 */
/* --inject: files of the host's, put into the initrd. */
#ifndef VHART_INJECT_H
#define VHART_INJECT_H

#include "base/file.h"
#include "vmm/boot/kept_file.h"
#include "vmm/config.h"

/* Adds all of CONFIG's injected files to INITRD, which is empty where there is none; KEPT has them
 * from one life to the next. False after error(). */
bool inject_files(const struct config *config, struct kept_file kept[CONFIG_MAX_INJECTS],
		  struct blob *initrd);

#endif
