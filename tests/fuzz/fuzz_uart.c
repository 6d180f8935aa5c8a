/* SPDX-License-Identifier: Apache-2.0 */
/* UARTs, one on the console and one on a wire of its own, and RTC: at any time a UART's line is
 * high exactly when its IIR names a reason. */
#include <stdlib.h>
#include <string.h>

#include "devices/devices.h"
#include "tests/fuzz/program.h"

#define UART_BASE 0x10000000ull
#define WIRE_BASE 0x10021000ull
#define RTC_BASE  0x00101000ull
#define UART_LINE 1u
#define WIRE_LINE 97u
#define RTC_LINE  2u
#define IIR	  2u

struct wire {
	struct uart *uart;
	size_t room, input; /* bytes */
};

static size_t wire_take(void *opaque, const void *bytes, size_t len)
{
	struct wire *wire = opaque;

	(void)bytes;
	len = len < wire->room ? len : wire->room;
	wire->room -= len;
	return len;
}

static size_t wire_give(void *opaque, void *bytes, size_t len)
{
	struct wire *wire = opaque;

	len = len < wire->input ? len : wire->input;
	memset(bytes, 'w', len);
	wire->input -= len;
	return len;
}

static void wire_lost(void *opaque, size_t len)
{
	const struct wire *wire = opaque;

	if (!len || wire->room)
		abort();
}

static void check_line(struct machine *machine, uint64_t base, unsigned int line)
{
	bool level = machine->line[line];

	if (level != !(fake_read(machine, base + IIR, 1) & 1))
		abort();
}

static void step(struct input *input, struct machine *machine, struct uart *uart, struct wire *wire)
{
	static const char text[300];
	uint64_t op = input_take(input, 1);
	const uint64_t base = op & 0x10 ? WIRE_BASE : UART_BASE;

	switch (op % 8) {
	case 0:
	case 1: fake_read(machine, base + input_take(input, 1) % 9, 1); break;
	case 2:
	case 3:
		fake_write(machine, base + input_take(input, 1) % 9, 1, input_take(input, 1));
		break;
	case 4:
		if (op & 0x80)
			fake_console_type(machine, text, input_take(input, 1));
		else if (op & 0x40)
			uart_break(uart, 't');
		else
			fake_console_make_room(machine, input_take(input, 1));
		break;
	case 5:
		if (op & 0x20) {
			wire->input += input_take(input, 1);
			uart_input(wire->uart);
		} else if (op & 0x10) {
			wire->room += input_take(input, 2);
			uart_room(wire->uart);
		} else {
			fake_machine_run_for(machine, 1);
		}
		break;
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
	struct wire end = {.room = 0};
	const struct uart_wire wire = {
		.write = wire_take, .read = wire_give, .lost = wire_lost, .opaque = &end};
	const struct uart_place place = {"serial1", WIRE_BASE, WIRE_LINE};
	struct uart *uart;
	struct rtc *rtc;

	if (!fake_machine_init_loop(&machine, 4096))
		abort();
	uart = uart_new(&machine, UART_BASE, UART_LINE);
	end.uart = uart_new_on(&machine, &place, &wire);
	rtc = rtc_new(&machine, RTC_BASE, RTC_LINE);
	while (input.left)
		step(&input, &machine, uart, &end);
	for (int twice = 0; twice < 2; twice++) {
		check_line(&machine, UART_BASE, UART_LINE);
		check_line(&machine, WIRE_BASE, WIRE_LINE);
	}
	uart_free(uart);
	uart_free(end.uart);
	rtc_free(rtc);
	fake_machine_destroy(&machine);
	return 0;
}
