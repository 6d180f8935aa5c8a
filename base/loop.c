/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only the loop's thread touches the io_uring. Other threads (which hold the lock) append to lists;
 * the loop turns those into submissions before it waits, and an eventfd wakes it when it sleeps.
 * So one system call a turn submits and waits, and no ring needs a lock of its own. What needs no
 * waiting at all is read and written on the way, without the lock.
 */

#include "base/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop_private.h"

#define RING_ENTRIES 256u

/* The low bits of user_data say what completed; the rest is a slot or a pointer. */
enum { TAG_IO = 0, TAG_WATCH = 1, TAG_CANCEL = 2, TAG_MASK = 7 };

static void queue_clear(struct io_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void queue_put(struct io_queue *queue, struct loop_io *io)
{
	io->next = NULL;
	*queue->last = io;
	queue->last = &io->next;
}

static struct loop_io *queue_get(struct io_queue *queue)
{
	struct loop_io *io = queue->first;

	if (!io)
		return NULL;
	queue->first = io->next;
	if (!queue->first)
		queue->last = &queue->first;
	return io;
}

/* What was in QUEUE, to be got from only. */
static struct io_queue queue_take(struct io_queue *queue)
{
	struct io_queue taken = *queue;

	queue_clear(queue);
	return taken;
}

void loop_wake_up(struct loop *loop)
{
	const uint64_t one = 1;
	ssize_t written = write(loop->wake_fd, &one, sizeof(one));

	(void)written; /* EAGAIN: the counter is full, so the loop is awake already */
}

static void wake_if_asleep(struct loop *loop)
{
	if (!loop->sleeping)
		return;
	loop->sleeping = false; /* once is enough */
	loop_wake_up(loop);
}

/* It is an edge: the counter is left as it is, and who wakes counts on. */
static void woken(struct loop_watch *watch, short revents)
{
	(void)watch;
	(void)revents;
}

struct loop *loop_new(pthread_mutex_t *lock)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int result;

	if (!loop)
		return NULL;
	loop->lock = lock;
	pthread_cond_init(&loop->changed, NULL);
	queue_clear(&loop->queued);
	queue_clear(&loop->finished);
	loop_tasks_init(&loop->tasks);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0) {
		free(loop);
		return NULL;
	}
	result = io_uring_queue_init(RING_ENTRIES, &loop->ring, IORING_SETUP_CLAMP);
	if (result < 0) {
		close(loop->wake_fd);
		free(loop);
		errno = -result;
		return NULL;
	}
	loop->wake = (struct loop_watch){
		.fd = loop->wake_fd, .events = POLLIN, .edge = true, .ready = woken};
	result = loop_watch_add(loop, &loop->wake);
	if (result < 0) {
		loop_free(loop);
		errno = -result;
		return NULL;
	}
	return loop;
}

/* ---- submissions, on the loop's thread ---- */

static struct io_uring_sqe *next_sqe(struct loop *loop)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

	while (!sqe) {
		io_uring_submit(&loop->ring);
		sqe = io_uring_get_sqe(&loop->ring);
	}
	return sqe;
}

static uint64_t watch_data(uint32_t slot, uint32_t generation)
{
	return (uint64_t)generation << 32 | (uint64_t)slot << 3 | TAG_WATCH;
}

/* The poll of a watch that was removed. */
static void cancel_poll(struct loop *loop, uint32_t index)
{
	struct slot *slot = &loop->slots[index];
	struct io_uring_sqe *sqe;

	if (!slot->cancel)
		return;
	sqe = next_sqe(loop);
	io_uring_prep_poll_remove(sqe, watch_data(index, slot->generation - 1));
	io_uring_sqe_set_data64(sqe, TAG_CANCEL);
	slot->cancel = false;
}

static void arm_watches(struct loop *loop)
{
	if (!loop->slots_changed)
		return;
	loop->slots_changed = false;
	for (uint32_t i = 0; i < loop->slot_count; i++) {
		struct slot *slot = &loop->slots[i];
		struct io_uring_sqe *sqe;

		cancel_poll(loop, i);
		if (!slot->watch || slot->armed)
			continue;
		sqe = next_sqe(loop);
		io_uring_prep_poll_add(sqe, slot->watch->fd, (unsigned int)slot->watch->events);
		if (slot->watch->edge)
			sqe->len |= IORING_POLL_ADD_MULTI;
		io_uring_sqe_set_data64(sqe, watch_data(i, slot->generation));
		slot->armed = true;
	}
}

