/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/backend_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vmm/run/confine.h"

#define SOCKET	    (BACKEND_SOCKET[0] - '0')
#define LAST_MS	    3000
#define MOST_READS  64u /* of a pipe that is full */
#define CHILD_STACK 16384u

/* ---- the socket: connected before the process exists, and without a name from then on ---- */

static bool meet(const struct sockaddr_un *address, int listener, int socket_fd)
{
	const struct sockaddr *name = (const struct sockaddr *)address;

	return bind(listener, name, sizeof(*address)) == 0 && listen(listener, 1) == 0 &&
	       connect(socket_fd, name, sizeof(*address)) == 0;
}

/* In a folder that is this user's alone: nobody else gets in between. 0, or an errno. */
static int make_listener(int *listener, int *socket_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/vhart-backend.XXXXXX";
	int result = 0;

	*listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*listener < 0 || *socket_fd < 0 || !mkdtemp(folder)) {
		result = errno;
	} else {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
		if (!meet(&address, *listener, *socket_fd))
			result = errno;
		unlink(address.sun_path);
		rmdir(folder);
	}
	if (result != 0) {
		close(*listener);
		close(*socket_fd);
	}
	return result;
}

static int make_pair(int *theirs, int *ours)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return errno;
	*theirs = ends[0];
	*ours = ends[1];
	return 0;
}

/* ---- the process ---- */

struct start {
	const char *const *arguments;
	int socket, words, null; /* all beyond SOCKET */
	int rules;		 /* too; negative: none */
	int end_signal;
	pid_t parent;
	int failure; /* an errno */
};

extern char **environ;

/* Signals and a session of its own: what is typed at the console is not for it. */
static void leave_session(const struct start *start)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	struct sigaction now;
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_DFL)
			sigaction(number, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (start->end_signal)
		prctl(PR_SET_PDEATHSIG, start->end_signal);
}

static bool take_files(const struct start *start)
{
	return dup2(start->null, STDIN_FILENO) >= 0 && dup2(start->words, STDOUT_FILENO) >= 0 &&
	       dup2(start->words, STDERR_FILENO) >= 0 && dup2(start->socket, SOCKET) >= 0 &&
	       close_range(SOCKET + 1, ~0u, 0) == 0;
}

/*
 * In this process's memory, while the thread that started it waits: system calls only.
 * posix_spawn() cannot do all that is done here, and fork() would make guest memory copy-on-write.
 */
static int become(void *opaque)
{
	struct start *start = opaque;

	leave_session(start);
	/* The parent may have died before it could be watched. */
	if (start->end_signal && getppid() != start->parent)
		return 1;
	if (start->rules >= 0)
		start->failure = confine_enter(start->rules);
	if (!start->failure && take_files(start))
		execve(start->arguments[0], (char *const *)(uintptr_t)start->arguments, environ);
	if (!start->failure)
		start->failure = errno;
	return 1;
}

/* 0, or an errno. No signal handler of this process may run in become(). */
static int run(pid_t *pid, struct start *start)
{
	_Alignas(16) char stack[CHILD_STACK];
	sigset_t all, before;
	int result = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	*pid = clone(become, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, start);
	if (*pid < 0)
		result = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (*pid > 0 && start->failure) {
		result = start->failure;
		waitpid(*pid, NULL, 0);
	}
	if (result != 0)
		*pid = 0;
	return result;
}

/* Beyond all numbers that it gets there, so that no dup2() comes upon one that is still to be
 * copied. Closes FD. Negative with errno. */
static int move_up(int fd)
{
	const int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, SOCKET + 1);
	const int failure = errno;

	if (fd >= 0)
		close(fd);
	errno = failure;
	return high;
}

/* Takes SOCKET_FD. 0, or an errno. */
static int run_with(struct backend_process *process, const char *const *arguments, int rules,
		    int socket_fd)
{
	struct start start = {.arguments = arguments,
			      .end_signal = process->end_signal,
			      .parent = getpid(),
			      .rules = rules < 0 ? -1 : fcntl(rules, F_DUPFD_CLOEXEC, SOCKET + 1),
			      .socket = move_up(socket_fd),
			      .null = move_up(open("/dev/null", O_RDONLY | O_CLOEXEC))};
	int ends[2] = {-1, -1}, result = 0;

	if (start.socket < 0 || start.null < 0 || (rules >= 0 && start.rules < 0) ||
	    pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		result = errno;
	start.words = move_up(ends[1]);
	if (result == 0)
		result = start.words < 0 ? errno : run(&process->pid, &start);
	close(start.socket);
	close(start.null);
	close(start.rules);
	close(start.words);
	process->words = ends[0];
	process->pidfd = result ? -1 : pidfd_open(process->pid, 0);
	if (result && ends[0] >= 0)
		close(ends[0]);
	return result;
}

int backend_process_start(struct backend_process *process, const char *const *arguments, int rules,
			  int *socket_fd)
{
	int theirs = -1, result = process->connected ? make_pair(&theirs, socket_fd)
						     : make_listener(&theirs, socket_fd);

	process->pid = 0;
	if (result != 0)
		return result;
	result = run_with(process, arguments, rules, theirs);
	if (result != 0)
		close(*socket_fd);
	return result;
}

/* ---- its words and its end ---- */

/* The last SIZE bytes of what a pipe holds; how many there are. */
static size_t read_tail(int fd, char *bytes, size_t size)
{
	char more[1024];
	size_t len = 0;

	for (unsigned int i = 0; i < MOST_READS; i++) {
		const ssize_t came = read(fd, more, sizeof(more));
		size_t kept;

		if (came <= 0)
			break;
		kept = len < size - (size_t)came ? len : size - (size_t)came;
		memmove(bytes, bytes + len - kept, kept);
		memcpy(bytes + kept, more, (size_t)came);
		len = kept + (size_t)came;
	}
	return len;
}

void backend_process_last_words(const struct backend_process *process, char *words, size_t size)
{
	char bytes[4096];
	size_t len = read_tail(process->words, bytes, sizeof(bytes) - 1);
	char *line;

	*words = '\0';
	if (!len)
		return;
	bytes[len] = '\0';
	/* What a Rust program that panics says of itself is behind the reason. */
	line = strstr(bytes, "\nnote: run with");
	if (line)
		len = (size_t)(line - bytes);
	bytes[len] = '\0';
	while (len > 0 && bytes[len - 1] == '\n')
		bytes[--len] = '\0';
	line = strrchr(bytes, '\n');
	snprintf(words, size, "%s", line ? line + 1 : bytes);
}

static bool await_end(const struct backend_process *process, int ms)
{
	struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
	int result;

	do {
		result = poll(&ended, 1, ms);
	} while (result < 0 && errno == EINTR);
	return result > 0;
}

bool backend_process_await_end(const struct backend_process *process)
{
	return await_end(process, LAST_MS);
}

void backend_process_ask(const struct backend_process *process)
{
	if (process->pid && process->end_signal)
		kill(process->pid, process->end_signal);
}

bool backend_process_end(struct backend_process *process)
{
	bool ended;

	if (!process->pid)
		return true;
	backend_process_ask(process);
	ended = await_end(process, process->end_ms);
	/* With the child that does the work, where it has one. */
	if (!ended)
		kill(-process->pid, SIGKILL);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(process->pidfd);
	close(process->words);
	process->pid = 0;
	return ended;
}
