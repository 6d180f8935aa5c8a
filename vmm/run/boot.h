/* SPDX-License-Identifier: Apache-2.0 */
/* From boot files to a hart that can start. */
#ifndef VHART_BOOT_H
#define VHART_BOOT_H

#include <stdbool.h>

#include "base/file.h"
#include "vmm/boot/kept_file.h"
#include "vmm/config.h"

struct backends;
struct flash_file;
struct machine;

/* The files that a machine boots from. */
struct boot_files {
	struct blob kernel; /* or the firmware */
	struct blob initrd; /* with the injected files */
	struct blob dtb;    /* of --dtb; empty: the board's own is made */
	struct blob overlays[CONFIG_MAX_OVERLAYS];
	/* Open from the first life to the last. */
	struct kept_file kept_kernel, kept_initrd, kept_injects[CONFIG_MAX_INJECTS];
	struct kept_file kept_dtb, kept_overlays[CONFIG_MAX_OVERLAYS];
	struct flash_file *vars;   /* of firmware that starts in flash; NULL: it does not */
	struct backends *backends; /* NULL: no device needs one. As long as the kept files. */
};

/* Frees what is loaded; the files stay open. */
void boot_files_free(struct boot_files *files);

/* Images, FDT and the boot hart's registers. The overlays' bytes are used up. False after error().
 */
bool boot_prepare(struct machine *machine, const struct boot_files *files);

#endif
