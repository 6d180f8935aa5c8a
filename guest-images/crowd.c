/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a debugger: all harts take turns of their own, each counted, until somebody sets `enough`.
 * Then the machine powers off. Built with frame pointers.
 */
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/print.h"

/* For the debugger to look at, and to set. */
uint64_t turns[GUEST_MAX_HARTS], all_turns;
volatile int enough;

/* An LR/SC sequence, within which no hart can be stopped. */
__attribute__((noinline)) static void count(uint64_t *counter)
{
	uint64_t value;
	int failed;

	__asm__ volatile("1: lr.d %0, (%2)\n\taddi %0, %0, 1\n\tsc.d %1, %0, (%2)\n\tbnez %1, 1b"
			 : "=&r"(value), "=&r"(failed)
			 : "r"(counter)
			 : "memory");
}

__attribute__((noinline)) static void turn(uint64_t hart)
{
	turns[hart]++;
	count(&all_turns);
	__asm__ volatile("" ::: "memory");
}

static void take_turns(uint64_t hart)
{
	while (!enough)
		turn(hart);
}

static void others(uint64_t hart)
{
	take_turns(hart);
	hart_stop();
}

void main(uint64_t boot, const void *fdt)
{
	(void)fdt;
	harts_start(others);
	print("turns begin\n");
	take_turns(boot);
	print("enough\n");
}
