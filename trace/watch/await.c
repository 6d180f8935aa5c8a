/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/watch/await.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* How often events are counted, where that is done here: their threads' names are read then. */
#define EVENTS_NS 50000000u

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

int await_taken(int signals)
{
	struct signalfd_siginfo info;

	return read(signals, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

uint64_t await_soon(uint64_t deadline)
{
	const uint64_t next = clock_now() + COLLECTOR_POLL_NS;

	return next < deadline ? next : deadline;
}

static enum wake await_files(int signals, int pidfd, int keys, int events, uint64_t deadline)
{
	struct pollfd files[] = {{.fd = signals, .events = POLLIN},
				 {.fd = pidfd, .events = POLLIN},
				 {.fd = keys, .events = POLLIN},
				 {.fd = events, .events = POLLIN}};
	struct timespec left, *timeout = NULL;

	if (deadline) {
		uint64_t now = clock_now(), ns = deadline > now ? deadline - now : 0;

		left = clock_timespec(ns);
		timeout = &left;
	}
	int ready = ppoll(files, sizeof(files) / sizeof(files[0]), timeout, NULL);
	if (ready < 0)
		return errno == EINTR ? WAKE_TIME : WAKE_FAILED;
	if (files[0].revents)
		return await_taken(signals) ? WAKE_SIGNAL : WAKE_FAILED;
	if (files[1].revents)
		return WAKE_END;
	return files[2].revents ? WAKE_KEY : WAKE_TIME;
}

/* Wakes up now and then for COLLECTOR, and goes on waiting. */
static enum wake await_counting(int signals, int pidfd, int keys, struct collector *collector,
				uint64_t deadline)
{
	int events = collector_fd(collector);
	uint64_t next = deadline;
	enum wake wake;

	collector_poll(collector);
	do {
		if (events >= 0) {
			collector_poll(collector);
			next = clock_now() + EVENTS_NS;
			next = deadline && deadline < next ? deadline : next;
		}
		wake = await_files(signals, pidfd, keys, events, next);
	} while (wake == WAKE_TIME && events >= 0 && (!deadline || clock_now() < deadline));
	return wake;
}

enum wake await(int signals, int pidfd, struct collector *collector, uint64_t deadline)
{
	return await_counting(signals, pidfd, -1, collector, deadline);
}

enum wake await_file(int signals, int pidfd, struct collector *collector, uint64_t deadline,
		     int file)
{
	return await_counting(signals, pidfd, file, collector, deadline);
}

enum wake await_key(int signals, int pidfd, struct collector *collector, uint64_t deadline)
{
	return await_counting(signals, pidfd, STDIN_FILENO, collector, deadline);
}
