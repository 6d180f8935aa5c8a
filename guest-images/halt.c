/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Harts halt (WFI) until an MSI comes: hart 0 sends one to all others, which answer with one each,
 * 300 times. With more harts than the host has CPUs their threads move from one to another
 * while they halt. A timer ends a halt whose MSI is there and did not.
 */
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/imsic.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/timer.h"

#define ROUNDS	     300u
#define LONGEST_HALT (5 * TIME_SECOND)
#define IDENTITY     1u

static uint64_t harts, answers, late;

static void set_up(void)
{
	imsic_set_up();
	imsic_enable(IDENTITY);
	interrupt_enable(IRQ_S_EXTERNAL);
	interrupt_enable(IRQ_S_TIMER);
}

static void halt_until_msi(void)
{
	uint64_t end = 0;

	while (!imsic_claim()) {
		if (time_now() >= end) {
			end = time_now() + LONGEST_HALT;
			timer_set(end);
		}
		interrupt_wait();
		if (time_now() >= end && imsic_claim()) {
			__atomic_fetch_add(&late, 1, __ATOMIC_RELAXED);
			return;
		}
	}
}

static void answer(uint64_t hart)
{
	(void)hart;
	set_up();
	for (;;) {
		harts_count(&answers);
		imsic_send(0, IDENTITY);
		halt_until_msi();
	}
}

static void wait_for_answers(uint64_t count)
{
	while (__atomic_load_n(&answers, __ATOMIC_ACQUIRE) < count)
		halt_until_msi();
}

void main(uint64_t boot, const void *fdt)
{
	(void)boot;
	(void)fdt;
	set_up();
	harts = harts_start(answer);
	wait_for_answers(harts - 1);
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		for (uint64_t hart = 1; hart < harts; hart++)
			imsic_send(hart, IDENTITY);
		wait_for_answers((harts - 1) * (round + 1));
	}
	tap(late == 0, "an MSI ends a halt: %lu did not", late);
	tap_end();
}
