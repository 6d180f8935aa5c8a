/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a Linux guest keeps which task each of its harts runs (the curr of its run queues), and
 * what a task is called, and where it has its modules: by the names and the types (BTF) of its
 * kernel, in the memory of the process that has it. Pure: memory comes from a reader, and has any
 * contents; it may change meanwhile.
 */
#ifndef VHART_TASK_SEARCH_H
#define VHART_TASK_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exit_task.h"
#include "trace/guest/image_search.h"
#include "trace/guest/module_search.h"
#include "trace/guest/symbols.h"
#include "trace/guest/task_maps.h"

enum task_search_end {
	TASKS_FOUND,
	/* The others from what may change by itself to what has come furthest. */
	TASKS_NO_KERNEL, /* there is none that could have tasks yet */
	TASKS_TOO_LONG,	 /* it was given up */
	TASKS_NO_MEMORY, /* none of ours, or none that may be read */
	TASKS_NO_NAMES,
	TASKS_NO_TYPES,
	TASKS_ENDS,
};

/* Words for why there are none, that stand behind a colon; for TASKS_FOUND: "". */
const char *task_search_words(enum task_search_end end);

struct task_search {
	const struct symbols *symbols; /* as linked, or as the kernel was moved since */
	/* SIZE bytes of the process's memory. False: they are not there. */
	bool (*read)(void *opaque, uint64_t address, void *out, size_t size);
	void *opaque;
};

/* Whether a kernel of these names can have anything found in it. */
bool task_search_has_names(const struct symbols *symbols);

/* What is found. */
struct task_kernel {
	struct task_places places; /* known */
	/* Not known where its types, or its names, lack something of them. */
	struct task_maps maps;
	struct module_places modules;
};

/* In the kernel at PLACE. Only with TASKS_FOUND is KERNEL filled. */
enum task_search_end task_search(const struct task_search *search, const struct image_place *place,
				 struct task_kernel *kernel);

#endif
