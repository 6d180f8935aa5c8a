/* SPDX-License-Identifier: Apache-2.0 */
/* The UART as Linux's 8250 driver, and a hurried or careless guest, find it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/fake_machine.h"

#define BASE 0x10000000ull
#define LINE 1u

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };
#define LSR_READY 0x60u

static struct machine machine;
static struct uart *uart;

static int setup(void **state)
{
	(void)state;
	if (!fake_machine_init_loop(&machine, 4096))
		return -1;
	uart = uart_new(&machine, BASE, LINE);
	return uart ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	uart_free(uart);
	uart = NULL;
	fake_machine_destroy(&machine);
	return 0;
}

static uint8_t get(unsigned int reg)
{
	return (uint8_t)fake_read(&machine, BASE + reg, 1);
}

static void put(unsigned int reg, unsigned int value)
{
	fake_write(&machine, BASE + reg, 1, value);
}

static void print(const char *text)
{
	for (; *text; text++)
		put(DATA, (uint8_t)*text);
}

static void assert_output(const char *text)
{
	assert_int_equal(machine.output_len, strlen(text));
	assert_memory_equal(machine.output, text, machine.output_len);
}

static void a_line_reaches_the_console_in_one_piece_at_its_end(void **state)
{
	(void)state;
	print("hello");
	assert_output("");
	print("\n");
	assert_output("hello\n");
}

static void a_prompt_without_newline_comes_in_the_loops_next_turn(void **state)
{
	(void)state;
	print("login: ");
	fake_machine_run_for(&machine, 1000);
	assert_output("login: ");
}

static void freeing_the_uart_writes_what_it_still_holds(void **state)
{
	(void)state;
	print("bye");
	uart_free(uart);
	assert_output("bye");
	uart = uart_new(&machine, BASE, LINE);
}

static void nothing_is_lost_while_the_console_is_full(void **state)
{
	char expected[2001];

	(void)state;
	machine.output_room = 10;
	for (unsigned int i = 0; i < 2000; i++) {
		expected[i] = (char)('a' + i % 26);
		/* As a driver with a FIFO does: look once, then write sixteen. */
		while (i % 16 == 0 && (get(LSR) & LSR_READY) != LSR_READY)
			fake_console_make_room(&machine, 100);
		put(DATA, (uint8_t)expected[i]);
	}
	expected[2000] = 0;
	fake_console_make_room(&machine, SIZE_MAX);
	fake_machine_run_for(&machine, 1000);
	assert_output(expected);
	assert_int_equal(machine.guest_errors, 0);
}

static void a_guest_that_ignores_a_full_transmitter_waits_and_loses_nothing(void **state)
{
	(void)state;
	machine.output_room = 0;
	machine.waits_make_room = 100;
	for (unsigned int i = 0; i < 5000; i++)
		put(DATA, (uint8_t)('a' + i % 26));
	machine.waits_make_room = 0;
	fake_console_make_room(&machine, SIZE_MAX);
	assert_int_equal(machine.output_len, 5000);
	for (unsigned int i = 0; i < 5000; i++)
		assert_int_equal(machine.output[i], 'a' + i % 26);
	assert_int_equal(machine.guest_errors, 0);
	assert_int_equal(get(LSR) & LSR_READY, LSR_READY);
}

static void a_full_transmitter_does_not_keep_the_machine_from_ending(void **state)
{
	(void)state;
	machine.output_room = 0;
	for (unsigned int i = 0; i < 5000; i++)
		put(DATA, 'x');
	assert_int_equal(machine.output_len, 0);
	assert_int_equal(get(LSR) & LSR_READY, 0);
}

static void enabling_the_thre_interrupt_raises_it_each_time(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		put(IER, 0);
		assert_false(machine.line[LINE]);
		put(IER, 2);
		assert_true(machine.line[LINE]);
	}
	assert_int_equal(get(IIR), 0x02);
}

static void reading_iir_clears_the_thre_interrupt_and_writing_thr_raises_it(void **state)
{
	(void)state;
	put(IER, 2);
	assert_int_equal(get(IIR), 0x02);
	assert_int_equal(get(IIR), 0x01);
	assert_false(machine.line[LINE]);
	put(DATA, 'x');
	assert_true(machine.line[LINE]);
	assert_int_equal(get(IIR), 0x02);
}

static void room_at_the_console_raises_the_thre_interrupt(void **state)
{
	(void)state;
	machine.output_room = 0;
	put(IER, 2);
	get(IIR);
	print("a\n");
	assert_false(machine.line[LINE]);
	fake_console_make_room(&machine, 100);
	assert_true(machine.line[LINE]);
}

static void typed_characters_arrive_in_order_and_interrupt_until_read(void **state)
{
	(void)state;
	put(FCR, 1);
	put(IER, 1);
	fake_console_type(&machine, "ls", 2);
	assert_true(machine.line[LINE]);
	assert_int_equal(get(IIR), 0xc4);
	assert_int_equal(get(LSR) & 1, 1);
	assert_int_equal(get(DATA), 'l');
	assert_int_equal(get(DATA), 's');
	assert_int_equal(get(LSR) & 1, 0);
	assert_false(machine.line[LINE]);
}

