/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What code a process of a Linux guest has mapped: its kernel's list of that (a maple tree, Linux
 * 6.1 and later), in the memory of the process that has the guest. The guest may run meanwhile, or
 * lie: what does not fit together is left out, and what is looked at is bounded. Pure.
 */
#ifndef VHART_TASK_MAPS_H
#define VHART_TASK_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exit_task.h"

#define TASK_PATH     256u
#define TASK_MAPPINGS 512u /* of a process, at most */

/* Members of the kernel's structures. */
enum task_map_member {
	MM_TREE,
	VMA_START,
	VMA_END,
	VMA_PGOFF,
	VMA_FLAGS,
	VMA_MM,
	VMA_FILE,
	FILE_DENTRY,
	FILE_MOUNT,
	DENTRY_NAME,
	DENTRY_LENGTH,
	DENTRY_PARENT,
	MOUNT_INSIDE, /* what FILE_MOUNT points to, in its struct mount */
	MOUNT_ROOT,   /* and in that */
	MOUNT_PARENT,
	MOUNT_POINT,
	RANGE_PIVOT,
	RANGE_SLOT,
	ARANGE_PIVOT,
	ARANGE_SLOT,
	TASK_MAP_MEMBERS
};

/* Where they are, for btf_offset(). */
extern const char *const task_map_members[TASK_MAP_MEMBERS];

struct task_maps {
	uint64_t offsets[TASK_MAP_MEMBERS];
	bool known; /* all of these */
};

struct task_mapping {
	uint64_t start, end;
	uint64_t offset;      /* in the file */
	char path[TASK_PATH]; /* as the guest's first process sees it; "": no file, or too long */
};

struct task_maps_reader {
	const struct task_places *places;
	const struct task_maps *maps; /* known */
	/* SIZE bytes of the process's memory. False: they are not there. */
	bool (*read)(void *opaque, uint64_t address, void *out, size_t size);
	/* A mapping that may be executed, in the order of their addresses. False: no more. */
	bool (*take)(void *opaque, const struct task_mapping *mapping);
	void *opaque;
};

/* All of the process whose mm_struct is at MM in the guest. */
void task_maps_list(const struct task_maps_reader *reader, uint64_t mm);

#endif
