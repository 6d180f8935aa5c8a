/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts all harts by SBI HSM (SBI 3.0, chapter 9), and stops them again. Harts are counted by
 * starting them: KVM 6.12 gives a status (success, started) also to harts that do not exist.
 */
#include "lib/guest.h"
#include "lib/io.h"
#include "lib/print.h"
#include "lib/sbi.h"
#include "lib/tap.h"

/* KVM looks at 32 bits of a hart ID, so it is no larger. */
#define NO_HART 0x7ffffff0ull

static uint64_t came_up; /* how many harts */
static uint64_t hart_of[GUEST_MAX_HARTS];

static struct sbi_result status(uint64_t hart)
{
	return sbi_call(SBI_EID_HSM, SBI_HSM_HART_GET_STATUS, hart, 0, 0);
}

static void secondary(uint64_t hart)
{
	print("hello from hart %lu\n", hart);
	hart_of[hart] = hart;
	__atomic_fetch_add(&came_up, 1, __ATOMIC_RELEASE);
	sbi_call(SBI_EID_HSM, SBI_HSM_HART_STOP, 0, 0, 0);
	print("hart %lu could not stop\n", hart);
	for (;;)
		;
}

static bool wait_until_stopped(uint64_t hart)
{
	uint64_t end = time_now() + 10 * TIME_SECOND;

	while (status(hart).value != SBI_HSM_STOPPED) {
		if (time_now() > end)
			return false;
	}
	return true;
}

static bool wait_for(uint64_t count)
{
	uint64_t end = time_now() + 30 * TIME_SECOND;

	while (__atomic_load_n(&came_up, __ATOMIC_ACQUIRE) < count) {
		if (time_now() > end)
			return false;
	}
	return true;
}

/* Starts all harts but BOOT; returns how many harts there are, BOOT included. */
static uint64_t start_all(uint64_t boot)
{
	uint64_t hart = 0;

	for (; hart < GUEST_MAX_HARTS; hart++) {
		if (hart == boot)
			continue;
		int64_t error = sbi_hart_start(hart, secondary);
		if (error == SBI_ERR_INVALID_PARAM)
			break;
		if (error != SBI_SUCCESS)
			tap(false, "hart %lu can be started (error %ld)", hart, error);
	}
	return hart;
}

void main(uint64_t boot, const void *fdt)
{
	uint64_t harts = 0;

	(void)fdt;
	print("hello from hart %lu\n", boot);
	tap(status(boot).value == SBI_HSM_STARTED, "the boot hart is started");
	tap(sbi_hart_start(boot, secondary) == SBI_ERR_ALREADY_AVAILABLE,
	    "the boot hart cannot be started again");
	tap(sbi_hart_start(NO_HART, secondary) == SBI_ERR_INVALID_PARAM,
	    "a hart that does not exist cannot be started");

	for (unsigned int round = 1; round <= 2; round++) {
		harts = start_all(boot);
		tap(wait_for(round * (harts - 1)), "all started harts run");
		uint64_t stopped = 0;
		for (uint64_t hart = 0; hart < harts; hart++)
			stopped += hart != boot && wait_until_stopped(hart);
		tap(stopped == harts - 1, "all other harts have stopped");
	}
	print("%lu harts\n", harts);
	tap_end();
}
