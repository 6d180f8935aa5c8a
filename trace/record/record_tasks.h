/* SPDX-License-Identifier: Apache-2.0 */
/* While a VM is recorded: where its guest's kernel is, and the BPF programs find its tasks, as soon
 * as there are any, and again when it is booted again. */
#ifndef VHART_RECORD_TASKS_H
#define VHART_RECORD_TASKS_H

#include <stdint.h>
#include <sys/types.h>

#include "trace/guest/guest_maps.h"
#include "trace/guest/guest_tasks.h"
#include "trace/record/recording.h"
#include "trace/sources/collector.h"

struct record_tasks {
	pid_t pid;		       /* of the VM */
	struct task_places *places;    /* the collector's, of this VM; NULL: only the kernel is
					  looked for */
	const struct symbols *symbols; /* of its kernel: they may be found later */
	struct guest_tasks search;
	enum task_search_end why; /* as the last search ended */
	struct task_kernel found;
	bool pending;  /* that is not given to the programs yet */
	uint64_t next; /* when the next search may begin */
};

/* Looks for them in a VM that runs already, PATIENCE ns at most. */
void record_tasks_await(struct record_tasks *tasks, uint64_t patience);

/* To be called now and then. */
void record_tasks_follow(struct record_tasks *tasks, const struct collector *collector);

/* The kernel that was found; NULL: none, or it does not run any more. */
const struct task_kernel *record_tasks_kernel(const struct record_tasks *tasks);

/* It was booted again, as is seen in its memory. */
void record_tasks_forget(struct record_tasks *tasks);

/* What is known of the guest, for guest_maps_list(). False: nothing is. */
bool record_tasks_guest(const struct record_tasks *tasks, struct guest_maps *guest);

/* TASK is what the collector has; NULL: it is not known. */
void record_tasks_put(const struct exit_task *task, struct recording_task *to);

void record_tasks_stop(struct record_tasks *tasks);

#endif
