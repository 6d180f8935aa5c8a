/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmm/loop.h without a kernel, for fuzzers and for tests that want every turn to be the same: file
 * I/O happens when the turn comes, timers expire as soon as nothing else is left to do. Link it and
 * the real loop stays out.
 */
#include "vmm/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct loop {
	bool stop;
	struct loop_io *io;
	struct loop_task *tasks, **tasks_last;
	struct loop_timer *timers;
};

struct loop *loop_new(pthread_mutex_t *lock)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	(void)lock;
	if (loop)
		loop->tasks_last = &loop->tasks;
	return loop;
}

static int perform(const struct loop_io *io)
{
	ssize_t result = -1;

	switch (io->op) {
	case LOOP_READ: result = preadv(io->fd, io->iov, io->iov_count, (off_t)io->offset); break;
	case LOOP_WRITE: result = pwritev(io->fd, io->iov, io->iov_count, (off_t)io->offset); break;
	case LOOP_FSYNC: result = 0; break; /* nobody pulls a plug here */
	case LOOP_FALLOCATE:
		result = fallocate(io->fd, io->mode, (off_t)io->offset, (off_t)io->len);
		break;
	}
	return result < 0 ? -errno : (int)result;
}

static bool run_io(struct loop *loop)
{
	struct loop_io *io = loop->io;

	if (!io)
		return false;
	loop->io = io->next;
	io->done(io, perform(io));
	return true;
}

static bool run_task(struct loop *loop)
{
	struct loop_task *task = loop->tasks;

	if (!task)
		return false;
	loop->tasks = task->next;
	if (!loop->tasks)
		loop->tasks_last = &loop->tasks;
	task->posted = false;
	task->run(task);
	return true;
}

static bool run_timer(struct loop *loop)
{
	struct loop_timer *timer = loop->timers;

	if (!timer)
		return false;
	loop->timers = timer->next;
	timer->deadline = 0;
	timer->expired(timer);
	return true;
}

void loop_drain(struct loop *loop)
{
	while (run_io(loop))
		;
}

void loop_free(struct loop *loop)
{
	if (loop)
		loop_drain(loop);
	free(loop);
}

int loop_run(struct loop *loop)
{
	while (!loop->stop && (run_io(loop) || run_task(loop) || run_timer(loop)))
		;
	loop->stop = false;
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}

/* Nothing becomes ready by itself; a test calls watch->ready(). */
int loop_watch_add(struct loop *loop, struct loop_watch *watch)
{
	(void)loop;
	watch->internal = 1;
	return 0;
}

void loop_watch_remove(struct loop *loop, struct loop_watch *watch)
{
	(void)loop;
	watch->internal = 0;
}

void loop_submit(struct loop *loop, struct loop_io *io)
{
	struct loop_io **at = &loop->io;

	while (*at)
		at = &(*at)->next;
	io->next = NULL;
	*at = io;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t after_ns)
{
	struct loop_timer **at = &loop->timers;

	while (*at && *at != timer)
		at = &(*at)->next;
	if (*at)
		*at = timer->next;
	timer->deadline = after_ns;
	if (!after_ns)
		return;
	for (at = &loop->timers; *at && (*at)->deadline <= after_ns;)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
}

void loop_post(struct loop *loop, struct loop_task *task)
{
	if (task->posted)
		return;
	task->posted = true;
	task->next = NULL;
	*loop->tasks_last = task;
	loop->tasks_last = &task->next;
}
