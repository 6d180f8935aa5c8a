/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work whose shares are known, for who samples it from the host: work_three takes three times the
 * instructions of work_one. Words of the command line: rounds=N of both; calls=N SBI calls in each
 * round, all by make_call. Built with frame pointers: main calls round calls work_one.
 */
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"

/* So many that calls and returns take next to no time beside it, also under QEMU. */
#define STEPS 10000ull

__attribute__((noinline)) static void work_one(void)
{
	uint64_t left = STEPS;

	__asm__ volatile("1: addi %0, %0, -1\n\tbnez %0, 1b" : "+r"(left));
}

__attribute__((noinline)) static void work_three(void)
{
	uint64_t left = 3 * STEPS;

	__asm__ volatile("1: addi %0, %0, -1\n\tbnez %0, 1b" : "+r"(left));
}

__attribute__((noinline)) static void make_call(void)
{
	sbi_call(SBI_EID_BASE, 0, 0, 0, 0);
	/* So that it is no tail call. */
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void round_of_work(uint64_t calls)
{
	work_one();
	work_three();
	for (uint64_t i = 0; i < calls; i++)
		make_call();
	__asm__ volatile("" ::: "memory");
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	uint64_t rounds = bootarg(args, "rounds", 10000), calls = bootarg(args, "calls", 0);

	(void)hart;
	print("begin\n");
	for (uint64_t i = 0; i < rounds; i++)
		round_of_work(calls);
	print("end\n");
}
