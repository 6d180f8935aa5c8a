/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/sbi.h"

#include "lib/guest.h"

uint64_t start_time;

int64_t sbi_hart_start(uint64_t hart, void (*function)(uint64_t hart))
{
	return sbi_call(SBI_EID_HSM, SBI_HSM_HART_START, hart, (uint64_t)secondary_start,
			(uint64_t)function)
		.error;
}

_Noreturn void reset(uint64_t type, uint64_t reason)
{
	sbi_call(SBI_EID_SRST, 0, type, reason, 0);
	for (;;)
		__asm__ volatile("wfi");
}

_Noreturn void power_off(void)
{
	reset(SRST_SHUTDOWN, SRST_NO_REASON);
}
