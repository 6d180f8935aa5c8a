/* SPDX-License-Identifier: Apache-2.0 */
/* UART and RTC: at any time the line is high exactly when IIR names a reason. */
#include <stdlib.h>

#include "devices/devices.h"
#include "tests/fuzz/program.h"

#define UART_BASE 0x10000000ull
#define RTC_BASE  0x00101000ull
#define UART_LINE 1u
#define RTC_LINE  2u
#define IIR	  2u

static void check_line(struct machine *machine)
{
	bool level = machine->line[UART_LINE];

	if (level != !(fake_read(machine, UART_BASE + IIR, 1) & 1))
		abort();
}

static void step(struct input *input, struct machine *machine, struct uart *uart)
{
	static const char text[300];
	uint64_t op = input_take(input, 1);

	switch (op % 8) {
	case 0:
	case 1: fake_read(machine, UART_BASE + input_take(input, 1) % 9, 1); break;
	case 2:
	case 3:
		fake_write(machine, UART_BASE + input_take(input, 1) % 9, 1, input_take(input, 1));
		break;
	case 4:
		if (op & 0x80)
			fake_console_type(machine, text, input_take(input, 1));
		else if (op & 0x40)
			uart_break(uart, 't');
		else
			fake_console_make_room(machine, input_take(input, 1));
		break;
	case 5: fake_machine_run_for(machine, 1); break;
	case 6: fake_read(machine, RTC_BASE + input_take(input, 1) % 64, 1u << (op >> 6)); break;
	default:
		fake_write(machine, RTC_BASE + input_take(input, 1) % 64, 4, input_take(input, 4));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {.bytes = bytes, .left = size};
	struct machine machine;
	struct uart *uart;
	struct rtc *rtc;

	if (!fake_machine_init_loop(&machine, 4096))
		abort();
	uart = uart_new(&machine, UART_BASE, UART_LINE);
	rtc = rtc_new(&machine, RTC_BASE, RTC_LINE);
	while (input.left)
		step(&input, &machine, uart);
	check_line(&machine);
	check_line(&machine);
	uart_free(uart);
	rtc_free(rtc);
	fake_machine_destroy(&machine);
	return 0;
}
