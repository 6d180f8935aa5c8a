/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of the kind of riscv-tests: it says how it ends by the word tohost, and then loops.
 * status=N: with that; write=1: after a line by the system call proxy and one by the console.
 */
#include <stddef.h>

#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"

extern volatile uint64_t tohost, fromhost;
volatile uint64_t tohost __attribute__((aligned(64))), fromhost __attribute__((aligned(64)));

/* As riscv-tests' benchmarks do it. */
static void command(uint64_t value)
{
	fromhost = 0;
	__asm__ volatile("fence" ::: "memory");
	tohost = value;
	while (fromhost == 0 || tohost != 0)
		;
}

static void write_lines(void)
{
	static const char line[] = "by the proxy\n", bytes[] = "by the console\n";
	static volatile uint64_t call[8] __attribute__((aligned(64)));

	call[0] = 64;
	call[1] = 1;
	call[2] = (uint64_t)(uintptr_t)line;
	call[3] = sizeof(line) - 1;
	command((uint64_t)(uintptr_t)call);
	for (size_t i = 0; i < sizeof(bytes) - 1; i++)
		command(1ull << 56 | 1ull << 48 | (uint8_t)bytes[i]);
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);

	(void)hart;
	if (bootarg(args, "write", 0))
		write_lines();
	tohost = bootarg(args, "status", 0) << 1 | 1;
	for (;;)
		;
}
