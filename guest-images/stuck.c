/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that KVM cannot emulate, one a boot, named on the command line with NAME=1:
 * jump (into a hole), odd (a load at an odd address of a hole), amo (an atomic operation on a
 * hole), float (a floating-point load from a hole). KVM gives up on them;
 * the guest takes the exception that hardware would raise.
 */
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/trap.h"

#define HOLE 0x00200000ull

static void jump(void)
{
	((void (*)(void))HOLE)();
}

static void odd(void)
{
	uint64_t value;

	__asm__ volatile("ld %0, (%1)" : "=r"(value) : "r"(HOLE + 1));
}

static void amo(void)
{
	uint64_t value;

	__asm__ volatile("amoadd.d %0, %1, (%1)" : "=r"(value) : "r"(HOLE));
}

static void float_load(void)
{
	__asm__ volatile(".option push\n.option arch, +d\n"
			 "li t0, 0x2000\ncsrs sstatus, t0\nfld ft0, (%0)\n.option pop" ::"r"(HOLE)
			 : "t0");
}

static const struct {
	const char *name;
	void (*go)(void);
} ways[] = {{"jump", jump}, {"odd", odd}, {"float", float_load}, {"amo", amo}};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	unsigned int way = 0;

	(void)hart;
	while (way < WAYS - 1 && !bootarg(args, ways[way].name, 0))
		way++;
	tap(bootarg(args, ways[way].name, 0), "the command line names a way");
	trap_record()->expected = true;
	ways[way].go();
	tap_note("scause %lu", trap_record()->cause);
	tap_eq(trap_record()->exceptions, 1, "exceptions by this way: %s", ways[way].name);
	tap_end();
}
