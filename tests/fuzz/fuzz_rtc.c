/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RTC: whatever the guest writes, the line is high exactly while an alarm is pending and
 * enabled, and an armed alarm is one that lies ahead of the guest's clock, with a timer for it.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "devices/devices.h"
#include "tests/fuzz/program.h"

#define BASE	  0x00101000ull
#define LINE	  2u
#define MOST_NEAR 20000u /* ns */

enum {
	TIME_LOW = 0x00,
	TIME_HIGH = 0x04,
	ALARM_LOW = 0x08,
	ALARM_HIGH = 0x0c,
	IRQ_ENABLED = 0x10,
	ALARM_STATUS = 0x18,
	CLEAR_INTERRUPT = 0x1c,
};

static void require(bool good)
{
	if (!good)
		abort();
}

static uint64_t get(struct machine *machine, uint64_t offset)
{
	return fake_read(machine, BASE + offset, 4);
}

static uint64_t get64(struct machine *machine, uint64_t low, uint64_t high)
{
	uint64_t value = get(machine, low);

	return get(machine, high) << 32 | value;
}

/* The guest's clock goes on while this looks, and wraps when the guest set it so. */
static void check(struct machine *machine)
{
	uint64_t before = get64(machine, TIME_LOW, TIME_HIGH);
	uint64_t alarm = get64(machine, ALARM_LOW, ALARM_HIGH);

	if (machine->line[LINE])
		require(get(machine, IRQ_ENABLED) == 1);
	/* Its high half may be written after it was armed: then the low one has to come again. */
	fake_write(machine, BASE + ALARM_LOW, 4, (uint32_t)alarm);
	if (get64(machine, TIME_LOW, TIME_HIGH) < before)
		return;
	if (get(machine, ALARM_STATUS))
		require(alarm > before);
	else if (get(machine, IRQ_ENABLED))
		require(machine->line[LINE]);
}

/* An alarm that is near enough to wait for. */
static void near_alarm(struct machine *machine, uint64_t after)
{
	uint64_t time = get64(machine, TIME_LOW, TIME_HIGH) + after;

	fake_write(machine, BASE + ALARM_HIGH, 4, time >> 32);
	fake_write(machine, BASE + ALARM_LOW, 4, time);
	if (time < after || time > UINT64_MAX - 1000000000)
		return; /* the clock is about to wrap */
	fake_machine_run_for(machine, 2 * MOST_NEAR);
	require(!get(machine, ALARM_STATUS));
	require(!get(machine, IRQ_ENABLED) || machine->line[LINE]);
}

static void step(struct input *input, struct machine *machine)
{
	uint64_t op = input_take(input, 1);
	uint64_t offset = (op >> 4) * 4;

	switch (op & 7) {
	case 0: fake_machine_run_for(machine, 1); break;
	case 1: check(machine); break;
	case 2: fake_read(machine, BASE + input_take(input, 2) % RTC_LEN, 1u << (op >> 6)); break;
	case 3:
		fake_write(machine, BASE + input_take(input, 2) % RTC_LEN, 1u << (op >> 6),
			   input_take(input, 8));
		break;
	case 4: fake_write(machine, BASE + offset, 4, ~0u); break;
	case 5:
		if (op & 0x80)
			near_alarm(machine, input_take(input, 2) % MOST_NEAR);
		else
			get(machine, offset);
		break;
	default: fake_write(machine, BASE + offset, 4, input_take(input, 4)); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {.bytes = bytes, .left = size};
	struct machine machine;
	struct rtc *rtc;

	if (!fake_machine_init_loop(&machine, 4096))
		abort();
	rtc = rtc_new(&machine, BASE, LINE);
	while (input.left)
		step(&input, &machine);
	check(&machine);
	rtc_free(rtc);
	fake_machine_destroy(&machine);
	return 0;
}
