/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts all harts by SBI HSM (SBI 3.0, chapter 9), and stops them again. Harts are counted by
 * starting them: KVM 6.12 gives a status (success, started) also to harts that do not exist.
 */
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"

/* KVM looks at 32 bits of a hart ID, so it is no larger. */
#define NO_HART 0x7ffffff0ull

static uint64_t came_up; /* how many harts */

static void secondary(uint64_t hart)
{
	print("hello from hart %lu\n", hart);
	harts_count(&came_up);
	hart_stop();
}

void main(uint64_t boot, const void *fdt)
{
	uint64_t harts = 0;

	(void)fdt;
	print("hello from hart %lu\n", boot);
	tap(sbi_hart_get_status(boot).value == SBI_HSM_STARTED, "the boot hart is started");
	tap(hart_start(boot, secondary) == SBI_ERR_ALREADY_AVAILABLE,
	    "the boot hart cannot be started again");
	tap(hart_start(NO_HART, secondary) == SBI_ERR_INVALID_PARAM,
	    "a hart that does not exist cannot be started");

	for (unsigned int round = 1; round <= 2; round++) {
		harts = harts_start(secondary);
		tap(harts_await(&came_up, round * (harts - 1)), "all started harts run");
		uint64_t stopped = 0;
		for (uint64_t hart = 0; hart < harts; hart++)
			stopped += hart != boot && hart_await_stop(hart);
		tap(stopped == harts - 1, "all other harts have stopped");
	}
	print("%lu harts\n", harts);
	tap_end();
}
