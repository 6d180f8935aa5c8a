/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/alerts/commands_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

struct running {
	pid_t pid; /* 0: this place is free */
	int pidfd; /* -1: there is none, and its end is seen a second later */
};

struct commands_run {
	const char *command;
	int ready; /* an epoll of all pidfds */
	struct running running[COMMANDS_RUN_MOST];
	struct command_about waiting[COMMANDS_WAIT_MOST]; /* a ring */
	size_t first, count;
	bool said; /* that one is not run */
};

struct commands_run *commands_run_new(const char *command)
{
	struct commands_run *commands = calloc(1, sizeof(*commands));

	if (!commands)
		return NULL;
	commands->command = command;
	commands->ready = epoll_create1(EPOLL_CLOEXEC);
	if (commands->ready >= 0)
		return commands;
	free(commands);
	return NULL;
}

static void forget(struct running *running)
{
	/* Which takes it out of the epoll, too. */
	if (running->pid && running->pidfd >= 0)
		close(running->pidfd);
	*running = (struct running){.pid = 0};
}

void commands_run_free(struct commands_run *commands)
{
	if (!commands)
		return;
	for (size_t i = 0; i < COMMANDS_RUN_MOST; i++)
		forget(&commands->running[i]);
	close(commands->ready);
	free(commands);
}

int commands_run_fd(const struct commands_run *commands)
{
	return commands->ready;
}

/* ---- one of them ---- */

static void put_number(const char *name, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, number);
	setenv(name, text, 1);
}

/* In the child. Signals that this process takes as a file are the command's own again. */
static void be_command(const char *command, const struct command_about *about, int input)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("VHART_RULE", about->rule, 1);
	setenv("VHART_VM", about->vm, 1);
	put_number("VHART_PID", about->pid);
	put_number("VHART_VCPU", about->vcpu);
	if (dup2(input, STDIN_FILENO) == STDIN_FILENO && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* A file descriptor to read the JSON from, all of which is in its pipe already: no pipe is smaller
 * (POSIX: PIPE_BUF). -1 with errno. */
static int input_of(const struct command_about *about)
{
	int ends[2];

	_Static_assert(FINDING_JSON <= 4096, "a pipe holds it");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (write(ends[1], about->json, about->len) != (ssize_t)about->len) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

static void watch_end(const struct commands_run *commands, struct running *running)
{
	struct epoll_event event = {.events = EPOLLIN};

	running->pidfd = (int)syscall(SYS_pidfd_open, running->pid, 0);
	if (running->pidfd >= 0)
		epoll_ctl(commands->ready, EPOLL_CTL_ADD, running->pidfd, &event);
}

static void start(const struct commands_run *commands, struct running *running,
		  const struct command_about *about)
{
	const int input = input_of(about);

	if (input >= 0) {
		fflush(NULL);
		running->pid = fork();
		if (running->pid == 0)
			be_command(commands->command, about, input);
	}
	if (input < 0 || running->pid < 0) {
		warning("--on-finding: the command is not run for %s of %s: %s", about->rule,
			about->vm, strerror(errno));
		running->pid = 0;
	} else {
		watch_end(commands, running);
	}
	if (input >= 0)
		close(input);
}

/* ---- all of them ---- */

static struct running *free_place(struct commands_run *commands)
{
	for (size_t i = 0; i < COMMANDS_RUN_MOST; i++)
		if (!commands->running[i].pid)
			return &commands->running[i];
	return NULL;
}

void commands_run_add(struct commands_run *commands, const struct command_about *about)
{
	struct running *place = commands->count ? NULL : free_place(commands);

	if (place) {
		start(commands, place, about);
	} else if (commands->count < COMMANDS_WAIT_MOST) {
		commands->waiting[(commands->first + commands->count++) % COMMANDS_WAIT_MOST] =
			*about;
	} else if (!commands->said) {
		commands->said = true;
		warning("--on-finding: %u commands run and %u wait: further ones are not run until "
			"some have ended",
			COMMANDS_RUN_MOST, COMMANDS_WAIT_MOST);
	}
}

void commands_run_reap(struct commands_run *commands)
{
	struct running *place;

	for (size_t i = 0; i < COMMANDS_RUN_MOST; i++)
		if (commands->running[i].pid &&
		    waitpid(commands->running[i].pid, NULL, WNOHANG) != 0)
			forget(&commands->running[i]);
	while (commands->count && (place = free_place(commands))) {
		start(commands, place, &commands->waiting[commands->first]);
		commands->first = (commands->first + 1) % COMMANDS_WAIT_MOST;
		commands->count--;
		commands->said = false;
	}
}

static bool any_runs(const struct commands_run *commands)
{
	for (size_t i = 0; i < COMMANDS_RUN_MOST; i++)
		if (commands->running[i].pid)
			return true;
	return false;
}

#define LOOK_MS 100 /* at one without a pidfd */

void commands_run_finish(struct commands_run *commands, uint64_t patience)
{
	const uint64_t end = clock_now() + patience;
	struct epoll_event event;

	commands_run_reap(commands);
	while (any_runs(commands) && clock_now() < end) {
		epoll_wait(commands->ready, &event, 1, LOOK_MS);
		commands_run_reap(commands);
	}
}
