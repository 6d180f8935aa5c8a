/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/read_protobuf.h"
#include "trace/export/protobuf.h"

/* The examples of the format's own documentation: 150, "testing", and a message with 150 inside. */
static void the_documented_examples_come_out_as_documented(void **state)
{
	static const uint8_t expected[] = {0x08, 0x96, 0x01, 0x12, 0x07, 't',  'e',  's', 't',
					   'i',	 'n',  'g',  0x1a, 0x03, 0x08, 0x96, 0x01};
	uint8_t bytes[64];
	struct protobuf message = {.bytes = bytes, .room = sizeof(bytes)};
	size_t begin;

	(void)state;
	protobuf_uint(&message, 1, 150);
	protobuf_string(&message, 2, "testing");
	begin = protobuf_begin(&message, 3);
	protobuf_uint(&message, 1, 150);
	protobuf_end(&message, begin);
	assert_false(message.overflow);
	assert_int_equal(message.used, sizeof(expected));
	assert_memory_equal(bytes, expected, sizeof(expected));
}

static void numbers_of_every_size_come_back(void **state)
{
	(void)state;
	for (unsigned int shift = 0; shift < 64; shift++) {
		for (uint64_t less = 0; less < 2; less++) {
			uint64_t value = (1ull << shift) - less;
			uint8_t bytes[64];
			struct protobuf message = {.bytes = bytes, .room = sizeof(bytes)};
			struct read_message reader;

			protobuf_uint(&message, 1, value);
			protobuf_int(&message, 536870911, (int64_t)-value);
			protobuf_fixed64(&message, 3, value);
			reader = (struct read_message){bytes, bytes + message.used, false};
			assert_true(read_find(reader, 1).value == value);
			assert_true(read_find(reader, 536870911).value == -value);
			assert_true(read_find(reader, 3).value == value);
			assert_int_equal(read_find(reader, 3).wire, 1);
		}
	}
}

/* Contents around the sizes where the length in front takes one byte more. */
static void nested_messages_of_every_size_hold_what_was_put_in(void **state)
{
	static uint8_t bytes[40000], text[17000];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t size = 0; size < sizeof(text); size += size > 300 && size < 16000 ? 1237 : 1) {
		struct protobuf message = {.bytes = bytes, .room = sizeof(bytes)};
		size_t outer = protobuf_begin(&message, 1), inner;
		struct read_field field;

		inner = protobuf_begin(&message, 2);
		protobuf_bytes(&message, 3, text, size);
		protobuf_end(&message, inner);
		protobuf_uint(&message, 4, 7);
		protobuf_end(&message, outer);
		field = read_find((struct read_message){bytes, bytes + message.used, false}, 1);
		assert_ptr_equal(field.bytes + field.value, bytes + message.used);
		assert_int_equal(read_find(read_inside(&field), 4).value, 7);
		field = read_find(read_inside(&field), 2);
		field = read_find(read_inside(&field), 3);
		assert_int_equal(field.field, 3);
		assert_int_equal(field.value, size);
	}
}

static void what_does_not_fit_is_told_and_nothing_is_written_past_the_end(void **state)
{
	(void)state;
	for (size_t room = 0; room < 24; room++) {
		uint8_t bytes[32];
		struct protobuf message = {.bytes = bytes, .room = room};
		size_t begin;

		memset(bytes, 0x55, sizeof(bytes));
		begin = protobuf_begin(&message, 1);
		protobuf_string(&message, 2, "0123456789");
		protobuf_fixed64(&message, 3, 0);
		protobuf_end(&message, begin);
		assert_int_equal(message.overflow, room < 23);
		for (size_t i = room; i < sizeof(bytes); i++)
			assert_int_equal(bytes[i], 0x55);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_documented_examples_come_out_as_documented),
		cmocka_unit_test(numbers_of_every_size_come_back),
		cmocka_unit_test(nested_messages_of_every_size_hold_what_was_put_in),
		cmocka_unit_test(what_does_not_fit_is_told_and_nothing_is_written_past_the_end),
	};

	return cmocka_run_group_tests_name("protobuf", tests, NULL, NULL);
}
