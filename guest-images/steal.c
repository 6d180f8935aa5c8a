/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of steal time (SBI 3.0, chapter 16) is where the guest wants it, its sequence even
 * while nobody writes, and its steal time never goes back.
 */
#include "vhart-guest/guest.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/timer.h"

#define LOOKS 100

static struct {
	uint32_t sequence, flags;
	uint64_t steal; /* nanoseconds */
	uint8_t preempted, unused[47];
} record __attribute__((aligned(64)));

/* As a guest has to read it: again where the sequence is odd, or moved. */
static uint64_t read_steal(void)
{
	const volatile __typeof__(record) *at = &record;
	uint32_t sequence;
	uint64_t steal;

	do {
		sequence = at->sequence;
		__asm__ volatile("fence r, r" ::: "memory");
		steal = at->steal;
		__asm__ volatile("fence r, r" ::: "memory");
	} while (sequence & 1 || sequence != at->sequence);
	return steal;
}

void main(uint64_t hart, const void *fdt)
{
	uint64_t steal = 0, now;
	bool back = false;

	(void)hart;
	(void)fdt;
	if (!sbi_probe(SBI_EID_STA))
		tap_skip_all("there is no STA here");
	record.sequence = 7;
	record.steal = UINT64_MAX;
	tap_eq((uint64_t)sbi_steal_time_set_shmem((uint64_t)&record, 0), 0,
	       "the record has a place");
	for (int i = 0; i < LOOKS; i++) {
		sbi_call(SBI_EID_BASE, SBI_BASE_GET_SPEC_VERSION, 0, 0,
			 0); /* a chance to write it */
		now = read_steal();
		back = back || now < steal;
		steal = now;
	}
	tap(!back, "steal time does not go back");
	print("stolen: %lu s\n", steal / 1000000000);
	tap_eq((uint64_t)sbi_steal_time_set_shmem(UINT64_MAX, UINT64_MAX), 0,
	       "the record is given up");
	tap_end();
}