static void prepare(struct loop *loop, struct loop_io *io)
{
	struct io_uring_sqe *sqe = next_sqe(loop);

	switch (io->op) {
	case LOOP_READ:
		io_uring_prep_readv(sqe, io->fd, io->iov, (unsigned int)io->iov_count, io->offset);
		break;
	case LOOP_WRITE:
		io_uring_prep_writev(sqe, io->fd, io->iov, (unsigned int)io->iov_count, io->offset);
		break;
	case LOOP_FSYNC: io_uring_prep_fsync(sqe, io->fd, IORING_FSYNC_DATASYNC); break;
	case LOOP_FALLOCATE:
		io_uring_prep_fallocate(sqe, io->fd, io->mode, io->offset, io->len);
		break;
	case LOOP_MADVISE:
		io_uring_prep_madvise(sqe, (void *)(uintptr_t)io->offset, (uint32_t)io->len,
				      io->mode);
		break;
	}
	io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)io | TAG_IO);
}

/* Of a queue that is the caller's alone: needs no lock. */
static void start(struct loop *loop, struct io_queue *queue)
{
	struct loop_io *io;

	while ((io = queue_get(queue))) {
		if (loop_io_at_once(io))
			queue_put(&loop->finished, io);
		else
			prepare(loop, io);
	}
}

/* ---- completions ---- */

/* ARMED: its poll goes on. */
static void complete_watch(struct loop *loop, uint64_t data, int result, bool armed)
{
	uint32_t index = (uint32_t)data >> 3;
	struct slot *slot = &loop->slots[index];

	if (slot->generation != (uint32_t)(data >> 32) || !slot->watch)
		return;
	slot->armed = armed;
	loop->slots_changed |= !armed;
	slot->watch->ready(slot->watch, result < 0 ? POLLERR : (short)result);
}

static void complete(struct loop *loop, uint64_t data, int result, bool armed)
{
	struct loop_io *io;

	switch (data & TAG_MASK) {
	case TAG_WATCH: complete_watch(loop, data, result, armed); break;
	case TAG_IO:
		io = (struct loop_io *)(uintptr_t)data;
		loop->in_flight--;
		io->done(io, result);
		break;
	default: break;
	}
}

void loop_reap(struct loop *loop)
{
	struct io_queue finished = queue_take(&loop->finished);
	struct io_uring_cqe *cqe;
	struct loop_io *io;

	while ((io = queue_get(&finished))) {
		loop->in_flight--;
		io->done(io, io->result);
	}
	while (io_uring_peek_cqe(&loop->ring, &cqe) == 0) {
		uint64_t data = io_uring_cqe_get_data64(cqe);
		int result = cqe->res;
		bool armed = cqe->flags & IORING_CQE_F_MORE;

		io_uring_cqe_seen(&loop->ring, cqe);
		complete(loop, data, result, armed);
	}
}

void loop_run_timers(struct loop_timer **timers)
{
	if (*timers)
		loop_timers_run(timers, clock_now());
}

/* ---- the turn ---- */

static uint64_t next_timer_ns(const struct loop *loop)
{
	uint64_t now, wait_ns, always_ns;

	if (!loop->timers && !loop->timers_always)
		return UINT64_MAX;
	now = clock_now();
	wait_ns = loop_timers_wait(loop->timers, now);
	always_ns = loop_timers_wait(loop->timers_always, now);
	return wait_ns < always_ns ? wait_ns : always_ns;
}

/* How long nothing has to be done, in nanoseconds; UINT64_MAX: until something happens. */
static uint64_t idle_ns(const struct loop *loop)
{
	if (loop->tasks.first || atomic_load(&loop->stop))
		return 0;
	return next_timer_ns(loop);
}

static int submit_and_wait(struct loop *loop, uint64_t wait_ns)
{
	struct __kernel_timespec limit = {.tv_sec = (long long)(wait_ns / NS_PER_S),
					  .tv_nsec = (long long)(wait_ns % NS_PER_S)};
	struct io_uring_cqe *cqe;

	if (!wait_ns)
		return io_uring_submit(&loop->ring);
	return io_uring_submit_and_wait_timeout(&loop->ring, &cqe, 1,
						wait_ns == UINT64_MAX ? NULL : &limit, NULL);
}

