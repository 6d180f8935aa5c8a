/* SPDX-License-Identifier: Apache-2.0 */
/* gdb's packets: examples of its manual, damage of every kind, and what comes back of any text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/gdb/packet.h"

static struct gdb_parser parser;

static int setup(void **state)
{
	(void)state;
	memset(&parser, 0, sizeof(parser));
	return 0;
}

/* All of BYTES; what the last one gave. None before it gives anything. */
static enum gdb_item take(const char *bytes, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		assert_int_equal(gdb_parse(&parser, (uint8_t)bytes[i]), GDB_MORE);
	return gdb_parse(&parser, (uint8_t)bytes[len - 1]);
}

#define TAKE(bytes) take(bytes, sizeof(bytes) - 1)

static void packets_are_taken(void **state)
{
	(void)state;
	assert_int_equal(TAKE("$g#67"), GDB_PACKET);
	assert_string_equal(parser.text, "g");
	assert_int_equal(TAKE("$#00"), GDB_PACKET);
	assert_int_equal(parser.len, 0);
	assert_int_equal(TAKE("$OK#9A"), GDB_PACKET);
	/* Zeros in it, and a Ctrl-C that is data. */
	assert_int_equal(TAKE("$X\0\x03y#d4"), GDB_PACKET);
	assert_memory_equal(parser.text, "X\0\x03y", 4);
	assert_int_equal(parser.len, 4);
}

static void escapes_and_runs_are_undone(void **state)
{
	(void)state;
	assert_int_equal(TAKE("$a}\x03}\x04}]}\x0a#c3"), GDB_PACKET);
	assert_string_equal(parser.text, "a#$}*");
	/* "0* " is 0000. */
	assert_int_equal(TAKE("$0* #7a"), GDB_PACKET);
	assert_string_equal(parser.text, "0000");
}

static void what_is_between_packets_is_told(void **state)
{
	(void)state;
	assert_int_equal(TAKE("+"), GDB_ACK);
	assert_int_equal(TAKE("-"), GDB_NAK);
	assert_int_equal(TAKE("\x03"), GDB_INTERRUPT);
	assert_int_equal(TAKE("GET / HTTP/1.1\r\n\r\n$g#67"), GDB_PACKET);
}

static void damage_is_told(void **state)
{
	static const char *const damaged[] = {
		"$g#68", "$g#6x", "$g#x7", "$*!#4b", "$0*\x1f#79", "$a}#de", "$0*#5a",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++)
		assert_int_equal(take(damaged[i], strlen(damaged[i])), GDB_DAMAGED);
	/* And the next is taken. */
	assert_int_equal(TAKE("$g#67"), GDB_PACKET);
	/* As is one whose sender began anew. */
	assert_int_equal(TAKE("$qSuppo$g#67"), GDB_PACKET);
	assert_string_equal(parser.text, "g");
}

static void a_packet_without_end_takes_no_more_than_its_room(void **state)
{
	(void)state;
	assert_int_equal(TAKE("$"), GDB_MORE);
	for (unsigned int i = 0; i < 10 * GDB_PACKET_MOST; i++)
		assert_int_equal(gdb_parse(&parser, 'a'), GDB_MORE);
	assert_int_equal(parser.len, GDB_PACKET_MOST);
	/* 10 * 4096 * 'a', mod 256, is 0. */
	assert_int_equal(TAKE("#00"), GDB_TOO_LONG);
	assert_int_equal(TAKE("$g#67"), GDB_PACKET);
}

static void any_text_comes_back(void **state)
{
	static struct gdb_text text;
	static uint8_t frame[GDB_FRAME_MOST];

	(void)state;
	srand(1);
	for (unsigned int round = 0; round < 500; round++) {
		const size_t len = (size_t)rand() % 300;
		size_t size;

		text = (struct gdb_text){.len = 0};
		for (size_t i = 0; i < len; i++) {
			const char byte =
				(char)(rand() % 4 ? rand() % 256 : "#$}*+-\x03"[rand() % 7]);

			gdb_put(&text, &byte, 1);
		}
		size = gdb_frame(&text, frame);
		assert_int_equal(take((const char *)frame, size), GDB_PACKET);
		assert_int_equal(parser.len, len);
		assert_memory_equal(parser.text, text.bytes, len);
	}
}

static void a_full_text_says_so_and_still_fits_a_frame(void **state)
{
	static struct gdb_text text;
	static uint8_t frame[GDB_FRAME_MOST];

	(void)state;
	text = (struct gdb_text){.len = 0};
	for (unsigned int i = 0; i < GDB_PACKET_MOST; i++)
		gdb_put(&text, "#", 1);
	assert_false(text.overflow);
	assert_int_equal(gdb_frame(&text, frame), GDB_FRAME_MOST);
	gdb_put(&text, "#", 1);
	assert_true(text.overflow);
	assert_int_equal(text.len, GDB_PACKET_MOST);
}

static void numbers_are_taken(void **state)
{
	const char *at = "80001234,2";
	uint64_t value;
	uint8_t bytes[2];

	(void)state;
	assert_true(gdb_take_number(&at, &value));
	assert_int_equal(value, 0x80001234);
	assert_string_equal(at, ",2");
	assert_false(gdb_take_number(&at, &value));
	at = "ffffffffffffffff";
	assert_true(gdb_take_number(&at, &value));
	assert_true(value == UINT64_MAX);
	at = "1ffffffffffffffff";
	assert_false(gdb_take_number(&at, &value));
	at = "1F2e3";
	assert_true(gdb_take_hex(&at, bytes, 2));
	assert_int_equal(bytes[0], 0x1f);
	assert_int_equal(bytes[1], 0x2e);
	assert_false(gdb_take_hex(&at, bytes, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(packets_are_taken, setup),
		cmocka_unit_test_setup(escapes_and_runs_are_undone, setup),
		cmocka_unit_test_setup(what_is_between_packets_is_told, setup),
		cmocka_unit_test_setup(damage_is_told, setup),
		cmocka_unit_test_setup(a_packet_without_end_takes_no_more_than_its_room, setup),
		cmocka_unit_test_setup(any_text_comes_back, setup),
		cmocka_unit_test(a_full_text_says_so_and_still_fits_a_frame),
		cmocka_unit_test(numbers_are_taken),
	};

	return cmocka_run_group_tests_name("gdb_packet", tests, NULL, NULL);
}
