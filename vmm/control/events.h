/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to a machine, as a queue for each of those who want to know. Pure but for its
 * eventfds.
 *
 * Threads: any; posting never waits. A queue that nobody empties drops its oldest, and counts them:
 * so the machine's end, which is posted last, is always there.
 */
#ifndef VHART_EVENTS_H
#define VHART_EVENTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
	EVENT_STARTED,	   /* a life begins; number: which, 1 and up */
	EVENT_PAUSED,	   /* all harts are held */
	EVENT_RESUMED,	   /* and run again */
	EVENT_BREAKPOINT,  /* hart: whose; address: its pc; number: of the breakpoint */
	EVENT_LINE,	   /* text: one line of the console, without its end */
	EVENT_CONSOLE,	   /* text: characters of the console as they come */
	EVENT_GUEST_ERROR, /* text */
	EVENT_RESET,	   /* a life is over, the next begins */
	EVENT_ENDED,	   /* text: why; number: the exit status */
	EVENT_KINDS,
};

#define EVENTS_ALL	  ((1u << EVENT_KINDS) - 1)
#define EVENT_BIT(kind)	  (1u << (kind))
#define EVENT_TEXT_MAX	  4096u /* a longer line comes in pieces */
#define EVENT_QUEUE_MAX	  4096u
#define EVENT_QUEUE_BYTES (1u << 20) /* of text, in one queue */

/* "started", ...: for JSON and options. */
const char *event_name(enum event_kind kind);
/* EVENT_KINDS: none is called so. */
enum event_kind event_find(const char *name);

struct event {
	struct event *next;
	enum event_kind kind;
	unsigned int hart;
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint64_t number, address;
	size_t len; /* of text, which also has a zero behind it */
	char text[];
};

struct events;

/* Everybody's; all zero but for the lock. */
struct event_hub {
	pthread_mutex_t lock;
	struct events *first;
	atomic_uint wanted; /* the kinds of all of them */
	bool over;	    /* EVENT_ENDED was posted */
	/* What the state that the machine is in began with: STARTED, PAUSED, BREAKPOINT. Without
	 * text. */
	struct event_state {
		bool is;
		enum event_kind kind;
		unsigned int hart;
		uint64_t time_ns, number, address;
	} states[3];
};

void event_hub_init(struct event_hub *hub);
/* All who subscribed have left. */
void event_hub_free(struct event_hub *hub);
/* Whether anybody wants one of KINDS (EVENT_BIT): to save the work. Takes no lock. */
static inline bool event_hub_wanted(struct event_hub *hub, unsigned int kinds)
{
	return atomic_load_explicit(&hub->wanted, memory_order_relaxed) & kinds;
}
/* WHAT's fields but for next, time and text go to all who want its kind, with LEN bytes of TEXT (at
 * most EVENT_TEXT_MAX of them). */
void event_post(struct event_hub *hub, const struct event *what, const char *text, size_t len);

/* The machine is to be in the state of KIND no more, though nothing has been posted yet. */
void event_hub_forget(struct event_hub *hub, enum event_kind kind);

/* A queue of the KINDS (EVENT_BIT) from now on; NULL: no memory or descriptor. */
struct events *events_new(struct event_hub *hub, unsigned int kinds);
/* Puts into a new queue what the state of the machine began with: a machine that has started, or
 * stands at a breakpoint, did so before somebody asks for it. */
void events_add_states(struct events *events);
void events_free(struct events *events);
/* Other kinds from now on; what is queued stays. */
void events_choose(struct events *events, unsigned int kinds);
/* Whether it is told of anything. */
bool events_wants_any(const struct events *events);
/* Readable while there is something to take. */
int events_fd(const struct events *events);
/* The machine's end was posted, and all is taken: nothing comes any more. */
bool events_over(const struct events *events);
/* The oldest, which is the caller's to free(); NULL: there is none. LOST is how many were dropped
 * in front of it. */
struct event *events_take(struct events *events, uint64_t *lost);

#endif
