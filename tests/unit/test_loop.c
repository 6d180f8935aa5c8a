/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop, on the real io_uring of the machine that runs the test. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"

struct fixture {
	pthread_mutex_t lock;
	struct loop *loop;
	unsigned int count; /* callbacks */
	unsigned int goal;  /* stop after so many */
	int result;
	int order[8];
	int pipe[2];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	pthread_mutex_init(&fixture->lock, NULL);
	fixture->loop = loop_new(&fixture->lock);
	fixture->goal = 1;
	*state = fixture;
	return fixture->loop && pipe(fixture->pipe) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	loop_free(fixture->loop);
	close(fixture->pipe[0]);
	close(fixture->pipe[1]);
	pthread_mutex_destroy(&fixture->lock);
	free(fixture);
	return 0;
}

static void count_one(struct fixture *fixture)
{
	if (++fixture->count == fixture->goal)
		loop_stop(fixture->loop);
}

static void readable(struct loop_watch *watch, short revents)
{
	assert_true(revents & POLLIN);
	count_one(watch->opaque);
}

static void a_watch_fires_again_while_the_fd_stays_ready(void **state)
{
	struct fixture *fixture = *state;
	struct loop_watch watch = {
		.fd = fixture->pipe[0], .events = POLLIN, .ready = readable, .opaque = fixture};

	assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
	fixture->goal = 3;
	assert_int_equal(loop_watch_add(fixture->loop, &watch), 0);
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_int_equal(fixture->count, 3);
	loop_watch_remove(fixture->loop, &watch);
}

static void stop_now(struct loop_timer *timer)
{
	loop_stop(timer->opaque);
}

/* Calls of an edge watch of the pipe until nothing is left to be told. */
static unsigned int told(struct fixture *fixture)
{
	struct loop_timer timer = {.expired = stop_now, .opaque = fixture->loop};
	unsigned int before = fixture->count;

	fixture->goal = 0;
	loop_timer_set(fixture->loop, &timer, 2000000);
	assert_int_equal(loop_run(fixture->loop), 0);
	return fixture->count - before;
}

static void an_edge_is_told_once_and_again_when_more_comes(void **state)
{
	struct fixture *fixture = *state;
	struct loop_watch watch = {.fd = fixture->pipe[0],
				   .events = POLLIN,
				   .edge = true,
				   .ready = readable,
				   .opaque = fixture};

	assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
	assert_int_equal(loop_watch_add(fixture->loop, &watch), 0);
	assert_int_equal(told(fixture), 1);
	assert_int_equal(told(fixture), 0);
	assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
	assert_int_equal(told(fixture), 1);
	/* Watched anew, it is told of what was there before. */
	loop_watch_remove(fixture->loop, &watch);
	assert_int_equal(loop_watch_add(fixture->loop, &watch), 0);
	assert_int_equal(told(fixture), 1);
	loop_watch_remove(fixture->loop, &watch);
}

struct flood {
	struct fixture *fixture;
	int event_fd;
};

/* More edges than the ring has room for. */
static void flooded(struct loop_watch *watch, short revents)
{
	const struct flood *flood = watch->opaque;
	const uint64_t one = 1;

	assert_true(revents & POLLIN);
	if (flood->fixture->count++ == 0)
		for (int i = 0; i < 3000; i++)
			assert_int_equal(write(flood->event_fd, &one, sizeof(one)), sizeof(one));
}

static void no_edge_is_lost_where_the_ring_overflows(void **state)
{
	struct fixture *fixture = *state;
	struct flood flood = {.fixture = fixture, .event_fd = eventfd(1, EFD_CLOEXEC)};
	struct loop_watch watch = {.fd = flood.event_fd,
				   .events = POLLIN,
				   .edge = true,
				   .ready = flooded,
				   .opaque = &flood};
	const uint64_t one = 1;

	assert_int_equal(loop_watch_add(fixture->loop, &watch), 0);
	assert_true(told(fixture) >= 2);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write(flood.event_fd, &one, sizeof(one)), sizeof(one));
		assert_int_equal(told(fixture), 1);
	}
	loop_watch_remove(fixture->loop, &watch);
	close(flood.event_fd);
}

