/* SPDX-License-Identifier: Apache-2.0 */
/* Says "spinning" and never does anything again. */
#include "vhart-guest/guest.h"
#include "vhart-guest/print.h"

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	print("spinning\n");
	for (;;)
		__asm__ volatile("");
}
