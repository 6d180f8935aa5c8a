/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Harts that run for gdb: starts them as it asked, and tells it where they stopped. Where several
 * come to breakpoints at once gdb hears of one, and of the others when it lets those run again.
 */
#ifndef VHART_GDB_RESUME_H
#define VHART_GDB_RESUME_H

#include "vmm/gdb/debuggee.h"

struct gdb_resume {
	struct debuggee *debuggee;
	struct gdb_session *session;
	struct events *told;	  /* breakpoint, paused, reset, ended */
	unsigned int steps;	  /* one behind the other, while other harts wait */
	bool paused, reset;	  /* told since the last go */
	bool ended;		  /* the machine is no more */
	unsigned int status;	  /* with which it ended */
	bool hit[GDB_HARTS_MOST]; /* is at a breakpoint, and gdb does not know */
	uint64_t at[GDB_HARTS_MOST];
};

/* Does what the session asked the debuggee for, if anything. */
void gdb_resume_serve(struct gdb_resume *resume);
/* There is something in TOLD. */
void gdb_resume_hear(struct gdb_resume *resume);

#endif
