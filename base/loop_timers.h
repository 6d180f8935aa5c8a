/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's timers: a list in the order of their deadlines. Pure: whoever calls says what time it
 * is (nanoseconds of one clock, 0 and up). A guest chooses how far a timer goes, up to 2^64 - 1
 * nanoseconds, so no sum here wraps: a deadline beyond the clock's end is the clock's end.
 */
#ifndef VHART_LOOP_TIMERS_H
#define VHART_LOOP_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct loop_timer {
	void (*expired)(struct loop_timer *timer);
	void *opaque;
	bool while_frozen; /* for the loop (loop.h); not to be changed while it is armed */
	uint64_t deadline; /* the loop's: CLOCK_MONOTONIC nanoseconds, 0 when not set */
	struct loop_timer *next;
};

/* The loop waits no longer at a stretch: the kernel adds what it is given to its own clock, in 63
 * bits with a sign, and a sum that wraps there would end each wait at once. */
#define LOOP_LONGEST_WAIT_NS 3600000000000ull

/* (Re)arms TIMER in *LIST to expire AFTER_NS from NOW; 0 disarms. */
void loop_timers_set(struct loop_timer **list, struct loop_timer *timer, uint64_t now,
		     uint64_t after_ns);

/* Calls expired() of each that is due at NOW, first those due first. What they arm meanwhile waits
 * for another call, unless it is due at NOW too. */
void loop_timers_run(struct loop_timer **list, uint64_t now);

/* How long nothing is due: 0 when something is, UINT64_MAX without timers, else at most
 * LOOP_LONGEST_WAIT_NS. */
uint64_t loop_timers_wait(const struct loop_timer *list, uint64_t now);

#endif
