/* SPDX-License-Identifier: Apache-2.0 */

#include "base/terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "base/signals.h"

/*
 * The one exception to "no state at file scope": a signal handler and atexit() have no argument,
 * and there is one controlling terminal for the whole process.
 */
static struct termios saved;
static volatile sig_atomic_t changed;

/* Another job's terminal is not ours to change. */
static bool is_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* At once: with TCSADRAIN a terminal that is stopped, by Ctrl-S or a connection that stalls, would
 * keep us for ever. */
static void give_back(void)
{
	if (changed && is_foreground())
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	changed = 0;
}

void terminal_restore(void)
{
	if (!changed)
		return;
	give_back();
	log_set_raw_terminal(false);
}

static void restore_and_die(int signal_number)
{
	give_back();
	raise(signal_number); /* SA_RESETHAND: this time with the default action */
}

/* Those that would end the process, where nobody has better plans for them. */
static void restore_before_dying(void)
{
	const struct sigaction action = {.sa_handler = restore_and_die,
					 .sa_flags = (int)SA_RESETHAND};

	for (int number = 1; number <= SIGRTMAX; number++) {
		enum signal_way way = signal_way(number);
		struct sigaction now;

		if ((way == SIGNAL_DIES || way == SIGNAL_ENDS || way == SIGNAL_REPORTS) &&
		    sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
			sigaction(number, &action, NULL);
	}
}

/* The terminal, if it is ours to use, in MODE as the caller then makes it. */
static bool take_terminal(struct termios *mode)
{
	if (!isatty(STDIN_FILENO) || !is_foreground() || tcgetattr(STDIN_FILENO, &saved) < 0)
		return false;
	restore_before_dying();
	atexit(terminal_restore);
	*mode = saved;
	return true;
}

static bool make_raw(struct termios mode)
{
	cfmakeraw(&mode);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) < 0)
		return false;
	changed = 1;
	log_set_raw_terminal(true);
	return true;
}

void terminal_stop(void)
{
	bool was_raw = changed;

	terminal_restore();
	raise(SIGSTOP); /* this thread goes no further */
	if (was_raw && is_foreground() && tcgetattr(STDIN_FILENO, &saved) == 0)
		make_raw(saved);
}

bool terminal_raw(void)
{
	struct termios mode;

	return take_terminal(&mode) && make_raw(mode);
}

bool terminal_keys(void)
{
	struct termios mode;

	if (!take_terminal(&mode))
		return false;
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) < 0)
		return false;
	changed = 1;
	return true;
}
