/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies between two readings of a counter of perf that this thread opened: the least of many.
 * A line each, for cycles and for instructions:
 *
 *     cycles-read N        by read(2)
 *     cycles-user N        by the counter's CSR, as the page of the event allows it (perf_event.h)
 *
 * There is no line where the counter cannot be read so.
 */
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

#define ROUNDS 1000u

static const struct {
	const char *name;
	uint64_t event;
} counters[] = {
	{"cycles", PERF_COUNT_HW_CPU_CYCLES},
	{"instructions", PERF_COUNT_HW_INSTRUCTIONS},
};

/* CSR 0xC00 and those behind it, twice; the number is part of the instruction. */
#define CASE(n)                                                                                    \
	case n:                                                                                    \
		__asm__ volatile("csrr %0, 0xC00 + %1\n\tcsrr t0, 0xC00 + %1\n\tsub %0, t0, %0"    \
				 : "=&r"(between)                                                  \
				 : "i"(n)                                                          \
				 : "t0");                                                          \
		break;
#define CASES(n) CASE(n) CASE(n + 1) CASE(n + 2) CASE(n + 3)

static uint64_t between_csrs_of(uint32_t counter)
{
	uint64_t between = UINT64_MAX;

	switch (counter) {
		CASES(0)
		CASES(4)
		CASES(8)
		CASES(12)
		CASES(16)
		CASES(20)
		CASES(24)
		CASES(28)
	}
	return between;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t between_reads(int event)
{
	uint64_t first, second, best = UINT64_MAX;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (read(event, &first, sizeof(first)) != sizeof(first) ||
		    read(event, &second, sizeof(second)) != sizeof(second))
			err(1, "read");
		best = least(best, second - first);
	}
	return best;
}

/* False: not by this event's page. */
static bool between_csrs(int event, uint64_t *best)
{
	const long page = sysconf(_SC_PAGESIZE);
	struct perf_event_mmap_page *at =
		mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);

	if (at == MAP_FAILED)
		return false;
	if (!at->cap_user_rdpmc || !at->index) {
		munmap(at, (size_t)page);
		return false;
	}
	*best = UINT64_MAX;
	/* One that loses its CPU in between is not the least. */
	for (unsigned int i = 0; i < ROUNDS; i++)
		*best = least(*best, between_csrs_of(at->index - 1));
	munmap(at, (size_t)page);
	return true;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		struct perf_event_attr attr = {
			.size = sizeof(attr),
			.type = PERF_TYPE_HARDWARE,
			.config = counters[i].event,
		};
		int event = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
		uint64_t best;

		if (event < 0) {
			warn("%s", counters[i].name);
			continue;
		}
		printf("%s-read %" PRIu64 "\n", counters[i].name, between_reads(event));
		if (between_csrs(event, &best))
			printf("%s-user %" PRIu64 "\n", counters[i].name, best);
		close(event);
	}
	return 0;
}
