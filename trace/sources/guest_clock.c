/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/guest_clock.h"

#include <stdio.h>

#include "base/clock.h"

/* One of them is not interrupted between its two readings. */
#define READINGS 3

/* devicetree.org, cpus/timebase-frequency. */
uint64_t guest_clock_timebase(void)
{
	FILE *file = fopen("/proc/device-tree/cpus/timebase-frequency", "re");
	uint8_t big_endian[4];
	uint64_t frequency = 0;

	if (file && fread(big_endian, sizeof(big_endian), 1, file) == 1)
		for (size_t i = 0; i < sizeof(big_endian); i++)
			frequency = frequency << 8 | big_endian[i];
	if (file)
		fclose(file);
	return frequency;
}

uint64_t guest_clock_resolution(void)
{
	uint64_t timebase = guest_clock_timebase();

	return timebase ? NS_PER_S / timebase : 1;
}

static uint64_t time_csr(void)
{
	uint64_t ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks));
	return ticks;
}

struct trace_clock guest_clock(uint64_t timebase)
{
	struct trace_clock best = {.timebase = timebase};
	uint64_t shortest = UINT64_MAX;

	for (unsigned int i = 0; i < READINGS; i++) {
		uint64_t before = clock_now(), ticks = time_csr(), took = clock_now() - before;

		if (took >= shortest)
			continue;
		shortest = took;
		best.ns = before + took / 2;
		best.ticks = ticks;
	}
	return best;
}
