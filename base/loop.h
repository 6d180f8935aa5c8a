/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop, on one io_uring: file descriptors to watch, file I/O, timers, and work for later.
 *
 * Threads: one thread runs the loop. Callbacks run on it with the lock given to loop_new() held;
 * they must not block. Every other function is called with that lock held too, from any thread,
 * but for loop_stop() and loop_io_at_once(), which need no lock.
 *
 * Ownership: every struct here is embedded in its user's own; the loop keeps a pointer from
 * add/submit until the callback that ends it (or loop_watch_remove() returns).
 */
#ifndef VHART_LOOP_H
#define VHART_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/loop_tasks.h"
#include "base/loop_timers.h"

struct loop;

/*
 * Readiness of a file descriptor, until removed. Level-triggered: ready() is called again as long
 * as it is ready. With EDGE only when something came since the last call, which spares the kernel
 * asking and a counter its reading: ready() takes all there is, or removes the watch. Added again,
 * it is told of what was there before.
 */
struct loop_watch {
	int fd;
	short events; /* POLLIN, POLLOUT */
	bool edge;
	bool while_frozen; /* see loop_freeze(): at most 4 are */
	void (*ready)(struct loop_watch *watch, short revents);
	void *opaque;	   /* the user's */
	uint64_t internal; /* the loop's */
};

enum loop_op { LOOP_READ, LOOP_WRITE, LOOP_FSYNC, LOOP_FALLOCATE, LOOP_MADVISE };

/* What a read, a write or an fsync of this file costs. Handing one to the ring's workers and back
 * takes two switches of threads, more than the copy itself when the data is in memory. */
enum loop_speed {
	LOOP_SLOW,   /* it waits: the ring does it */
	LOOP_CACHED, /* read or write: at once when the page cache has it (RWF_NOWAIT); else as
			LOOP_SLOW */
	LOOP_MEMORY, /* never waits (tmpfs): done at once */
};

/* One asynchronous file operation; madvise() of a range of this process's memory is one too. */
struct loop_io {
	enum loop_op op;
	enum loop_speed speed; /* of reads, writes and fsync */
	int fd;
	const struct iovec *iov; /* read, write: stays valid until done() */
	int iov_count;
	int mode;				      /* of fallocate; madvise: the advice */
	uint64_t offset;			      /* bytes; madvise: the address */
	uint64_t len;				      /* fallocate, madvise (below 4 GiB): bytes */
	void (*done)(struct loop_io *io, int result); /* result: bytes, 0, or -errno */
	void *opaque;
	struct loop_io *next; /* the loop's, as is: */
	int result;
};

/* NULL with errno set when the kernel refuses (io_uring disabled, no memory). LOCK is held while
 * callbacks run and released while the loop waits; it outlives the loop. */
struct loop *loop_new(pthread_mutex_t *lock);

/* After loop_run() returned, or before it: runs callbacks until no file I/O is in flight. */
void loop_drain(struct loop *loop);

/* Drains, then frees, without the lock. Watches and timers are dropped without a callback. */
void loop_free(struct loop *loop);

/* Takes the lock; runs callbacks until loop_stop(); releases it. 0, or -errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/*
 * Until loop_thaw() no callback is called: what is to be told waits. But the host's own business
 * goes on: watches and timers with while_frozen. File I/O that was submitted is completed, and its
 * done() called, before. loop_stop() ends a frozen loop too.
 */
void loop_freeze(struct loop *loop);
/* Waits, with the lock released, until a frozen loop rests, or has ended. Not on its own thread. */
void loop_wait_rest(struct loop *loop);
void loop_thaw(struct loop *loop);

int loop_watch_add(struct loop *loop, struct loop_watch *watch); /* 0 or -errno */
void loop_watch_remove(struct loop *loop, struct loop_watch *watch);

/* Queues IO; it goes to the kernel, with all others queued in the same turn, before the loop waits
 * next. Fails only by calling done() with -errno, never from within loop_submit(). */
void loop_submit(struct loop *loop, struct loop_io *io);

/*
 * IO on the caller's thread, if its speed allows. True: it is done, IO->result has the bytes, and
 * done() is not called. False: it has to be submitted. Called without the lock, as it may take
 * time.
 */
bool loop_io_at_once(struct loop_io *io);

/* (Re)arms TIMER to expire once, AFTER_NS nanoseconds from now; 0 disarms. Any number will do: one
 * beyond the end of the clock never expires. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t after_ns);

/* Work for the loop's next turn. Posting it again before it ran is the same as posting it once. */
void loop_post(struct loop *loop, struct loop_task *task);
/* TASK does not run any more, if it was posted. */
void loop_withdraw(struct loop *loop, struct loop_task *task);

#endif
