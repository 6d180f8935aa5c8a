/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* How long its end is awaited: where it hangs in the kernel, it is left to whoever ends it. */
#define END_MS 1000

/* In the child: what the terminal sends is its parent's to deal with. */
static void be_helper(void (*work)(void *opaque, int out), void *opaque, int out)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	/* Nobody reads any more: that is an error of write(), not a signal that is kept. */
	signal(SIGPIPE, SIG_IGN);
	work(opaque, out);
	_exit(0);
}

bool helper_start(struct helper *helper, void (*work)(void *opaque, int out), void *opaque,
		  uint64_t patience)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	*helper = (struct helper){.out = ends[0], .deadline = clock_now() + patience};
	helper->pid = fork();
	if (helper->pid == 0) {
		close(ends[0]);
		be_helper(work, opaque, ends[1]);
	}
	int reason = errno;
	close(ends[1]);
	if (helper->pid < 0) {
		close(ends[0]);
		errno = reason;
		return false;
	}
	helper->pidfd = (int)syscall(SYS_pidfd_open, helper->pid, 0);
	return true;
}

/* Until there is something to read, or its end, or DEADLINE has come. False with errno. */
static bool await_until(const struct helper *helper, uint64_t deadline)
{
	struct pollfd file = {.fd = helper->out, .events = POLLIN};

	for (;;) {
		uint64_t now = clock_now(), left = deadline > now ? deadline - now : 0;
		const struct timespec timeout = clock_timespec(left);
		int ready = ppoll(&file, 1, &timeout, NULL);

		if (ready > 0)
			return true;
		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

bool helper_await(const struct helper *helper, uint64_t patience)
{
	return await_until(helper, clock_now() + patience);
}

bool helper_read(const struct helper *helper, void *to, size_t size)
{
	char *at = to;

	while (size > 0) {
		ssize_t got;

		if (!await_until(helper, helper->deadline))
			return false;
		got = read(helper->out, at, size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got < 0 ? errno : 0;
			return false;
		}
		at += got;
		size -= (size_t)got;
	}
	return true;
}

void helper_end(struct helper *helper)
{
	struct pollfd file = {.fd = helper->pidfd, .events = POLLIN};

	close(helper->out);
	kill(helper->pid, SIGKILL);
	if (helper->pidfd < 0 || poll(&file, 1, END_MS) > 0)
		while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (helper->pidfd >= 0)
		close(helper->pidfd);
}

bool helper_write(int out, const void *from, size_t size)
{
	const char *at = from;

	while (size > 0) {
		ssize_t written = write(out, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		at += written;
		size -= (size_t)written;
	}
	return true;
}
