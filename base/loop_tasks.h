/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's tasks: work that was put off, in the order in which it was posted. Pure. A task is
 * embedded in its user's own; the list keeps a pointer until it runs or is withdrawn.
 */
#ifndef VHART_LOOP_TASKS_H
#define VHART_LOOP_TASKS_H

#include <stdbool.h>

struct loop_task {
	void (*run)(struct loop_task *task);
	void *opaque;
	bool posted; /* the list's, as is: */
	struct loop_task *next;
};

struct loop_tasks {
	struct loop_task *first, **last;
};

void loop_tasks_init(struct loop_tasks *tasks);

/* TASK runs after all that were posted before. Posting it again before it ran is the same as
 * posting it once. */
void loop_tasks_post(struct loop_tasks *tasks, struct loop_task *task);

/* TASK does not run any more, if it was posted. Also while another runs. */
void loop_tasks_withdraw(struct loop_tasks *tasks, struct loop_task *task);

/* Runs what is posted. What a task posts meanwhile waits for another call. */
void loop_tasks_run(struct loop_tasks *tasks);

#endif
