/* SPDX-License-Identifier: Apache-2.0 */
/* Suspends the system (SBI 3.0, chapter 13) and lets the alarm of the RTC wake it a second later.
 */
#include "base/memory_map.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/io.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"

/* Goldfish RTC; all times in nanoseconds. Reading the low half latches the high one. */
enum {
	RTC_TIME_LOW = 0x00,
	RTC_TIME_HIGH = 0x04,
	RTC_ALARM_LOW = 0x08,
	RTC_ALARM_HIGH = 0x0c,
	RTC_INTERRUPT_ENABLED = 0x10,
	RTC_CLEAR_INTERRUPT = 0x1c,
};
#define SECOND 1000000000ull

static uint64_t suspended_at;

static uint64_t rtc_now(void)
{
	uint64_t low = io_read(MAP_RTC + RTC_TIME_LOW, 4);

	return low | io_read(MAP_RTC + RTC_TIME_HIGH, 4) << 32;
}

static void resumed(uint64_t hart)
{
	uint64_t slept = rtc_now() - suspended_at;

	(void)hart;
	io_write(MAP_RTC + RTC_CLEAR_INTERRUPT, 4, 1);
	tap(true, "resumed where and as it was asked for");
	tap(slept >= SECOND, "the alarm woke it, after %lu ms", slept / 1000000);
	tap_end();
}

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	if (!sbi_probe(SBI_EID_SUSP))
		tap_skip_all("this host's KVM does not forward SUSP");
	tap(sbi_system_suspend(0x1000, 0) == SBI_ERR_INVALID_ADDRESS,
	    "resuming outside RAM is refused");
	suspended_at = rtc_now();
	uint64_t alarm = suspended_at + SECOND;
	io_write(MAP_RTC + RTC_INTERRUPT_ENABLED, 4, 1);
	io_write(MAP_RTC + RTC_ALARM_HIGH, 4, alarm >> 32);
	io_write(MAP_RTC + RTC_ALARM_LOW, 4, alarm & 0xffffffff);
	int64_t error = sbi_system_suspend((uint64_t)secondary_start, (uint64_t)resumed);
	tap(false, "suspends (error %ld)", error);
	tap_end();
}
