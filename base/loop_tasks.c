/* SPDX-License-Identifier: Apache-2.0 */

#include "base/loop_tasks.h"

#include <stddef.h>

void loop_tasks_init(struct loop_tasks *tasks)
{
	tasks->first = NULL;
	tasks->last = &tasks->first;
}

void loop_tasks_post(struct loop_tasks *tasks, struct loop_task *task)
{
	if (task->posted)
		return;
	task->posted = true;
	task->next = NULL;
	*tasks->last = task;
	tasks->last = &task->next;
}

void loop_tasks_withdraw(struct loop_tasks *tasks, struct loop_task *task)
{
	struct loop_task **at = &tasks->first;

	if (!task->posted)
		return;
	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	if (!*at)
		tasks->last = at;
	task->posted = false;
}

static void nothing(struct loop_task *task)
{
	(void)task;
}

/* A mark behind those that are to run, which stay in the list until their turn: each of them can
 * still be withdrawn. */
void loop_tasks_run(struct loop_tasks *tasks)
{
	struct loop_task mark = {.run = nothing};

	loop_tasks_post(tasks, &mark);
	while (mark.posted) {
		struct loop_task *task = tasks->first;

		loop_tasks_withdraw(tasks, task);
		task->run(task);
	}
}
