/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SBI calls that KVM answers, for who counts them from the host: calls=N of each of harts=H harts,
 * as fast as they can, or rate=R a second of all together. The harts begin when all are there; at
 * the end one line: made CALLS TICKS TIMEBASE, the ticks from the first call to the last. With it
 * the machine makes CALLS, a DBCN call for the line, a HSM call for each other hart to start and
 * one for it to stop, and the reset.
 */
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/io.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"

static uint64_t calls, rate, harts, timebase;
static volatile uint64_t ready, go, done;

/* Behind their time they catch up: a hart that lost its CPU makes its calls later. */
static void make_calls(void)
{
	for (uint64_t i = 0; i < calls; i++) {
		uint64_t due = rate ? go + i * timebase * harts / rate : 0;

		while (time_now() < due)
			;
		sbi_get_spec_version();
	}
}

static void take_part(void)
{
	__sync_fetch_and_add(&ready, 1);
	while (!go)
		;
	make_calls();
	__sync_fetch_and_add(&done, 1);
}

static void secondary(uint64_t hart)
{
	(void)hart;
	take_part();
	hart_stop();
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);

	calls = bootarg(args, "calls", 1000);
	rate = bootarg(args, "rate", 0);
	harts = bootarg(args, "harts", 1);
	timebase = fdt_timebase(fdt);
	for (uint64_t other = 0; other < harts; other++)
		if (other != hart)
			hart_start(other, secondary);
	while (ready < harts - 1)
		;
	go = time_now();
	take_part();
	while (done < harts)
		;
	print("made %lu %lu %lu\n", calls * harts, time_now() - go, timebase);
}
