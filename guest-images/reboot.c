/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says "boot" and asks for a cold reboot, for ever. A counter in RAM tells whether the next boot
 * has fresh memory: it must always be the first.
 */
#include "lib/guest.h"
#include "lib/print.h"
#include "lib/sbi.h"

static unsigned int boots;

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	if (++boots != 1)
		print("memory is not fresh\n");
	print("boot\n");
	reset(RESET_COLD_REBOOT, REASON_NONE);
}
