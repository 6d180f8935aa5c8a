/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a disk image consists of: its own, and those that it names. */
#ifndef VHART_DISK_FILES_H
#define VHART_DISK_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/config.h"

#define DISK_FILES_NAME_MAX 1023u /* of a backing file, as qcow2 has it */
#define DISK_FILES_DEPTH    32u

/* What the head of an image says of others. */
struct disk_parts {
	uint64_t name_at; /* where in the image the name of its backing file is; 0: it has none */
	uint32_t name_len;
	bool has_data;	  /* in its own folder, as its format has it */
	bool has_backing; /* perhaps, in its own folder: which is not looked up here */
};

/* Pure. LEN bytes at HEAD begin an image of any format. */
struct disk_parts disk_files_in(const uint8_t *head, size_t len);

/* Pure. NAME in the image at IMAGE, as a path. False: it is no file, or the path is too long. */
bool disk_files_path(const char *image, const char *name, char path[PATH_MAX]);

/*
 * Allows by RULES (confine.h) what the disk consists of, and no more. 0, or an errno. A disk that
 * is not what its format says it is names no others: a guest can have written what is found there.
 */
int disk_files_allow(int rules, const struct config_disk *disk);

#endif
