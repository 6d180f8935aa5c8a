/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each signal does to `vhart run`: one table (signals.c), which the manual repeats, so that
 * none ends a machine without a result or leaves the user's terminal in raw mode.
 */
#ifndef VHART_SIGNALS_H
#define VHART_SIGNALS_H

#include <signal.h>

enum signal_way {
	SIGNAL_ENDS,	/* the machine ends, with a result; the status is 128 + its number */
	SIGNAL_REPORTS, /* the machine says where its harts are, and goes on (hart_report.h) */
	SIGNAL_RESIZES, /* the terminal has another size: the guest's console is told */
	SIGNAL_STOPS,	/* the terminal is given back, the process stops; and raw again later */
	SIGNAL_DIES,	/* a fault: the terminal is given back, then the default action */
	SIGNAL_IGNORED, /* the call that raised it fails instead */
	SIGNAL_BLOCKED, /* a terminal of another job: its input waits, its output goes on */
	SIGNAL_OURS,	/* between our own threads; from others it does nothing */
	SIGNAL_KERNEL,	/* as the kernel has it: nothing is done, or nothing can be */
};

/* NUMBER is 1 to SIGRTMAX. */
enum signal_way signal_way(int number);

/* Before any thread is created: blocks those of our own and of the table's that sigwait() is to
 * take, and ignores what is to be ignored. */
void signals_prepare(void);

/* Those that a thread has to take by sigwait(): all that end, report, stop or resize. A SIGHUP that
 * was ignored when the program was started (nohup) is not among them. */
void signals_awaited(sigset_t *set);

#endif
