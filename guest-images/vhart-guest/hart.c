/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/hart.h"

#include "vhart-guest/guest.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/sbi.h"

int64_t hart_start(uint64_t hart, void (*function)(uint64_t hart))
{
	return sbi_hart_start(hart, (uint64_t)secondary_start, (uint64_t)function);
}

uint64_t harts_start(void (*function)(uint64_t hart))
{
	uint64_t hart = 0;

	while (hart < GUEST_MAX_HARTS) {
		if (hart != hart_id() && hart_start(hart, function) == SBI_ERR_INVALID_PARAM)
			break;
		hart++;
	}
	return hart;
}

_Noreturn void hart_stop(void)
{
	sbi_hart_stop();
	/* Refused: as good as stopped. */
	csr_write(sie, 0);
	for (;;)
		interrupt_wait();
}

bool hart_await_stop(uint64_t hart)
{
	uint64_t end = time_now() + 10 * TIME_SECOND;

	while (sbi_hart_get_status(hart).value != SBI_HSM_STOPPED) {
		if (time_now() > end)
			return false;
	}
	return true;
}

bool harts_await(const uint64_t *count, uint64_t wanted)
{
	uint64_t end = time_now() + 30 * TIME_SECOND;

	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < wanted) {
		if (time_now() > end)
			return false;
	}
	return true;
}
