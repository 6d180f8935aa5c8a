/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/sampling.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/way_out.h"

/* Long enough that it never comes while one asks. */
#define PROBE_PERIOD NS_PER_S

static struct perf_event_attr attributes(const struct sampling_options *options)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.disabled = 1,
		.inherit = 1,
	};

	if (options->event == SAMPLE_CLOCK) {
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_CPU_CLOCK;
	} else {
		attr.exclude_host = 1;
	}
	if (options->period) {
		attr.sample_period = options->period;
	} else if (options->event == SAMPLE_CLOCK) {
		/* Time needs no finding of a period that makes the frequency, and no limit to it.
		 */
		attr.sample_period = NS_PER_S / options->frequency;
	} else {
		attr.freq = 1;
		attr.sample_freq = options->frequency;
	}
	return attr;
}

static int open_event(const struct perf_event_attr *attr, pid_t tid)
{
	return (int)syscall(SYS_perf_event_open, attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

bool sampling_has_cycles(void)
{
	const struct sampling_options probe = {.event = SAMPLE_CYCLES, .period = PROBE_PERIOD};
	const struct perf_event_attr attr = attributes(&probe);
	int fd = open_event(&attr, 0);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

uint64_t sampling_highest_frequency(void)
{
	FILE *file = fopen("/proc/sys/kernel/perf_event_max_sample_rate", "re");
	unsigned long highest = 0;

	if (file) {
		if (fscanf(file, "%lu", &highest) != 1)
			highest = 0;
		fclose(file);
	}
	return highest ? highest : UINT64_MAX;
}

/* False with errno set. */
static bool open_thread(struct sampling *sampling, const struct perf_event_attr *attr, pid_t tid,
			int program)
{
	int fd = open_event(attr, tid);

	if (fd < 0)
		return errno == ESRCH; /* it has just ended */
	sampling->events[sampling->count++] = fd;
	return ioctl(fd, PERF_EVENT_IOC_SET_BPF, program) == 0 &&
	       ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0;
}

static bool open_threads(struct sampling *sampling, const struct perf_event_attr *attr, pid_t pid,
			 int program)
{
	char path[64];
	struct dirent *entry;
	bool good = true;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return false;
	while (good && (entry = readdir(threads))) {
		long tid = strtol(entry->d_name, NULL, 10);

		if (tid > 0 && sampling->count < SAMPLING_THREADS)
			good = open_thread(sampling, attr, (pid_t)tid, program);
	}
	int reason = errno;
	closedir(threads);
	errno = reason;
	return good;
}

static void close_from(struct sampling *sampling, unsigned int first)
{
	for (unsigned int i = first; i < sampling->count; i++)
		close(sampling->events[i]);
	sampling->count = first;
}

bool sampling_open(struct sampling *sampling, const struct sampling_options *options, pid_t pid,
		   int program)
{
	const struct perf_event_attr attr = attributes(options);
	const unsigned int before = sampling->count;

	if (options->event == SAMPLE_EXITS || open_threads(sampling, &attr, pid, program))
		return true;
	error("a perf event on the threads of process %d: %s: %s", (int)pid, strerror(errno),
	      way_out(WAY_OUT_SAMPLING, errno));
	close_from(sampling, before);
	return false;
}

void sampling_close(struct sampling *sampling)
{
	close_from(sampling, 0);
}
