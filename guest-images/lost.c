/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gets lost in one way a boot, named on the command line with NAME=1: machine (uses a CSR of
 * machine mode before it has a trap handler), handler (its trap handler traps), hole (its trap
 * handler is where no memory is), nothing (reads an address with nothing there, then spins), halt
 * (waits for an interrupt that never comes); spins when none is named.
 */
#include "vhart-guest/csr.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/io.h"
#include "vhart-guest/print.h"

#define HOLE 0x00200000ull

static _Alignas(4) const uint32_t no_instruction[4];

/* A global name, for the reports that name it. */
void spin_here(void);
void spin_here(void)
{
	for (;;)
		__asm__ volatile("" ::: "memory");
}

static void machine(void)
{
	csr_write(stvec, 0);
	csr_read(mhartid);
}

static void handler(void)
{
	csr_write(stvec, (uint64_t)no_instruction);
	__asm__ volatile(".word 0");
}

static void hole(void)
{
	csr_write(stvec, HOLE);
	__asm__ volatile("ebreak");
}

static void nothing(void)
{
	io_read(HOLE + 0x20, 4);
	spin_here();
}

void halt_here(void);
void halt_here(void)
{
	for (;;)
		__asm__ volatile("csrw sie, zero\nwfi");
}

static const struct {
	const char *name;
	void (*go)(void);
} ways[] = {{"machine", machine}, {"handler", handler}, {"hole", hole},
	    {"nothing", nothing}, {"halt", halt_here},	{"spin", spin_here}};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	unsigned int way = 0;

	(void)hart;
	while (way < WAYS - 1 && !bootarg(args, ways[way].name, 0))
		way++;
	print("lost: %s\n", ways[way].name);
	ways[way].go();
}
