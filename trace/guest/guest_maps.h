/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest's processes have mapped (task_maps.h), looked up in the memory of its VMM by a
 * helper. */
#ifndef VHART_GUEST_MAPS_H
#define VHART_GUEST_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/guest/task_maps.h"

/* A guest's kernel: where its tasks are, and what it has of their mappings. */
struct guest_maps {
	pid_t pid; /* of the VMM */
	const struct task_places *places;
	const struct task_maps *maps;
};

/*
 * Gives TAKE each mapping with code of the process whose mm_struct is at MM, until it says false.
 * What stands behind the VMM's memory may let it wait: PATIENCE ns at most.
 */
void guest_maps_list(const struct guest_maps *guest, uint64_t mm, uint64_t patience,
		     bool (*take)(void *opaque, const struct task_mapping *mapping), void *opaque);

#endif
