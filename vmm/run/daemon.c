/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"

static bool is_told(int fd)
{
	ssize_t got;
	char byte;

	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	return got == 1;
}

/* Of a child that ended before its VM ran: it has said why, if it could. */
static int status_of(pid_t child)
{
	pid_t ended;
	int status;

	do
		ended = waitpid(child, &status, 0);
	while (ended < 0 && errno == EINTR);
	if (ended < 0)
		return STATUS_NOT_RUN;
	if (WIFSIGNALED(status)) {
		error("--daemonize: the VM's process was ended by signal %d before it ran",
		      WTERMSIG(status));
		return 128 + WTERMSIG(status);
	}
	return WEXITSTATUS(status) ? WEXITSTATUS(status) : STATUS_NOT_RUN;
}

static bool refuse(int *status)
{
	error("--daemonize: no process for the VM: %s", strerror(errno));
	*status = STATUS_NOT_RUN;
	return false;
}

bool daemon_begin(struct daemon_child *child, int *status)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return refuse(status);
	/* What is in their buffers would be written by both. */
	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child->parent = ends[1];
		return true;
	}
	close(ends[1]);
	if (pid > 0)
		*status = is_told(ends[0]) ? STATUS_OK : status_of(pid);
	else
		refuse(status);
	close(ends[0]);
	return false;
}

static void leave_files(int words)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(words < 0 ? null : words, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

bool daemon_leave(struct daemon_child *child, int words)
{
	const char byte = 0;
	ssize_t told;

	setsid();
	leave_files(words);
	told = write(child->parent, &byte, 1);
	close(child->parent);
	child->parent = -1;
	return told == 1;
}
