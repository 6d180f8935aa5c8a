/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "trace/guest/unwind.h"

enum { WORDS = 2048, ROOM = 64 };
static const uint64_t stack_base = 0xffffffc600010000;
static const uint64_t text = 0xffffffff80000000;

static uint64_t stack[WORDS];
static unsigned int reads;

static bool read_stack(void *context, uint64_t address, uint64_t *value)
{
	(void)context;
	reads++;
	assert_int_equal(address % 8, 0);
	if (address - stack_base >= sizeof(stack))
		return false;
	*value = stack[(address - stack_base) / 8];
	return true;
}

static bool is_text(void *context, uint64_t address)
{
	(void)context;
	return address - text < 0x1000000;
}

static uint64_t at(size_t word)
{
	return stack_base + 8 * word;
}

/* The frame whose fp is at WORD: the record is the two words below. */
static void put_frame(size_t word, uint64_t ra, uint64_t fp)
{
	stack[word - 1] = ra;
	stack[word - 2] = fp;
}

static struct unwind registers(size_t sp, uint64_t fp)
{
	return (struct unwind){
		.pc = text, .ra = text + 4, .sp = at(sp), .fp = fp, .read = read_stack};
}

static void expect_chain(const struct unwind *unwind, const uint64_t *expected, size_t count)
{
	uint64_t chain[ROOM];

	assert_int_equal(unwind_chain(unwind, chain, ROOM), count);
	assert_memory_equal(chain, expected, count * sizeof(chain[0]));
}

static void return_addresses_are_followed_outwards(void **state)
{
	const uint64_t expected[] = {text, text + 0x100, text + 0x200, text + 0x300};
	struct unwind unwind = registers(10, at(14));

	(void)state;
	memset(stack, 0, sizeof(stack));
	put_frame(14, text + 0x100, at(20));
	put_frame(20, text + 0x200, at(50));
	put_frame(50, text + 0x300, 0);
	expect_chain(&unwind, expected, 4);
}

static void a_return_address_of_zero_ends_the_chain(void **state)
{
	const uint64_t expected[] = {text, text + 0x100};
	struct unwind unwind = registers(10, at(14));

	(void)state;
	memset(stack, 0, sizeof(stack));
	put_frame(14, text + 0x100, at(20));
	put_frame(20, 0, at(50));
	put_frame(50, text + 0x300, 0);
	expect_chain(&unwind, expected, 2);
}

static void what_is_no_code_ends_the_chain(void **state)
{
	const uint64_t expected[] = {text, text + 0x100};
	struct unwind unwind = registers(10, at(14));

	(void)state;
	memset(stack, 0, sizeof(stack));
	unwind.is_code = is_text;
	put_frame(14, text + 0x100, at(20));
	put_frame(20, at(3), at(50));
	put_frame(50, text + 0x300, 0);
	expect_chain(&unwind, expected, 2);
}

/* gcc's leaf: "addi sp,-16; sd s0,8(sp); addi s0,sp,16", ra stays in its register. */
static void a_leaf_returns_by_its_register(void **state)
{
	const uint64_t expected[] = {text, text + 4, text + 0x200};
	struct unwind unwind = registers(10, at(12));

	(void)state;
	memset(stack, 0, sizeof(stack));
	put_frame(12, at(20), 0x5555);
	put_frame(20, text + 0x200, 0);
	expect_chain(&unwind, expected, 3);
}

/* Only the innermost function can be a leaf: further out such a value is a return address. */
static void only_the_innermost_function_is_a_leaf(void **state)
{
	const uint64_t expected[] = {text, text + 0x100};
	struct unwind unwind = registers(10, at(14));

	(void)state;
	memset(stack, 0, sizeof(stack));
	unwind.is_code = is_text;
	put_frame(14, text + 0x100, at(20));
	put_frame(20, at(30), at(40));
	put_frame(30, text + 0x200, 0);
	expect_chain(&unwind, expected, 2);
}

static void an_exception_leads_to_what_it_interrupted(void **state)
{
	const uint64_t expected[] = {text, text + 0x100, text + 0x5010, text + 0x7000,
				     text + 0x300};
	struct unwind unwind = registers(10, at(14));

	(void)state;
	memset(stack, 0, sizeof(stack));
	unwind.exception_start = text + 0x5000;
	unwind.exception_end = text + 0x5100;
	put_frame(14, text + 0x100, at(20));
	put_frame(20, text + 0x5010, 0x1234); /* do_irq was called by handle_exception */
	stack[20] = text + 0x7000;	      /* epc: struct pt_regs is at this fp */
	stack[28] = at(80);		      /* s0 */
	put_frame(80, text + 0x300, 0);
	expect_chain(&unwind, expected, 5);
	/* Not known: it is a function like others, and its frame pointer leads nowhere. */
	unwind.exception_start = unwind.exception_end = 0;
	expect_chain(&unwind, expected, 3);
}

