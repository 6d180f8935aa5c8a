/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An assertion that does not hold ends the machine as a system failure, and says why. Words of the
 * command line: same=1, one about two values; plan=1, a plan that is not kept; trap=1, an exception
 * that nobody expects; nothing fails with none=1. Else: one about a condition.
 */
#include "vhart-guest/check.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	int64_t error = SBI_ERR_NOT_SUPPORTED;

	check(hart < GUEST_MAX_HARTS);
	check_eq(error, SBI_ERR_NOT_SUPPORTED);
	if (bootarg(args, "same", 0))
		check_eq(error, SBI_SUCCESS);
	if (bootarg(args, "plan", 0))
		tap_plan(2);
	if (bootarg(args, "trap", 0))
		__asm__ volatile("ebreak");
	if (!bootarg(args, "plan", 0))
		check(bootarg(args, "none", 0) != 0);
	tap(true, "nothing failed");
	tap_end();
}
