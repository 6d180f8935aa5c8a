/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Platform firmware events of the SBI PMU (SBI 3.0, section 11.3.4: code 0xFFFF, the event is named
 * by event_data): what only the host knows about a hart. In a Linux guest: perf stat -e
 * rc00000000000000N, with N the number of the event in hexadecimal.
 *
 * Threads: opened, read and closed on the vCPU's thread.
 */
#ifndef VHART_PLATFORM_EVENTS_H
#define VHART_PLATFORM_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#define PLATFORM_EVENTS 11u
/* With exits that the VMM's own instructions make (lcofi_stub.h): hart_pmu.c takes them out. */
#define PLATFORM_EXITS 1u
#define PLATFORM_MMIO  4u
/* Counted by the forward's programs: see hart_pmu.c. */
#define PLATFORM_CALLS	2u /* KVM has a statistic of it, which stays 0 */
#define PLATFORM_FAULTS 11u

struct platform_event {
	uint64_t data; /* event_data, from 1 */
	const char *name;
	const char *what;
	const char *statistic; /* KVM's name for it (KVM_GET_STATS_FD), or NULL */
};
extern const struct platform_event platform_events[PLATFORM_EVENTS];

struct platform_counts {
	int stats_fd;			  /* of the vCPU, or -1 */
	int schedstat_fd;		  /* of its thread, or -1 */
	int64_t offsets[PLATFORM_EVENTS]; /* into stats_fd; -1: KVM does not count it */
};

void platform_counts_open(struct platform_counts *counts, int vcpu_fd);
void platform_counts_close(struct platform_counts *counts);

/* How often since the vCPU exists (steal: nanoseconds). False: there is no such event here. */
bool platform_counts_read(const struct platform_counts *counts, uint64_t data, uint64_t *count);

#endif
