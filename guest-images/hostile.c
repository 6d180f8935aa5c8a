/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest can do to its host and to its user without ever ending, one thing a boot, named on
 * the command line with NAME=1:
 *
 *   alarm     an alarm of the clock at the end of time
 *   odd       loads at odd addresses of a device: KVM gives up on each
 *   uart      prints numbered lines on the UART as its driver would
 *   byte      the same with one SBI call a character
 *   word      the same with one SBI call a line
 *
 * With count=N the last four end after so many, and the guest powers off.
 */
#include <stdbool.h>

#include "base/memory_map.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/trap.h"
#include "vhart-guest/uart.h"

enum {
	RTC_ALARM_LOW = 0x08,
	RTC_ALARM_HIGH = 0x0c,
	RTC_IRQ_ENABLED = 0x10,
};

static const char *args;

static uint64_t how_many(void)
{
	uint64_t count = bootarg(args, "count", 0);

	return count ? count : UINT64_MAX;
}

static void alarm(void)
{
	io_write(MAP_RTC + RTC_IRQ_ENABLED, 4, 1);
	io_write(MAP_RTC + RTC_ALARM_HIGH, 4, UINT32_MAX);
	io_write(MAP_RTC + RTC_ALARM_LOW, 4, UINT32_MAX);
	print("the alarm is set\n");
	for (;;)
		interrupt_wait();
}

static void odd(void)
{
	trap_record()->expected = true;
	for (uint64_t count = how_many(); count; count--)
		io_read(MAP_UART + 1, 8);
	trap_record()->expected = false;
	tap_eq(trap_record()->exceptions, how_many(), "access faults, one for each load");
	tap_end();
}

static void put_uart(const char *text)
{
	for (; *text; text++)
		uart_put((uint8_t)*text);
}

static void put_byte(const char *text)
{
	for (; *text; text++)
		while (sbi_debug_console_write_byte((uint8_t)*text))
			;
}

static void put_word(const char *text)
{
	uint64_t left = strlen(text);

	while (left) {
		struct sbi_result taken = sbi_debug_console_write(text, left);

		text += taken.value;
		left -= taken.value;
	}
}

/* "line 0000042 ....\n": all lines are as long, and each says which it is. */
static void chat(void (*put)(const char *text))
{
	char line[] = "line 0000000 .......................................\r\n";
	uint64_t count = how_many();

	for (uint64_t number = 0; number < count; number++) {
		uint64_t rest = number;

		for (int digit = 11; digit >= 5; digit--, rest /= 10)
			line[digit] = (char)('0' + rest % 10);
		put(line);
	}
}

static void uart(void)
{
	chat(put_uart);
}

static void byte(void)
{
	chat(put_byte);
}

static void word(void)
{
	chat(put_word);
}

static const struct {
	const char *name;
	void (*go)(void);
} ways[] = {{"alarm", alarm}, {"odd", odd}, {"byte", byte}, {"word", word}, {"uart", uart}};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	args = fdt_bootargs(fdt);
	for (unsigned int way = 0; way < WAYS; way++)
		if (bootarg(args, ways[way].name, 0))
			ways[way].go();
}
