/* SPDX-License-Identifier: Apache-2.0 */
/* Says "spinning" and never does anything again. */
#include "lib/guest.h"
#include "lib/print.h"

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	print("spinning\n");
	for (;;)
		__asm__ volatile("");
}
