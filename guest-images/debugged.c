/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a debugger must not disturb: a guest's own ebreak reaches its own handler, its text reads as
 * it was once the debugger has left, an LR/SC sequence succeeds, and a step into a page fault or an
 * ecall comes back. The places to stop at are functions of their own: before, inside, atomic,
 * fault, call, after. Word of the command line: rounds=N.
 */
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/io.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/trap.h"

#define PARCELS 8 /* of a function: as far as it is looked at */

static uint64_t ebreaks, faults, word;

static void count_ebreak(struct trap_frame *frame)
{
	ebreaks++;
	trap_skip(frame);
}

static void count_fault(struct trap_frame *frame)
{
	faults++;
	trap_skip(frame);
}

__attribute__((noinline)) static void before(void)
{
	__asm__ volatile("nop");
}

/* Two ways to write one. */
__attribute__((noinline)) static void inside(void)
{
	__asm__ volatile("c.ebreak\n\t.option push\n\t.option norvc\n\tebreak\n\t.option pop");
}

__attribute__((noinline)) static void atomic(void)
{
	uint64_t old, failed;

	__asm__ volatile("1: lr.d %0, (%2)\n\taddi %0, %0, 1\n\tsc.d %1, %0, (%2)\n\tbnez %1, 1b"
			 : "=&r"(old), "=&r"(failed)
			 : "r"(&word)
			 : "memory");
}

/* Nothing is there, and KVM tells the guest so. */
__attribute__((noinline)) static void fault(void)
{
	__asm__ volatile("unimp");
}

__attribute__((noinline)) static void call(void)
{
	sbi_call(SBI_EID_BASE, SBI_BASE_GET_SPEC_VERSION, 0, 0, 0);
}

__attribute__((noinline)) static void after(void)
{
	__asm__ volatile("nop");
}

/* Of all functions above, which need not be in this order. */
static uint64_t sum_of_text(void)
{
	static void (*const places[])(void) = {before, inside, atomic, fault, call, after};
	uint64_t sum = 0;

	for (unsigned int i = 0; i < 6; i++) {
		const volatile uint16_t *at = (const volatile uint16_t *)(uintptr_t)places[i];

		for (unsigned int parcel = 0; parcel < PARCELS; parcel++)
			sum = sum * 31 + at[parcel];
	}
	return sum;
}

void main(uint64_t hart, const void *fdt)
{
	const uint64_t rounds = bootarg(fdt_bootargs(fdt), "rounds", 3), sum = sum_of_text();

	(void)hart;
	trap_set_handler(CAUSE_BREAKPOINT, count_ebreak);
	trap_set_handler(CAUSE_ILLEGAL_INSTRUCTION, count_fault);
	print("ready\n");
	for (uint64_t i = 0; i < rounds; i++) {
		before();
		inside();
		atomic();
		fault();
		call();
		after();
	}
	tap_eq(ebreaks, 2 * rounds, "each ebreak of its own comes to its own handler");
	tap_eq(word, rounds, "an LR/SC sequence succeeds");
	tap_eq(faults, rounds, "an exception is taken once");
	tap(sum_of_text() == sum, "the text is as it was");
	tap_end();
}
