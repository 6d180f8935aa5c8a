/* SPDX-License-Identifier: Apache-2.0 */
/* What the loop's files have in common; loop.h comes before it. All is called with the loop's lock
 * held. */
#ifndef VHART_LOOP_PRIVATE_H
#define VHART_LOOP_PRIVATE_H

#include <liburing.h>
#include <stdatomic.h>

/* A watch is named by slot and generation: a late completion of a removed one finds another
 * generation, and is dropped. */
struct slot {
	struct loop_watch *watch; /* NULL: free */
	uint32_t generation;
	bool armed;  /* a poll is in the kernel */
	bool cancel; /* removed while armed: the poll of the generation before must go */
};

struct io_queue {
	struct loop_io *first, **last;
};

struct loop {
	struct io_uring ring;
	pthread_mutex_t *lock;
	int wake_fd;
	struct loop_watch wake;
	bool sleeping;
	atomic_bool stop;
	bool running;		/* in loop_run() */
	bool frozen, resting;	/* asked for, and so */
	pthread_cond_t changed; /* one of these three */

	struct slot *slots;
	uint32_t slot_count;
	bool slots_changed;

	struct io_queue queued;
	struct io_queue finished; /* done at once, to be told of */
	unsigned int in_flight;	  /* file I/O until its done() */

	struct loop_timer *timers;	  /* of the guest's side */
	struct loop_timer *timers_always; /* those with while_frozen */
	struct loop_tasks tasks;
};

/* From any thread; ends a wait of the loop's, or the next one. */
void loop_wake_up(struct loop *loop);

/* Submits what is queued; waits WAIT_NS nanoseconds (UINT64_MAX: without a limit) for a completion,
 * with the lock released. 0 or -errno. */
int loop_wait(struct loop *loop, uint64_t wait_ns);
/* Tells of what was completed. */
void loop_reap(struct loop *loop);
void loop_run_timers(struct loop_timer **timers);

/* One stretch of a frozen loop, until a thaw or a stop: completes file I/O, then calls nothing but
 * what is while_frozen. 0 or -errno. */
int loop_rest(struct loop *loop);

#endif