static void a_removed_watch_never_fires(void **state)
{
	struct fixture *fixture = *state;
	struct loop_watch watch = {
		.fd = fixture->pipe[0], .events = POLLIN, .ready = readable, .opaque = fixture};
	struct loop_timer timer = {.expired = stop_now, .opaque = fixture->loop};

	loop_watch_add(fixture->loop, &watch);
	loop_watch_remove(fixture->loop, &watch);
	assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
	loop_timer_set(fixture->loop, &timer, 2000000);
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_int_equal(fixture->count, 0);
}

struct order_timer {
	struct loop_timer timer;
	struct fixture *fixture;
	int id;
};

/* The kernel takes the ring down later; a pipe that nobody reads any more says so at once. */
static void a_file_that_was_watched_is_closed_when_the_loop_is_freed(void **state)
{
	struct fixture *fixture = *state;
	struct loop_watch watch = {
		.fd = fixture->pipe[0], .events = POLLIN, .ready = readable, .opaque = fixture};
	struct loop_timer timer = {.expired = stop_now, .opaque = fixture->loop};

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(loop_watch_add(fixture->loop, &watch), 0);
	loop_timer_set(fixture->loop, &timer, 1000000);
	assert_int_equal(loop_run(fixture->loop), 0);
	loop_watch_remove(fixture->loop, &watch);
	close(fixture->pipe[0]);
	fixture->pipe[0] = -1;
	loop_free(fixture->loop);
	fixture->loop = NULL;
	assert_int_equal(write(fixture->pipe[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
}

static void note_order(struct loop_timer *timer)
{
	struct order_timer *self = timer->opaque;

	self->fixture->order[self->fixture->count] = self->id;
	count_one(self->fixture);
}

static void timers_expire_in_the_order_of_their_deadlines(void **state)
{
	struct fixture *fixture = *state;
	static const uint64_t after[] = {3000000, 1000000, 2000000};
	struct order_timer timers[3];

	fixture->goal = 2;
	for (int i = 0; i < 3; i++) {
		timers[i] = (struct order_timer){.fixture = fixture, .id = i};
		timers[i].timer = (struct loop_timer){.expired = note_order, .opaque = &timers[i]};
		loop_timer_set(fixture->loop, &timers[i].timer, after[i]);
	}
	loop_timer_set(fixture->loop, &timers[1].timer, 0); /* disarmed: never expires */
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_int_equal(fixture->order[0], 2);
	assert_int_equal(fixture->order[1], 0);
}

/* What a guest may ask for: none of it comes while the machine runs, and none keeps it busy. */
static void a_timer_in_the_far_future_does_not_expire(void **state)
{
	struct fixture *fixture = *state;
	static const uint64_t after[] = {UINT64_MAX, UINT64_MAX - 1, 1ull << 63, INT64_MAX};
	struct order_timer timers[4];
	struct loop_timer end = {.expired = stop_now, .opaque = fixture->loop};

	fixture->goal = 0;
	for (int i = 0; i < 4; i++) {
		timers[i] = (struct order_timer){.fixture = fixture, .id = i};
		timers[i].timer = (struct loop_timer){.expired = note_order, .opaque = &timers[i]};
		loop_timer_set(fixture->loop, &timers[i].timer, after[i]);
	}
	loop_timer_set(fixture->loop, &end, 2000000);
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_int_equal(fixture->count, 0);
}

static void io_done(struct loop_io *io, int result)
{
	struct fixture *fixture = io->opaque;

	fixture->result = result;
	count_one(fixture);
}

static void check_file_io(struct fixture *fixture, int fd, enum loop_speed speed)
{
	char text[8] = {0};
	struct iovec out = {(char[]){'a', 'b', 'c'}, 3}, in = {text, sizeof(text)};
	struct loop_io write_io = {.op = LOOP_WRITE,
				   .speed = speed,
				   .fd = fd,
				   .iov = &out,
				   .iov_count = 1,
				   .offset = 2,
				   .done = io_done,
				   .opaque = fixture};
	struct loop_io read_io = {.op = LOOP_READ,
				  .speed = speed,
				  .fd = fd,
				  .iov = &in,
				  .iov_count = 1,
				  .done = io_done,
				  .opaque = fixture};
	struct loop_io sync_io = {
		.op = LOOP_FSYNC, .speed = speed, .fd = fd, .done = io_done, .opaque = fixture};

	assert_true(fd >= 0);
	fixture->goal = 0;
	/* Only memory need not be waited for. */
	assert_int_equal(loop_io_at_once(&sync_io), speed == LOOP_MEMORY);
	pthread_mutex_lock(&fixture->lock);
	loop_submit(fixture->loop, &write_io);
	loop_drain(fixture->loop);
	assert_int_equal(fixture->result, 3);
	loop_submit(fixture->loop, &read_io);
	loop_drain(fixture->loop);
	assert_int_equal(fixture->result, 5);
	assert_memory_equal(text, "\0\0abc", 5);
	loop_submit(fixture->loop, &sync_io);
	loop_drain(fixture->loop);
	assert_int_equal(fixture->result, 0);
	close(fd);
	loop_submit(fixture->loop, &read_io);
	loop_drain(fixture->loop);
	assert_int_equal(fixture->result, -EBADF);
	pthread_mutex_unlock(&fixture->lock);
	assert_int_equal(fixture->count, 4);
	fixture->count = 0;
}

static void file_io_of_every_speed_reports_bytes_and_errors(void **state)
{
	char path[] = "/tmp/vhart-loop-XXXXXX";

	check_file_io(*state, mkstemp(path), LOOP_SLOW);
	unlink(path);
	strcpy(path, "/tmp/vhart-loop-XXXXXX");
	check_file_io(*state, mkstemp(path), LOOP_CACHED);
	unlink(path);
	check_file_io(*state, memfd_create("loop", MFD_CLOEXEC), LOOP_MEMORY);
}

static void again(struct loop_io *io, int result)
{
	struct fixture *fixture = io->opaque;

	fixture->result = result;
	fixture->count++;
	loop_submit(fixture->loop, io);
}

static void end_again(struct loop_timer *timer)
{
	struct fixture *fixture = timer->opaque;

	loop_stop(fixture->loop);
}

static void drop(struct loop_io *io, int result)
{
	(void)io;
	(void)result;
}

static void io_that_is_done_at_once_keeps_no_timer_from_expiring(void **state)
{
	struct fixture *fixture = *state;
	int fd = memfd_create("loop", MFD_CLOEXEC);
	char byte = 1;
	struct iovec iov = {&byte, 1};
	struct loop_io io = {.op = LOOP_WRITE,
			     .speed = LOOP_MEMORY,
			     .fd = fd,
			     .iov = &iov,
			     .iov_count = 1,
			     .done = again,
			     .opaque = fixture};
	struct loop_timer timer = {.expired = end_again, .opaque = fixture};

	assert_true(fd >= 0);
	pthread_mutex_lock(&fixture->lock);
	loop_submit(fixture->loop, &io);
	loop_timer_set(fixture->loop, &timer, 20000000);
	pthread_mutex_unlock(&fixture->lock);
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_true(fixture->count > 1);
	assert_int_equal(fixture->result, 1);
	io.done = drop;
	pthread_mutex_lock(&fixture->lock);
	loop_drain(fixture->loop);
	pthread_mutex_unlock(&fixture->lock);
	close(fd);
}

static void task_ran(struct loop_task *task)
{
	count_one(task->opaque);
}

static void *post_many(void *opaque)
{
	struct fixture *fixture = opaque;
	static struct loop_task tasks[200];

	for (int i = 0; i < 200; i++) {
		tasks[i] = (struct loop_task){.run = task_ran, .opaque = fixture};
		pthread_mutex_lock(&fixture->lock);
		loop_post(fixture->loop, &tasks[i]);
		loop_post(fixture->loop, &tasks[i]);
		pthread_mutex_unlock(&fixture->lock);
	}
	return NULL;
}

/* The first, the last, and the only ones; what is posted behind them runs. */
static void a_task_that_was_withdrawn_does_not_run(void **state)
{
	struct fixture *fixture = *state;
	struct loop_task tasks[4];

	pthread_mutex_lock(&fixture->lock);
	for (int i = 0; i < 4; i++) {
		tasks[i] = (struct loop_task){.run = task_ran, .opaque = fixture};
		loop_post(fixture->loop, &tasks[i]);
	}
	loop_withdraw(fixture->loop, &tasks[3]);
	loop_withdraw(fixture->loop, &tasks[0]);
	loop_withdraw(fixture->loop, &tasks[0]);
	loop_withdraw(fixture->loop, &tasks[1]);
	loop_withdraw(fixture->loop, &tasks[2]);
	loop_post(fixture->loop, &tasks[2]);
	loop_post(fixture->loop, &tasks[1]);
	loop_withdraw(fixture->loop, &tasks[1]);
	loop_post(fixture->loop, &tasks[3]);
	pthread_mutex_unlock(&fixture->lock);
	fixture->goal = 2;
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_int_equal(fixture->count, 2);
	assert_false(tasks[0].posted || tasks[1].posted || tasks[2].posted || tasks[3].posted);
}

static void note_result(struct loop_io *io, int result)
{
	struct fixture *fixture = io->opaque;

	assert_int_equal(result, 0);
	count_one(fixture);
}

static void memory_that_is_not_needed_is_zeros(void **state)
{
	struct fixture *fixture = *state;
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *memory =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct loop_io io = {
		.op = LOOP_MADVISE,
		.mode = MADV_DONTNEED,
		.offset = (uint64_t)(uintptr_t)memory + page,
		.len = page,
		.done = note_result,
		.opaque = fixture,
	};

	assert_true(memory != MAP_FAILED);
	memset(memory, 'x', 2 * page);
	fixture->goal = 1;
	pthread_mutex_lock(&fixture->lock);
	loop_submit(fixture->loop, &io);
	pthread_mutex_unlock(&fixture->lock);
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_int_equal(memory[page - 1], 'x');
	assert_int_equal(memory[page], 0);
	assert_int_equal(memory[2 * page - 1], 0);
	munmap(memory, 2 * page);
}

static void withdraw_the_next(struct loop_task *task)
{
	struct fixture *fixture = task->opaque;

	loop_withdraw(fixture->loop, task->next);
	task_ran(task);
}

static void a_task_may_withdraw_one_that_is_due(void **state)
{
	struct fixture *fixture = *state;
	struct loop_task tasks[3];

	pthread_mutex_lock(&fixture->lock);
	for (int i = 0; i < 3; i++) {
		tasks[i] = (struct loop_task){.run = i ? task_ran : withdraw_the_next,
					      .opaque = fixture};
		loop_post(fixture->loop, &tasks[i]);
	}
	pthread_mutex_unlock(&fixture->lock);
	fixture->goal = 2;
	assert_int_equal(loop_run(fixture->loop), 0);
	assert_int_equal(fixture->count, 2);
	assert_false(tasks[1].posted);
}

static void tasks_of_another_thread_run_once_each(void **state)
{
	struct fixture *fixture = *state;
	pthread_t thread;

	/* A task can have run between its two posts, and then runs again: 200 is the least. */
	fixture->goal = 200;
	assert_int_equal(pthread_create(&thread, NULL, post_many, fixture), 0);
	assert_int_equal(loop_run(fixture->loop), 0);
	pthread_join(thread, NULL);
	assert_true(fixture->count >= 200 && fixture->count <= 400);
}

struct many_io {
	struct loop_io io;
	char byte;
	struct iovec iov;
};

static void more_io_than_the_ring_holds_all_completes(void **state)
{
	struct fixture *fixture = *state;
	enum { COUNT = 2000 };
	struct many_io *many = calloc(COUNT, sizeof(*many));
	char path[] = "/tmp/vhart-loop-XXXXXX";
	int fd = mkstemp(path);

	fixture->goal = 0;
	pthread_mutex_lock(&fixture->lock);
	for (int i = 0; i < COUNT; i++) {
		many[i].iov = (struct iovec){&many[i].byte, 1};
		many[i].byte = (char)i;
		many[i].io = (struct loop_io){.op = LOOP_WRITE,
					      .fd = fd,
					      .iov = &many[i].iov,
					      .iov_count = 1,
					      .offset = (uint64_t)i,
					      .done = io_done,
					      .opaque = fixture};
		loop_submit(fixture->loop, &many[i].io);
	}
	loop_drain(fixture->loop);
	pthread_mutex_unlock(&fixture->lock);
	assert_int_equal(fixture->count, COUNT);
	assert_int_equal(lseek(fd, 0, SEEK_END), COUNT);
	close(fd);
	unlink(path);
	free(many);
}

/* ---- frozen ---- */

struct running {
	struct fixture *fixture;
	pthread_t thread;
	struct loop_timer start, quiet, always;
	struct loop_watch quiet_watch, always_watch;
	int quiet_count, always_count;
	pthread_cond_t called;
};

static void *run_loop(void *opaque)
{
	struct running *running = opaque;

	running->fixture->result = loop_run(running->fixture->loop);
	return NULL;
}

static void count_call(struct running *running, bool quiet)
{
	if (quiet)
		running->quiet_count++;
	else
		running->always_count++;
	pthread_cond_broadcast(&running->called);
}

static void timer_called(struct loop_timer *timer)
{
	struct running *running = timer->opaque;

	count_call(running, timer == &running->quiet);
}

static void watch_called(struct loop_watch *watch, short revents)
{
	struct running *running = watch->opaque;
	char byte;

	assert_true(revents & POLLIN);
	assert_int_equal(read(watch->fd, &byte, 1), 1);
	count_call(running, watch == &running->quiet_watch);
}

static void start_running(struct running *running, struct fixture *fixture)
{
	*running = (struct running){
		.fixture = fixture,
		.start = {.expired = timer_called, .opaque = running, .while_frozen = true},
		.quiet = {.expired = timer_called, .opaque = running},
		.always = {.expired = timer_called, .opaque = running, .while_frozen = true}};
	pthread_cond_init(&running->called, NULL);
	pthread_mutex_lock(&fixture->lock);
	loop_timer_set(fixture->loop, &running->start, 1);
	assert_int_equal(pthread_create(&running->thread, NULL, run_loop, running), 0);
	while (running->always_count == 0)
		pthread_cond_wait(&running->called, &fixture->lock);
	running->always_count = 0;
	pthread_mutex_unlock(&fixture->lock);
}

static void end_running(struct running *running)
{
	loop_stop(running->fixture->loop);
	pthread_join(running->thread, NULL);
	pthread_cond_destroy(&running->called);
	assert_int_equal(running->fixture->result, 0);
}

/* With the lock. */
static void freeze(struct fixture *fixture)
{
	loop_freeze(fixture->loop);
	loop_wait_rest(fixture->loop);
}

static void a_frozen_loop_keeps_what_is_due_for_the_thaw(void **state)
{
	struct fixture *fixture = *state;
	struct running running;

	start_running(&running, fixture);
	pthread_mutex_lock(&fixture->lock);
	freeze(fixture);
	/* The one that is due later is called, the one that was due before it is not. */
	loop_timer_set(fixture->loop, &running.quiet, 1000000);
	loop_timer_set(fixture->loop, &running.always, 2000000);
	while (running.always_count == 0)
		pthread_cond_wait(&running.called, &fixture->lock);
	assert_int_equal(running.quiet_count, 0);
	loop_thaw(fixture->loop);
	while (running.quiet_count == 0)
		pthread_cond_wait(&running.called, &fixture->lock);
	assert_int_equal(running.always_count, 1);
	pthread_mutex_unlock(&fixture->lock);
	end_running(&running);
}

static void a_frozen_loop_tells_only_the_watches_that_want_it(void **state)
{
	struct fixture *fixture = *state;
	struct running running;
	int other[2];

	assert_int_equal(pipe(other), 0);
	start_running(&running, fixture);
	running.quiet_watch = (struct loop_watch){.fd = fixture->pipe[0],
						  .events = POLLIN,
						  .ready = watch_called,
						  .opaque = &running};
	running.always_watch = (struct loop_watch){.fd = other[0],
						   .events = POLLIN,
						   .while_frozen = true,
						   .ready = watch_called,
						   .opaque = &running};
	pthread_mutex_lock(&fixture->lock);
	assert_int_equal(loop_watch_add(fixture->loop, &running.quiet_watch), 0);
	assert_int_equal(loop_watch_add(fixture->loop, &running.always_watch), 0);
	freeze(fixture);
	assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
	assert_int_equal(write(other[1], "x", 1), 1);
	while (running.always_count == 0)
		pthread_cond_wait(&running.called, &fixture->lock);
	assert_int_equal(running.quiet_count, 0);
	loop_thaw(fixture->loop);
	while (running.quiet_count == 0)
		pthread_cond_wait(&running.called, &fixture->lock);
	loop_watch_remove(fixture->loop, &running.quiet_watch);
	loop_watch_remove(fixture->loop, &running.always_watch);
	pthread_mutex_unlock(&fixture->lock);
	end_running(&running);
	close(other[0]);
	close(other[1]);
}

static void note_done(struct loop_io *io, int result)
{
	*(int *)io->opaque = result;
}

/* Also after a thaw so short that the loop did not notice. */
static void what_was_submitted_is_done_when_the_loop_rests(void **state)
{
	struct fixture *fixture = *state;
	int fd = memfd_create("disk", MFD_CLOEXEC), result;
	char text[] = "text";
	struct iovec iov = {text, 4};
	struct running running;

	start_running(&running, fixture);
	pthread_mutex_lock(&fixture->lock);
	for (int i = 0; i < 100; i++) {
		struct loop_io io = {.op = LOOP_WRITE,
				     .speed = LOOP_SLOW,
				     .fd = fd,
				     .iov = &iov,
				     .iov_count = 1,
				     .done = note_done,
				     .opaque = &result};

		result = 0;
		loop_submit(fixture->loop, &io);
		freeze(fixture);
		assert_int_equal(result, 4);
		loop_thaw(fixture->loop);
	}
	pthread_mutex_unlock(&fixture->lock);
	end_running(&running);
	close(fd);
}

static void a_frozen_loop_can_be_stopped_and_one_that_does_not_run_rests(void **state)
{
	struct fixture *fixture = *state;
	struct running running;

	pthread_mutex_lock(&fixture->lock);
	freeze(fixture);
	pthread_mutex_unlock(&fixture->lock);
	start_running(&running, fixture);
	pthread_mutex_lock(&fixture->lock);
	freeze(fixture);
	pthread_mutex_unlock(&fixture->lock);
	end_running(&running);
	pthread_mutex_lock(&fixture->lock);
	freeze(fixture);
	pthread_mutex_unlock(&fixture->lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_watch_fires_again_while_the_fd_stays_ready, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_removed_watch_never_fires, setup, teardown),
		cmocka_unit_test_setup_teardown(an_edge_is_told_once_and_again_when_more_comes,
						setup, teardown),
		cmocka_unit_test_setup_teardown(no_edge_is_lost_where_the_ring_overflows, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_was_watched_is_closed_when_the_loop_is_freed, setup, teardown),
		cmocka_unit_test_setup_teardown(timers_expire_in_the_order_of_their_deadlines,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_timer_in_the_far_future_does_not_expire, setup,
						teardown),
		cmocka_unit_test_setup_teardown(file_io_of_every_speed_reports_bytes_and_errors,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			io_that_is_done_at_once_keeps_no_timer_from_expiring, setup, teardown),
		cmocka_unit_test_setup_teardown(a_task_that_was_withdrawn_does_not_run, setup,
						teardown),
		cmocka_unit_test_setup_teardown(memory_that_is_not_needed_is_zeros, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_task_may_withdraw_one_that_is_due, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tasks_of_another_thread_run_once_each, setup,
						teardown),
		cmocka_unit_test_setup_teardown(more_io_than_the_ring_holds_all_completes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_frozen_loop_keeps_what_is_due_for_the_thaw, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_frozen_loop_tells_only_the_watches_that_want_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_submitted_is_done_when_the_loop_rests,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_frozen_loop_can_be_stopped_and_one_that_does_not_run_rests, setup,
			teardown),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