static void frames_that_cannot_be_end_the_chain(void **state)
{
	static const uint64_t pc = text;
	const uint64_t bad[] = {
		0,
		at(10),
		at(11),
		at(9),
		at(14) + 1,
		at(14) + 4,
		UINT64_MAX,
		UINT64_MAX & ~7ull,
		stack_base + (2 << 20),
		at(WORDS) + 64,
		8,
	};

	(void)state;
	for (size_t i = 0; i < WORDS; i++)
		stack[i] = text + 0x100;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct unwind unwind = registers(10, bad[i]);

		expect_chain(&unwind, &pc, 1);
	}
}

static void a_loop_of_frames_ends(void **state)
{
	const uint64_t expected[] = {text, text + 0x100, text + 0x200};
	struct unwind unwind = registers(10, at(14));

	(void)state;
	memset(stack, 0, sizeof(stack));
	put_frame(14, text + 0x100, at(20));
	put_frame(20, text + 0x200, at(14));
	expect_chain(&unwind, expected, 3);
	put_frame(20, text + 0x200, at(20));
	expect_chain(&unwind, expected, 3);
}

static void the_chain_stops_where_the_room_ends(void **state)
{
	struct unwind unwind = registers(0, at(2));
	uint64_t chain[ROOM];

	(void)state;
	for (size_t word = 2; word < WORDS; word += 2)
		put_frame(word, text + 8 * word, at(word + 2));
	for (size_t room = 0; room <= ROOM; room++) {
		memset(chain, 0x55, sizeof(chain));
		assert_int_equal(unwind_chain(&unwind, chain, room), room);
		if (room < ROOM)
			assert_int_equal(chain[room], 0x5555555555555555);
	}
}

static void random_stacks_of_real_frames_come_back_whole(void **state)
{
	(void)state;
	srandom(4);
	for (int round = 0; round < 3000; round++) {
		uint64_t expected[ROOM] = {text};
		size_t count = 1, word = 2 + (size_t)random() % 30;
		struct unwind unwind = registers(word - 2, at(word));

		for (size_t i = 0; i < WORDS; i++)
			stack[i] = (uint64_t)random();
		const size_t depth = 2 + (size_t)random() % (ROOM - 2);
		while (count < depth) {
			const size_t next = word + 2 + (size_t)random() % 28;
			const bool leaf = count == 1 && random() % 2;

			expected[count] =
				leaf ? unwind.ra : text + 0x1000 + (uint64_t)random() % 65536;
			if (leaf)
				stack[word - 1] = at(next);
			else
				put_frame(word, expected[count], at(next));
			word = next;
			count++;
		}
		put_frame(word, 0, 0);
		expect_chain(&unwind, expected, count);
	}
}

/* Whatever the guest wrote: an end, within the room, with a bounded number of reads. */
static void random_memory_is_walked_in_bounds(void **state)
{
	uint64_t chain[ROOM];

	(void)state;
	srandom(5);
	for (int round = 0; round < 20000; round++) {
		struct unwind unwind = registers((size_t)random() % 8, at((size_t)random() % 32));

		unwind.exception_start = text;
		unwind.exception_end = text + 0x8000;
		for (size_t i = 0; i < 256; i++)
			stack[i] = random() % 3 ? at((size_t)random() % 256)
						: text + (uint64_t)random() % 0x10000;
		reads = 0;
		const size_t depth = unwind_chain(&unwind, chain, ROOM);
		assert_in_range(depth, 1, ROOM);
		assert_int_equal(chain[0], unwind.pc);
		assert_true(reads <= 4 * ROOM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(return_addresses_are_followed_outwards),
		cmocka_unit_test(a_return_address_of_zero_ends_the_chain),
		cmocka_unit_test(what_is_no_code_ends_the_chain),
		cmocka_unit_test(a_leaf_returns_by_its_register),
		cmocka_unit_test(only_the_innermost_function_is_a_leaf),
		cmocka_unit_test(an_exception_leads_to_what_it_interrupted),
		cmocka_unit_test(frames_that_cannot_be_end_the_chain),
		cmocka_unit_test(a_loop_of_frames_ends),
		cmocka_unit_test(the_chain_stops_where_the_room_ends),
		cmocka_unit_test(random_stacks_of_real_frames_come_back_whole),
		cmocka_unit_test(random_memory_is_walked_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
