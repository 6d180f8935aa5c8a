/* SPDX-License-Identifier: Apache-2.0 */

#include "base/signals.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* SIGRTMIN is no constant: the rows of real-time signals count from it. */
#define REALTIME	1000
#define REALTIME_OTHERS 1999

static const struct {
	int number;
	enum signal_way way;
} rows[] = {
	/* Somebody wants the machine to end, or a limit was reached. */
	{SIGHUP, SIGNAL_ENDS},
	{SIGINT, SIGNAL_ENDS},
	{SIGTERM, SIGNAL_ENDS},
	{SIGUSR1, SIGNAL_ENDS},
	{SIGUSR2, SIGNAL_ENDS},
	{SIGALRM, SIGNAL_ENDS},
	{SIGVTALRM, SIGNAL_ENDS},
	{SIGPROF, SIGNAL_ENDS},
	{SIGPOLL, SIGNAL_ENDS},
	{SIGPWR, SIGNAL_ENDS},
	{SIGSTKFLT, SIGNAL_ENDS},
	{SIGXCPU, SIGNAL_ENDS}, /* ulimit -t */
	{REALTIME_OTHERS, SIGNAL_ENDS},

	{SIGQUIT, SIGNAL_REPORTS},
	{SIGTSTP, SIGNAL_STOPS},
	{SIGWINCH, SIGNAL_RESIZES},

	{SIGSEGV, SIGNAL_DIES},
	{SIGBUS, SIGNAL_DIES},
	{SIGILL, SIGNAL_DIES},
	{SIGFPE, SIGNAL_DIES},
	{SIGABRT, SIGNAL_DIES},
	{SIGTRAP, SIGNAL_DIES},
	{SIGSYS, SIGNAL_DIES},

	/* The write fails with EPIPE, or with EFBIG beyond ulimit -f: then a guest's disk has an
	 * I/O error, or the console nowhere to go. */
	{SIGPIPE, SIGNAL_IGNORED},
	{SIGXFSZ, SIGNAL_IGNORED},

	{SIGTTIN, SIGNAL_BLOCKED}, /* reader.h */
	{SIGTTOU, SIGNAL_BLOCKED},

	{REALTIME + 6, SIGNAL_OURS}, /* VCPU_KICK_SIGNAL */
	{REALTIME + 7, SIGNAL_OURS}, /* FORWARD_SIGNAL */
	{REALTIME + 8, SIGNAL_OURS}, /* HART_PMU_SIGNAL */
	{REALTIME + 9, SIGNAL_OURS}, /* LIMIT_SIGNAL of probe_scratch.c */

	{SIGCHLD, SIGNAL_KERNEL},
	{SIGURG, SIGNAL_KERNEL},
	{SIGCONT, SIGNAL_KERNEL},
	{SIGSTOP, SIGNAL_KERNEL},
	{SIGKILL, SIGNAL_KERNEL},
};

static bool find(int number, enum signal_way *way)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].number != number)
			continue;
		*way = rows[i].way;
		return true;
	}
	return false;
}

enum signal_way signal_way(int number)
{
	enum signal_way way = SIGNAL_KERNEL;

	if (number < SIGRTMIN)
		find(number, &way);
	else if (!find(REALTIME + number - SIGRTMIN, &way))
		find(REALTIME_OTHERS, &way);
	return way;
}

static bool was_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void signals_awaited(sigset_t *set)
{
	sigemptyset(set);
	for (int number = 1; number <= SIGRTMAX; number++) {
		enum signal_way way = signal_way(number);

		if (way == SIGNAL_ENDS || way == SIGNAL_REPORTS || way == SIGNAL_STOPS ||
		    way == SIGNAL_RESIZES)
			sigaddset(set, number);
	}
	if (was_ignored(SIGHUP))
		sigdelset(set, SIGHUP);
}

void signals_prepare(void)
{
	sigset_t set;

	signals_awaited(&set);
	for (int number = 1; number <= SIGRTMAX; number++) {
		enum signal_way way = signal_way(number);

		if (way == SIGNAL_IGNORED)
			signal(number, SIG_IGN);
		else if (way == SIGNAL_BLOCKED || way == SIGNAL_OURS)
			sigaddset(&set, number);
	}
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}
