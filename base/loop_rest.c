/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop that is frozen. It does not touch its ring once its file I/O is completed: what the ring's
 * polls find meanwhile stays there, to be told when the loop is thawed.
 */

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/loop_private.h"

#define WATCHES_AT_REST 4u

static bool goes_on_resting(const struct loop *loop)
{
	return loop->frozen && !atomic_load(&loop->stop);
}

/* What the disks have in hand; a stop and a thaw wake the loop from this too. */
static int finish_io(struct loop *loop)
{
	int result = 0;

	while (loop->in_flight > 0 && goes_on_resting(loop) && result == 0) {
		result = loop_wait(loop, UINT64_MAX);
		loop_reap(loop);
	}
	return result;
}

/* The eventfd first, which a thaw and a stop write to, then the watches with while_frozen. */
static nfds_t watched_at_rest(const struct loop *loop, struct pollfd *fds)
{
	nfds_t count = 1;

	fds[0] = (struct pollfd){.fd = loop->wake_fd, .events = POLLIN};
	for (uint32_t i = 0; i < loop->slot_count && count <= WATCHES_AT_REST; i++) {
		const struct loop_watch *watch = loop->slots[i].watch;

		if (watch && watch->while_frozen)
			fds[count++] = (struct pollfd){.fd = watch->fd, .events = watch->events};
	}
	return count;
}

static void call_at_rest(struct loop *loop, const struct pollfd *ready)
{
	for (uint32_t i = 0; i < loop->slot_count; i++) {
		struct loop_watch *watch = loop->slots[i].watch;

		if (watch && watch->while_frozen && watch->fd == ready->fd)
			watch->ready(watch, ready->revents);
	}
}

/* Those of before count, too: that is one look more. */
static void take_wakes(const struct loop *loop)
{
	uint64_t count;
	ssize_t got = read(loop->wake_fd, &count, sizeof(count));

	(void)got;
}

static void wait_at_rest(struct loop *loop)
{
	const uint64_t wait_ns = loop_timers_wait(loop->timers_always, clock_now());
	const struct timespec limit = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
				       .tv_nsec = (long)(wait_ns % NS_PER_S)};
	struct pollfd fds[1 + WATCHES_AT_REST];
	nfds_t count = watched_at_rest(loop, fds);
	int ready;

	loop->sleeping = true;
	pthread_mutex_unlock(loop->lock);
	ready = ppoll(fds, count, wait_ns == UINT64_MAX ? NULL : &limit, NULL);
	take_wakes(loop);
	pthread_mutex_lock(loop->lock);
	loop->sleeping = false;
	for (nfds_t i = 1; i < count && ready > 0; i++)
		if (fds[i].revents)
			call_at_rest(loop, &fds[i]);
	loop_run_timers(&loop->timers_always);
}

/* A thaw takes resting back: what was submitted since is to be finished by another freeze. */
int loop_rest(struct loop *loop)
{
	const int result = finish_io(loop);

	if (!goes_on_resting(loop) || result < 0)
		return result;
	loop->resting = true;
	pthread_cond_broadcast(&loop->changed);
	while (loop->resting && goes_on_resting(loop))
		wait_at_rest(loop);
	loop->resting = false;
	return 0;
}

void loop_freeze(struct loop *loop)
{
	loop->frozen = true;
	loop_wake_up(loop);
}

void loop_wait_rest(struct loop *loop)
{
	while (loop->running && loop->frozen && !loop->resting)
		pthread_cond_wait(&loop->changed, loop->lock);
}

void loop_thaw(struct loop *loop)
{
	loop->frozen = false;
	loop->resting = false;
	loop_wake_up(loop);
}
