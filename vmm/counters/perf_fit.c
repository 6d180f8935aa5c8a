/* SPDX-License-Identifier: Apache-2.0 */
/* How many counters the host's hardware has free, tried with events that it has. */
#include <linux/perf_event.h>
#include <sys/ioctl.h>

#include "vmm/counters/perf_counters.h"

/* Beside cycles and instructions, which have counters of their own as well. Whatever of these the
 * host has. */
static const struct pmu_event others[] = {
	{.type = PMU_EVENT_HARDWARE, .code = 3}, /* cache references */
	{.type = PMU_EVENT_HARDWARE, .code = 4}, /* cache misses */
	{.type = PMU_EVENT_HARDWARE, .code = 5}, /* branches */
	{.type = PMU_EVENT_HARDWARE, .code = 6}, /* branch misses */
	{.type = PMU_EVENT_CACHE, .code = 0x01}, /* L1D read misses */
	{.type = PMU_EVENT_CACHE, .code = 0x19}, /* dTLB read misses */
	{.type = PMU_EVENT_CACHE, .code = 0x21}, /* iTLB read misses */
};
static const struct pmu_event fixed[] = {
	{.type = PMU_EVENT_HARDWARE, .code = 1},
	{.type = PMU_EVENT_HARDWARE, .code = 2},
};

struct fitting {
	int fds[PMU_MAX_COUNTERS];
	unsigned int count, most;
	bool unknown; /* it is not for the counters that there were no more */
};

/* As many more of EVENT as fit, TIMES at most. */
static void fit(struct perf_counters *perf, struct fitting *fitting, const struct pmu_event *event,
		unsigned int times)
{
	struct perf_event_attr attr;
	uint64_t value;

	perf_counters_attr(event, &attr);
	for (unsigned int i = 0; i < times && fitting->count < fitting->most; i++) {
		int fd = perf_event_take(perf, &attr, false);

		if (fd < 0) {
			fitting->unknown |= !perf_no_event(fd);
			return;
		}
		if (perf->calls->control(perf->opaque, fd, PERF_EVENT_IOC_ENABLE, 0) < 0 ||
		    !perf->calls->read(perf->opaque, fd, &value)) {
			perf->calls->close(perf->opaque, fd);
			return;
		}
		fitting->fds[fitting->count++] = fd;
	}
}

static void fit_all(struct perf_counters *perf, struct fitting *fitting,
		    const struct pmu_event *events, size_t count, unsigned int times)
{
	for (size_t i = 0; i < count; i++)
		fit(perf, fitting, &events[i], times);
}

unsigned int perf_counters_together(struct perf_counters *perf, unsigned int most)
{
	struct fitting fitting = {.most = most < PMU_MAX_COUNTERS ? most : PMU_MAX_COUNTERS};
	unsigned int alone;

	fit_all(perf, &fitting, fixed, 2, 1);
	alone = fitting.count;
	fit_all(perf, &fitting, others, sizeof(others) / sizeof(others[0]), most);
	if (fitting.count == alone)
		fit_all(perf, &fitting, fixed, 2, most);
	for (unsigned int i = 0; i < fitting.count; i++)
		perf->calls->close(perf->opaque, fitting.fds[i]);
	return fitting.unknown ? most : fitting.count;
}