static void input_beyond_the_fifo_waits_at_the_console(void **state)
{
	const char *text = "The quick brown fox jumps over the lazy dog";

	(void)state;
	put(FCR, 1);
	put(IER, 1);
	fake_console_type(&machine, text, strlen(text));
	for (const char *at = text; *at; at++) {
		assert_int_equal(get(LSR) & 3, 1);
		assert_int_equal(get(DATA), *at);
	}
	assert_int_equal(get(LSR) & 1, 0);
}

/* A driver is up, and has far more to read than is read without a rest. */
static size_t much_input(void)
{
	static char zeros[2048];

	put(FCR, 1);
	put(IER, 1);
	fake_console_type(&machine, zeros, sizeof(zeros));
	return sizeof(zeros);
}

/* What a driver reads that goes on until there is nothing. */
static unsigned int read_all(uint8_t wanted)
{
	unsigned int count = 0;

	for (; (get(LSR) & 1) && count < 4096; count++)
		assert_int_equal(get(DATA), wanted);
	return count;
}

static void wait_for_input(void)
{
	for (unsigned int i = 0; i < 10000 && !machine.line[LINE]; i++)
		fake_machine_run_for(&machine, 1000000);
	assert_true(machine.line[LINE]);
}

static void input_without_end_lets_a_driver_come_to_its_own(void **state)
{
	const size_t size = much_input();
	const unsigned int first = read_all(0);

	(void)state;
	assert_in_range(first, 16, 1024);
	assert_false(machine.line[LINE]);
	/* What comes meanwhile waits, too. */
	uart_input(uart);
	assert_false(machine.line[LINE]);
	for (unsigned int count = first; count < size; count += read_all(0))
		wait_for_input();
}

static void one_who_types_is_never_waited_for(void **state)
{
	(void)state;
	put(FCR, 1);
	put(IER, 1);
	for (unsigned int i = 0; i < 100; i++) {
		fake_console_type(&machine, "x", 1);
		assert_int_equal(read_all('x'), 1);
	}
}

static void a_uart_that_rests_can_be_freed(void **state)
{
	const size_t size = much_input();

	(void)state;
	assert_true(read_all(0) < size);
}

static void input_waits_until_the_driver_is_up(void **state)
{
	const char *text = "typed before anybody listened";

	(void)state;
	fake_console_type(&machine, text, strlen(text));
	/* As Linux's 8250 driver starts: it clears the receiver more than once. */
	put(IER, 0x0f);
	put(IER, 0);
	put(FCR, 1);
	put(FCR, 7);
	put(FCR, 0);
	put(FCR, 1);
	assert_int_equal(get(LSR) & 1, 0);
	assert_int_equal(get(LSR) & 1, 0);
	get(DATA);
	get(IIR);
	put(IER, 5);
	put(FCR, 1);
	put(FCR, 0x81);
	for (const char *at = text; *at; at++)
		assert_int_equal(get(DATA), *at);
}

static void a_driver_that_polls_without_interrupts_gets_input(void **state)
{
	(void)state;
	fake_console_type(&machine, "x", 1);
	get(LSR);
	get(LSR);
	assert_int_equal(get(LSR) & 1, 1);
	assert_int_equal(get(DATA), 'x');
}

/* As EDK2 does. */
static void a_driver_that_polls_the_modem_lines_too_gets_input(void **state)
{
	(void)state;
	fake_console_type(&machine, "x", 1);
	for (int i = 0; i < 2; i++) {
		get(MSR);
		get(MCR);
		get(LSR);
	}
	get(MSR);
	get(MCR);
	assert_int_equal(get(LSR) & 1, 1);
	assert_int_equal(get(DATA), 'x');
}

static void a_few_characters_below_the_trigger_report_a_timeout(void **state)
{
	(void)state;
	put(FCR, 0xc1);
	put(IER, 1);
	fake_console_type(&machine, "x", 1);
	assert_int_equal(get(IIR), 0xcc);
}

static void received_data_goes_before_the_empty_transmitter(void **state)
{
	(void)state;
	put(IER, 3);
	fake_console_type(&machine, "x", 1);
	assert_int_equal(get(IIR), 0x04);
	assert_int_equal(get(DATA), 'x');
	assert_int_equal(get(IIR), 0x02);
}

static void the_driver_finds_a_16550a(void **state)
{
	(void)state;
	put(SCR, 0x5a);
	assert_int_equal(get(SCR), 0x5a);
	put(IER, 0xff);
	assert_int_equal(get(IER), 0x0f);
	put(IER, 0);
	put(MCR, 0x1a);
	assert_int_equal(get(MSR) & 0xf0, 0x90);
	put(MCR, 0);
	assert_int_equal(get(MSR) & 0xf0, 0xb0);
	assert_int_equal(get(IIR) >> 6, 0);
	put(FCR, 1);
	assert_int_equal(get(IIR) >> 6, 3);
}

