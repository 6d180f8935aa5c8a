/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goldfish RTC ("google,goldfish-rtc"): nanoseconds since the epoch in two 32-bit halves, and one
 * alarm. The guest may set the clock; that moves its own view only, by an offset.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "devices/devices.h"

enum rtc_register {
	REG_TIME_LOW = 0x00, /* reading it latches TIME_HIGH */
	REG_TIME_HIGH = 0x04,
	REG_ALARM_LOW = 0x08, /* writing it arms the alarm */
	REG_ALARM_HIGH = 0x0c,
	REG_IRQ_ENABLED = 0x10,
	REG_CLEAR_ALARM = 0x14,
	REG_ALARM_STATUS = 0x18,
	REG_CLEAR_INTERRUPT = 0x1c,
};

struct rtc {
	struct machine *machine;
	unsigned int line;
	struct mmio_region region;
	struct loop_timer timer;

	uint64_t offset; /* guest's time less the host's, modulo 2^64 */
	uint32_t latched_high;
	uint64_t alarm;
	bool armed, pending, enabled;
};

static uint64_t guest_time(const struct rtc *rtc)
{
	return clock_ns(CLOCK_REALTIME) + rtc->offset;
}

static void update_interrupt(struct rtc *rtc)
{
	machine_irq_set(rtc->machine, rtc->line, rtc->pending && rtc->enabled);
}

/* Fires an alarm that is due; otherwise waits for it. */
static void check_alarm(struct rtc *rtc)
{
	struct loop *loop = machine_loop(rtc->machine);
	uint64_t now = guest_time(rtc);

	if (!rtc->armed) {
		loop_timer_set(loop, &rtc->timer, 0);
	} else if (now < rtc->alarm) {
		loop_timer_set(loop, &rtc->timer, rtc->alarm - now);
	} else {
		loop_timer_set(loop, &rtc->timer, 0);
		rtc->armed = false;
		rtc->pending = true;
		update_interrupt(rtc);
	}
}

/* The timer runs on the monotonic clock; the alarm is looked at again, on the guest's. */
static void timer_expired(struct loop_timer *timer)
{
	check_alarm(timer->opaque);
}

static uint64_t with_low(uint64_t value, uint32_t low)
{
	return (value & ~0xffffffffull) | low;
}

static uint64_t with_high(uint64_t value, uint32_t high)
{
	return (value & 0xffffffffull) | (uint64_t)high << 32;
}

static void set_time(struct rtc *rtc, uint64_t time)
{
	rtc->offset += time - guest_time(rtc);
	check_alarm(rtc);
}

static uint32_t register_read(struct rtc *rtc, uint64_t offset)
{
	switch (offset) {
	case REG_TIME_LOW: {
		uint64_t now = guest_time(rtc);

		rtc->latched_high = (uint32_t)(now >> 32);
		return (uint32_t)now;
	}
	case REG_TIME_HIGH: return rtc->latched_high;
	case REG_ALARM_LOW: return (uint32_t)rtc->alarm;
	case REG_ALARM_HIGH: return (uint32_t)(rtc->alarm >> 32);
	case REG_IRQ_ENABLED: return rtc->enabled;
	case REG_ALARM_STATUS: return rtc->armed;
	default:
		machine_guest_error(rtc->machine, "rtc", "read of register 0x%" PRIx64, offset);
		return 0;
	}
}

static void register_write(struct rtc *rtc, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case REG_TIME_LOW: set_time(rtc, with_low(guest_time(rtc), value)); break;
	case REG_TIME_HIGH: set_time(rtc, with_high(guest_time(rtc), value)); break;
	case REG_ALARM_LOW:
		rtc->alarm = with_low(rtc->alarm, value);
		rtc->armed = true;
		check_alarm(rtc);
		break;
	case REG_ALARM_HIGH: rtc->alarm = with_high(rtc->alarm, value); break;
	case REG_IRQ_ENABLED: rtc->enabled = value & 1; break;
	case REG_CLEAR_ALARM:
		rtc->armed = false;
		check_alarm(rtc);
		break;
	case REG_CLEAR_INTERRUPT: rtc->pending = false; break;
	default:
		machine_guest_error(rtc->machine, "rtc", "write of register 0x%" PRIx64, offset);
		return;
	}
	update_interrupt(rtc);
}

static bool access_valid(struct rtc *rtc, uint64_t offset, unsigned int size)
{
	if (size == 4 && offset % 4 == 0)
		return true;
	machine_guest_error(rtc->machine, "rtc", "access of %u bytes at 0x%" PRIx64, size, offset);
	return false;
}

static uint64_t rtc_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct rtc *rtc = region->opaque;

	return access_valid(rtc, offset, size) ? register_read(rtc, offset) : 0;
}

static void rtc_write(struct mmio_region *region, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	struct rtc *rtc = region->opaque;

	if (access_valid(rtc, offset, size))
		register_write(rtc, offset, (uint32_t)value);
}

struct rtc *rtc_new(struct machine *machine, uint64_t gpa, unsigned int line)
{
	struct rtc *rtc = calloc(1, sizeof(*rtc));
	int err;

	if (!rtc) {
		error("no memory for the RTC");
		return NULL;
	}
	rtc->machine = machine;
	rtc->line = line;
	rtc->timer = (struct loop_timer){.expired = timer_expired, .opaque = rtc};
	rtc->region = (struct mmio_region){.name = "rtc",
					   .base = gpa,
					   .len = RTC_LEN,
					   .read = rtc_read,
					   .write = rtc_write,
					   .opaque = rtc};
	err = machine_mmio_add(machine, &rtc->region);
	if (err) {
		error("the RTC cannot be placed at 0x%" PRIx64 ": %s", gpa, strerror(-err));
		free(rtc);
		return NULL;
	}
	return rtc;
}

void rtc_free(struct rtc *rtc)
{
	if (!rtc)
		return;
	loop_timer_set(machine_loop(rtc->machine), &rtc->timer, 0);
	machine_mmio_remove(rtc->machine, &rtc->region);
	free(rtc);
}
