/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a pause of the machine shows. Until the first character is typed it reads the time again
 * and again, and then says what the longest gap between two readings was. Until the next it waits
 * for its timer, a tenth of a second at a time, and then says how late the latest came.
 */
#include <stdbool.h>

#include "base/memory_map.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/io.h"
#include "vhart-guest/print.h"
#include "vhart-guest/timer.h"

#define UART_DATA   (MAP_UART + 0)
#define UART_STATUS (MAP_UART + 5)
#define UART_READY  1u

static bool is_typed(void)
{
	if (!(io_read(UART_STATUS, 1) & UART_READY))
		return false;
	print("typed: %c\n", (char)io_read(UART_DATA, 1));
	return true;
}

static uint64_t milliseconds(uint64_t ticks)
{
	return ticks / (TIME_SECOND / 1000);
}

static void read_the_time(void)
{
	uint64_t last = time_now(), looked = last, longest = 0;

	for (;;) {
		uint64_t now = time_now();

		if (now - last > longest)
			longest = now - last;
		last = now;
		if (now - looked < TIME_SECOND / 1000)
			continue;
		if (is_typed())
			break;
		looked = last = time_now();
	}
	print("longest gap: %lu ms\n", milliseconds(longest));
}

/* How late it came. */
static uint64_t sleep_once(void)
{
	const uint64_t due = time_now() + TIME_SECOND / 10;

	timer_wait(due);
	return time_now() - due;
}

static void wait_for_the_timer(void)
{
	uint64_t latest = 0;

	while (!is_typed()) {
		uint64_t late = sleep_once();

		if ((int64_t)late < 0)
			print("too early by %lu ms\n", milliseconds(-late));
		else if (late > latest)
			latest = late;
	}
	print("latest timer: %lu ms\n", milliseconds(latest));
}

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	print("reading the time\n");
	read_the_time();
	print("waiting for the timer\n");
	wait_for_the_timer();
}