static void loopback_returns_what_is_written_and_keeps_it_from_the_console(void **state)
{
	(void)state;
	put(FCR, 1);
	put(MCR, 0x10);
	print("abc\n");
	assert_int_equal(get(DATA), 'a');
	assert_int_equal(get(DATA), 'b');
	put(MCR, 0);
	assert_output("");
}

static void the_divisor_hides_behind_dlab(void **state)
{
	(void)state;
	put(LCR, 0x83);
	put(DATA, 0x12);
	put(IER, 0x34);
	assert_int_equal(get(DATA), 0x12);
	assert_int_equal(get(IER), 0x34);
	put(LCR, 0x03);
	assert_int_equal(get(IER), 0);
	fake_machine_run_for(&machine, 1000);
	assert_output("");
}

static void registers_that_do_not_exist_are_a_guest_error(void **state)
{
	(void)state;
	assert_int_equal(get(8), 0);
	put(0xff, 1);
	assert_int_equal(machine.guest_errors, 2);
}

#define LSR_BREAK 0x10u

/* As serial8250_rx_chars() of Linux: LSR says of each character what it is. */
static void a_break_comes_before_input_that_waits(void **state)
{
	(void)state;
	put(FCR, 0x01);
	put(IER, 0x05);
	fake_console_type(&machine, "0123456789abcdefLATER", 21);
	assert_true(uart_break(uart, 't'));
	/* The FIFO is full. */
	assert_false(uart_break(uart, 'u'));
	for (unsigned int i = 0; i < 15; i++) {
		assert_int_equal(get(LSR) & (LSR_BREAK | 1), 1);
		get(DATA);
	}
	assert_int_equal(get(DATA), 'f');
	assert_true(machine.line[LINE]);
	assert_int_equal(get(IIR) & 0x0f, 0x06);
	assert_int_equal(get(LSR), LSR_READY | LSR_BREAK | 1);
	/* Read once. */
	assert_int_equal(get(LSR), LSR_READY | 1);
	assert_int_equal(get(IIR) & 0x0f, 0x04);
	assert_int_equal(get(DATA), 0);
	assert_int_equal(get(LSR), LSR_READY | 1);
	assert_int_equal(get(DATA), 't');
	assert_int_equal(get(DATA), 'L');
	assert_true(uart_break(uart, 'u'));
}

static void a_break_without_fifos(void **state)
{
	(void)state;
	put(IER, 0x01);
	assert_true(uart_break(uart, 'b'));
	assert_int_equal(get(LSR), LSR_READY | LSR_BREAK | 1);
	assert_int_equal(get(DATA), 0);
	assert_int_equal(get(LSR), LSR_READY | 1);
	assert_int_equal(get(DATA), 'b');
	assert_int_equal(get(LSR), LSR_READY);
}

static void a_break_that_nobody_listens_for(void **state)
{
	(void)state;
	assert_false(uart_break(uart, 't'));
	put(FCR, 0x01);
	put(IER, 0x01);
	assert_true(uart_break(uart, 't'));
	/* A driver that starts clears it away, and keeps the characters. */
	put(FCR, 0x03);
	put(IER, 0x00);
	put(IER, 0x01);
	assert_int_equal(get(LSR), LSR_READY | 1);
	assert_int_equal(get(DATA), 't');
	assert_int_equal(get(LSR), LSR_READY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_break_comes_before_input_that_waits),
		TEST(a_break_without_fifos),
		TEST(a_break_that_nobody_listens_for),
		TEST(a_line_reaches_the_console_in_one_piece_at_its_end),
		TEST(a_prompt_without_newline_comes_in_the_loops_next_turn),
		TEST(freeing_the_uart_writes_what_it_still_holds),
		TEST(nothing_is_lost_while_the_console_is_full),
		TEST(a_guest_that_ignores_a_full_transmitter_waits_and_loses_nothing),
		TEST(a_full_transmitter_does_not_keep_the_machine_from_ending),
		TEST(enabling_the_thre_interrupt_raises_it_each_time),
		TEST(reading_iir_clears_the_thre_interrupt_and_writing_thr_raises_it),
		TEST(room_at_the_console_raises_the_thre_interrupt),
		TEST(typed_characters_arrive_in_order_and_interrupt_until_read),
		TEST(input_beyond_the_fifo_waits_at_the_console),
		TEST(input_without_end_lets_a_driver_come_to_its_own),
		TEST(one_who_types_is_never_waited_for),
		TEST(a_uart_that_rests_can_be_freed),
		TEST(input_waits_until_the_driver_is_up),
		TEST(a_driver_that_polls_without_interrupts_gets_input),
		TEST(a_driver_that_polls_the_modem_lines_too_gets_input),
		TEST(a_few_characters_below_the_trigger_report_a_timeout),
		TEST(received_data_goes_before_the_empty_transmitter),
		TEST(the_driver_finds_a_16550a),
		TEST(loopback_returns_what_is_written_and_keeps_it_from_the_console),
		TEST(the_divisor_hides_behind_dlab),
		TEST(registers_that_do_not_exist_are_a_guest_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
