/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jumps to where no memory is. KVM cannot fetch an instruction from a hole, so this is what a
 * vCPU that cannot run any more looks like.
 */
#include "lib/guest.h"
#include "lib/print.h"
#include "lib/trap.h"

#define HOLE 0x00200000ull

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	print("jumping into a hole\n");
	trap_expected = true;
	((void (*)(void))HOLE)();
	print("came back with scause %lu\n", trap.cause);
}
