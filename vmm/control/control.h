/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What drives a machine from outside, over all its lives: events that tell of it, and pausing.
 * What can be done to it is the table of verbs (verbs.h); the control socket, Lua and gdb are
 * shells over that.
 *
 * Threads: any but a vCPU's and the loop's, unless a function says otherwise. Several may drive one
 * machine: each function does its work as a whole, and in between the others may have theirs done.
 */
#ifndef VHART_CONTROL_H
#define VHART_CONTROL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/board.h"
#include "vmm/config.h"
#include "vmm/control/events.h"
#include "vmm/control/keeper.h"
#include "vmm/debug/breakpoints.h"
#include "vmm/debug/step.h"
#include "vmm/machine/watcher.h"

struct gdb_server;
struct machine;

#define CONTROL_ERROR_MAX 256u

struct control {
	const struct config *config;
	struct event_hub hub;
	struct machine_watcher watcher; /* for machine_run() */

	pthread_mutex_t lock;	 /* whoever uses the machine holds it */
	pthread_cond_t changed;	 /* a machine came, or the last has gone */
	bool ended;		 /* no machine comes any more */
	struct machine *machine; /* of this life; NULL: between two, or none yet, or no more */
	unsigned int lives;	 /* begun */
	uint64_t started_ns;	 /* CLOCK_MONOTONIC, of the first; 0: not yet */
	bool start_paused;	 /* each life is to begin with its harts held */
	atomic_bool paused;	 /* told to be: by somebody, or by a breakpoint */
	struct breakpoints breakpoints;
	struct keeper keeper;
	uint64_t pending_ns;	    /* the keeper's: when it last tried those that are pending */
	bool some;		    /* not paused, but only these harts run */
	bool only[BOARD_MAX_HARTS]; /* some */

	/* With the machine taken: serves gdb at WHERE from now on; SAID is what gdb takes, or why
	 * it cannot be. NULL: it cannot. (What does it stands above this room: vmm/gdb/server.h.)
	 */
	bool (*open_gdb)(struct control *control, const char *where, char said[CONTROL_ERROR_MAX]);
	struct gdb_server *gdb; /* NULL: none is served */

	pthread_mutex_t line_lock;
	char line[EVENT_TEXT_MAX]; /* of the console, begun and not ended */
	size_t line_len;
};

/* CONFIG outlives it. */
void control_init(struct control *control, const struct config *config);
void control_free(struct control *control);

/* The last life is over: posts EVENT_ENDED, with WHY and the exit STATUS. */
void control_ended(struct control *control, const char *why, int status);

/*
 * The machine of this life, which stays until control_release(). Waits for one that is on its way,
 * as after a reset; NULL: none came within a minute, or it has ended. Nothing that waits for an
 * event may be done in between.
 */
struct machine *control_take(struct control *control);
/* The same without waiting for one. */
struct machine *control_try(struct control *control);
void control_release(struct control *control);
/* With the machine taken, whose end was asked for: waits until its next life begins, or it has
 * ended; or a minute. The machine that was taken is gone then. */
void control_wait_life(struct control *control);

/*
 * Holds all harts and stops the devices and the guest's time (vmm/machine/pause.h). False, with
 * words in WHY: there is no machine now, or a hart does not come. Pausing a paused machine is fine.
 * A machine that is reset meanwhile is paused in its next life; a paused one stays so over a reset.
 */
bool control_pause(struct control *control, char why[CONTROL_ERROR_MAX]);
/* HARTS (an entry for each; NULL: all) run again. One that is at a breakpoint steps over it first;
 * where that ends at another, the machine stays paused. */
bool control_resume(struct control *control, const bool *harts, char why[CONTROL_ERROR_MAX]);

/*
 * One instruction of HART, which becomes the one that arrived (step.h). The machine is paused, and
 * is after it. Nothing is posted for a STEP_DONE.
 */
bool control_step(struct control *control, unsigned int *hart, enum step_end *end,
		  char why[CONTROL_ERROR_MAX]);

/*
 * The same for the time of a look or a change: between the two the machine is paused, and then as
 * it was before; nothing is posted. It does not end in between. NULL, with words in WHY: it cannot
 * be.
 */
struct machine *control_hold(struct control *control, char why[CONTROL_ERROR_MAX]);
void control_let_go(struct control *control);

/*
 * The next event of EVENTS, at most until CLOCK_MONOTONIC UNTIL_NS (UINT64_MAX: for ever), or until
 * the other side of the socket ABORT_FD is gone (-1: there is none), not only done with sending.
 * NULL: none came, or none will. The caller frees it.
 */
struct event *control_wait(struct events *events, uint64_t until_ns, int abort_fd);

#endif
