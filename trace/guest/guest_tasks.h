/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for a guest's tasks (task_search.h) in the memory of its VMM, whatever VMM that is. A
 * helper does it, so that nobody waits for it who has something better to do.
 */
#ifndef VHART_GUEST_TASKS_H
#define VHART_GUEST_TASKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/guest/helper.h"
#include "trace/guest/task_search.h"

/* A search. All zero: there is none. */
struct guest_tasks {
	bool running;
	struct helper helper;
	enum task_search_end end; /* where it could not begin */
};

/* In the memory of process PID; SYMBOLS are those of its kernel, as they are now. */
void guest_tasks_begin(struct guest_tasks *tasks, pid_t pid, const struct symbols *symbols);

/*
 * Waits until it has ended, at most PATIENCE ns. True: it has, with END, and KERNEL where that is
 * TASKS_FOUND; the next one may begin. False: it goes on.
 */
bool guest_tasks_ended(struct guest_tasks *tasks, uint64_t patience, enum task_search_end *end,
		       struct task_kernel *kernel);

/* Ends it, if there is one. */
void guest_tasks_stop(struct guest_tasks *tasks);

#endif
