/* SPDX-License-Identifier: Apache-2.0 */
/* Shuts down for the reason "system failure". */
#include "vhart-guest/guest.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	print("panic: as asked for\n");
	reset(SRST_SHUTDOWN, SRST_SYSTEM_FAILURE);
}
