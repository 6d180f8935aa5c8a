/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says "boot" and asks for a cold reboot, for ever. A counter in RAM tells whether the next boot
 * has fresh memory: it must always be the first. Words of the command line: asks=1 waits for a
 * character before, and powers off where it is a q; harts=N starts the others, which halt.
 */
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/uart.h"

static unsigned int boots;
static volatile uint64_t started;

static void secondary(uint64_t hart)
{
	(void)hart;
	__sync_fetch_and_add(&started, 1);
	for (;;)
		interrupt_wait();
}

static void start_others(uint64_t hart, uint64_t harts)
{
	for (uint64_t other = 0; other < harts; other++)
		if (other != hart)
			hart_start(other, secondary);
	while (started + 1 < harts)
		;
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);

	if (++boots != 1)
		print("memory is not fresh\n");
	start_others(hart, bootarg(args, "harts", 1));
	print("boot\n");
	if (bootarg(args, "asks", 0) && uart_get() == 'q')
		power_off();
	reset(SRST_COLD_REBOOT, SRST_NO_REASON);
}
