/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says how it ends, as the command line asks: status=N is written to the status register of the
 * test finisher, finisher=N to the finisher itself; then a system reset with type=N and reason=N.
 */
#include "base/memory_map.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/io.h"
#include "vhart-guest/sbi.h"

#define NOT_GIVEN UINT64_MAX

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	uint64_t status = bootarg(args, "status", NOT_GIVEN);
	uint64_t finisher = bootarg(args, "finisher", NOT_GIVEN);

	(void)hart;
	if (status != NOT_GIVEN)
		io_write(MAP_FINISHER + 4, 4, status);
	if (finisher != NOT_GIVEN)
		io_write(MAP_FINISHER, 4, finisher);
	reset(bootarg(args, "type", SRST_SHUTDOWN), bootarg(args, "reason", SRST_NO_REASON));
}