int loop_wait(struct loop *loop, uint64_t wait_ns)
{
	struct io_queue queue = queue_take(&loop->queued);
	int result;

	arm_watches(loop);
	loop->sleeping = true;
	pthread_mutex_unlock(loop->lock);
	start(loop, &queue);
	result = submit_and_wait(loop, loop->finished.first ? 0 : wait_ns);
	pthread_mutex_lock(loop->lock);
	loop->sleeping = false;
	if (result == -ETIME || result == -EINTR || result == -EAGAIN || result == -EBUSY)
		return 0;
	return result < 0 ? result : 0;
}

static int turn(struct loop *loop)
{
	int result = loop_wait(loop, idle_ns(loop));

	if (result < 0)
		return result;
	loop_reap(loop);
	loop_tasks_run(&loop->tasks); /* what they post waits a turn: I/O is not kept waiting */
	loop_run_timers(&loop->timers);
	loop_run_timers(&loop->timers_always);
	return 0;
}

int loop_run(struct loop *loop)
{
	int result = 0;

	pthread_mutex_lock(loop->lock);
	loop->running = true;
	while (!atomic_load(&loop->stop) && result == 0)
		result = loop->frozen ? loop_rest(loop) : turn(loop);
	atomic_store(&loop->stop, false); /* a stop ends one run; the loop can run again */
	loop->running = false;
	pthread_cond_broadcast(&loop->changed);
	pthread_mutex_unlock(loop->lock);
	return result;
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stop, true);
	loop_wake_up(loop);
}

void loop_drain(struct loop *loop)
{
	struct io_uring_cqe *cqe;

	while (loop->in_flight > 0) {
		struct io_queue queue = queue_take(&loop->queued);

		start(loop, &queue);
		io_uring_submit(&loop->ring);
		if (loop->finished.first || io_uring_wait_cqe(&loop->ring, &cqe) == 0)
			loop_reap(loop);
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	pthread_mutex_lock(loop->lock);
	loop_drain(loop);
	/* The kernel takes a ring down some time later. What was polled and is closed must not stay
	 * open until then: who is next may want its port. */
	for (uint32_t i = 0; i < loop->slot_count; i++)
		cancel_poll(loop, i);
	io_uring_submit(&loop->ring);
	pthread_mutex_unlock(loop->lock);
	io_uring_queue_exit(&loop->ring);
	pthread_cond_destroy(&loop->changed);
	close(loop->wake_fd);
	free(loop->slots);
	free(loop);
}

/* ---- for users ---- */

static int grow_slots(struct loop *loop)
{
	uint32_t count = loop->slot_count ? loop->slot_count * 2 : 32;
	struct slot *slots = realloc(loop->slots, count * sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	memset(slots + loop->slot_count, 0, (count - loop->slot_count) * sizeof(*slots));
	loop->slots = slots;
	loop->slot_count = count;
	return 0;
}

int loop_watch_add(struct loop *loop, struct loop_watch *watch)
{
	uint32_t i = 0;

	while (i < loop->slot_count && (loop->slots[i].watch || loop->slots[i].cancel))
		i++;
	if (i == loop->slot_count && grow_slots(loop) < 0)
		return -ENOMEM;
	loop->slots[i].watch = watch;
	loop->slots[i].armed = false;
	loop->slots_changed = true;
	watch->internal = watch_data(i, loop->slots[i].generation);
	wake_if_asleep(loop);
	return 0;
}

void loop_watch_remove(struct loop *loop, struct loop_watch *watch)
{
	struct slot *slot = &loop->slots[(uint32_t)watch->internal >> 3];

	if (slot->watch != watch)
		return;
	slot->watch = NULL;
	slot->generation++;
	/* The poll holds a reference to the file: without the cancel, a guest that keeps moving its
	 * doorbells would pile them up. */
	slot->cancel = slot->armed;
	slot->armed = false;
	loop->slots_changed = true;
	wake_if_asleep(loop);
}

void loop_submit(struct loop *loop, struct loop_io *io)
{
	queue_put(&loop->queued, io);
	loop->in_flight++;
	wake_if_asleep(loop);
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t after_ns)
{
	loop_timers_set(timer->while_frozen ? &loop->timers_always : &loop->timers, timer,
			clock_now(), after_ns);
	if (after_ns)
		wake_if_asleep(loop);
}

void loop_post(struct loop *loop, struct loop_task *task)
{
	loop_tasks_post(&loop->tasks, task);
	wake_if_asleep(loop);
}

void loop_withdraw(struct loop *loop, struct loop_task *task)
{
	loop_tasks_withdraw(&loop->tasks, task);
}
