/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/sbi.h"

#include "vhart-guest/guest.h"

uint64_t start_time;

_Noreturn void reset(uint64_t type, uint64_t reason)
{
	sbi_system_reset(type, reason);
	for (;;)
		__asm__ volatile("wfi");
}

_Noreturn void power_off(void)
{
	reset(SRST_SHUTDOWN, SRST_NO_REASON);
}
