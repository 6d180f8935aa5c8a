/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "vmm/log.h"

/*
 * The one exception to "no state at file scope": a signal handler and atexit() have no argument,
 * and there is one controlling terminal for the whole process.
 */
static struct termios saved;
static volatile sig_atomic_t changed;

void terminal_restore(void)
{
	if (!changed)
		return;
	changed = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	log_set_raw_terminal(false);
}

static void restore_and_die(int signal_number)
{
	if (changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	changed = 0;
	raise(signal_number); /* SA_RESETHAND: this time with the default action */
}

/* The terminal, if it is ours to use, in MODE as the caller then makes it. */
static bool take_terminal(struct termios *mode)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT};
	struct sigaction action = {.sa_handler = restore_and_die, .sa_flags = (int)SA_RESETHAND};

	if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
	    tcgetattr(STDIN_FILENO, &saved) < 0)
		return false;
	for (unsigned int i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &action, NULL);
	atexit(terminal_restore);
	*mode = saved;
	return true;
}

bool terminal_raw(void)
{
	struct termios mode;

	if (!take_terminal(&mode))
		return false;
	cfmakeraw(&mode);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) < 0)
		return false;
	changed = 1;
	log_set_raw_terminal(true);
	return true;
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
