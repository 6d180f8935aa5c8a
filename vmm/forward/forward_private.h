/* SPDX-License-Identifier: Apache-2.0 */
/* The forward from the inside: for forward.c and forward_counts.c. */
#ifndef VHART_FORWARD_PRIVATE_H
#define VHART_FORWARD_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "vmm/forward/forward_map.h"
#include "vmm/forward/forward_programs.h"

struct forward {
	struct forward_rules rules;
	unsigned int harts;
	struct forward_target target;
	const char *way;
	bool reported; /* forward_check() said what happened */
	struct forward_programs programs;
	struct forward_slot *slots; /* mmap-ed, as the counts are */

	pthread_mutex_t lock; /* for forward_count() */
	int count_failure;    /* -errno */
	struct forward_programs count_programs;
	_Atomic(const struct forward_counts *) counts; /* set last; NULL: not counted */
};

/* The values of a map of programs; NULL with errno. */
void *forward_map(int map, size_t size);

void forward_end_counts(struct forward *forward);

#endif
