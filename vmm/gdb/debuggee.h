/* SPDX-License-Identifier: Apache-2.0 */
/* The machine as a session with gdb sees it: struct gdb_target over vmm/control and vmm/debug. */
#ifndef VHART_GDB_DEBUGGEE_H
#define VHART_GDB_DEBUGGEE_H

#include <stdbool.h>

#include "vmm/control/control.h"
#include "vmm/debug/registers.h"
#include "vmm/gdb/session.h"

struct debuggee {
	struct control *control;
	int fd;			     /* gdb's connection */
	struct machine *machine;     /* between hold() and let_go() */
	unsigned int life;	     /* whose vCPUs REGISTERS are of; 0: none */
	struct registers *registers; /* of each hart */

	/* What the session asked for, for server.c to do once its packet is answered. */
	bool go, stop;
	struct gdb_action actions[GDB_HARTS_MOST];
};

extern const struct gdb_target debuggee_target; /* its context is a struct debuggee */

/* FD: gdb's. False: no memory. */
bool debuggee_open(struct debuggee *debuggee, struct control *control, int fd);
/* Finds out which registers there are; false: there is no machine. */
bool debuggee_look(struct debuggee *debuggee);
/* Whether a new life begins with its harts held: while gdb has them stopped, or is to come. */
void debuggee_hold_lives(struct debuggee *debuggee, bool holds);
/* Takes gdb's breakpoints out and lets a paused machine go, if there is one. */
void debuggee_close(struct debuggee *debuggee);

/* The pc of HART; false: there is no machine. */
bool debuggee_pc(struct debuggee *debuggee, unsigned int hart, uint64_t *pc);

#endif
