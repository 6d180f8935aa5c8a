/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/await.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "trace/sampler.h"

int await_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static enum wake await_files(int signals, int pidfd, int keys, uint64_t deadline)
{
	struct pollfd files[] = {{.fd = signals, .events = POLLIN},
				 {.fd = pidfd, .events = POLLIN},
				 {.fd = keys, .events = POLLIN}};
	struct timespec left, *timeout = NULL;

	if (deadline) {
		uint64_t now = clock_now(), ns = deadline > now ? deadline - now : 0;

		left = (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
		timeout = &left;
	}
	int ready = ppoll(files, sizeof(files) / sizeof(files[0]), timeout, NULL);
	if (ready < 0)
		return errno == EINTR ? WAKE_SIGNAL : WAKE_FAILED;
	if (files[0].revents)
		return WAKE_SIGNAL;
	if (files[1].revents)
		return WAKE_END;
	return files[2].revents ? WAKE_KEY : WAKE_TIME;
}

enum wake await(int signals, int pidfd, uint64_t deadline)
{
	return await_files(signals, pidfd, -1, deadline);
}

enum wake await_key(int signals, int pidfd, uint64_t deadline)
{
	return await_files(signals, pidfd, STDIN_FILENO, deadline);
}
