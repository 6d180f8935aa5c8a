/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/symbols/kallsyms_image.h"
#include "trace/guest/symbols.h"

static const uint64_t link_address = 0xffffffff80000000;
static char message[IMAGE_MESSAGE_MAX];

/* What the reader makes of LEN bytes, in a block of just that size. */
static bool read_bytes(struct symbols *symbols, const uint8_t *bytes, size_t len)
{
	struct blob blob = {malloc(len + !len), len};

	assert_non_null(blob.bytes);
	memcpy(blob.bytes, bytes, len);
	*symbols = (struct symbols){0};
	message[0] = 0;
	bool done = symbols_read_image(symbols, &blob, message);
	blob_free(&blob);
	return done;
}

static void check_symbols(const struct symbols *symbols, uint64_t base)
{
	struct symbol_place place;
	char name[512];
	uint64_t address;

	assert_int_equal(symbols->count, MADE_SYMBOLS);
	for (unsigned int i = 0; i < MADE_SYMBOLS; i++) {
		made_name(i, name);
		assert_true(symbols_find(symbols, name, &address));
		assert_int_equal(address, base + made_offset(i));
		if (i == 3 || i > MADE_SYMBOLS - 10) {
			assert_false(symbols_lookup(symbols, address + 63, &place) &&
				     !strcmp(place.name, name));
			continue;
		}
		assert_true(symbols_lookup(symbols, address + 63, &place));
		assert_string_equal(place.name, name);
		assert_int_equal(place.offset, 63);
	}
	assert_false(symbols_lookup(symbols, base - 1, &place));
}

static void symbols_of_linux_6_4_to_6_19_are_read(void **state)
{
	struct made_image image;
	struct symbols symbols;

	(void)state;
	make_image(&image, false, 0xffffffff80200000);
	assert_true(read_bytes(&symbols, image.bytes, image.len));
	check_symbols(&symbols, 0xffffffff80200000);
	symbols_free(&symbols);
}

static void symbols_since_linux_7_0_are_read(void **state)
{
	struct made_image image;
	struct symbols symbols;

	(void)state;
	make_image(&image, true, 0);
	assert_true(read_bytes(&symbols, image.bytes, image.len));
	check_symbols(&symbols, link_address);
	symbols_free(&symbols);
}

static void a_relocatable_kernel_without_its_base_is_as_linked(void **state)
{
	struct made_image image;
	struct symbols symbols;

	(void)state;
	make_image(&image, false, 0);
	assert_true(read_bytes(&symbols, image.bytes, image.len));
	check_symbols(&symbols, link_address);
	symbols_free(&symbols);
}

static void the_slide_is_found_from_one_address(void **state)
{
	const uint64_t slide = 0x12a00000;
	struct made_image image;
	struct symbols symbols;

	(void)state;
	make_image(&image, true, 0);
	assert_true(read_bytes(&symbols, image.bytes, image.len));
	assert_false(symbols_slide(&symbols, "no_such_function", link_address));
	assert_false(symbols_slide(&symbols, "function_7", link_address + 7 * 64 + 2));
	check_symbols(&symbols, link_address);
	assert_true(symbols_slide(&symbols, "function_7", link_address + slide + 7 * 64));
	check_symbols(&symbols, link_address + slide);
	symbols_free(&symbols);
}

static void a_cut_image_is_refused(void **state)
{
	struct made_image image;
	struct symbols symbols;

	(void)state;
	for (int place_relative = 0; place_relative < 2; place_relative++) {
		make_image(&image, place_relative, link_address);
		/* Up to the end of the offsets nothing can be missing. */
		for (size_t len = 0; len < image.offsets + 4 * (size_t)MADE_SYMBOLS; len += 61) {
			assert_false(read_bytes(&symbols, image.bytes, len));
			assert_true(message[0]);
			symbols_free(&symbols);
		}
	}
}

static void tables_that_do_not_fit_together_are_refused(void **state)
{
	struct made_image good, bad;
	struct symbols symbols;

	(void)state;
	make_image(&good, true, 0);
	const size_t places[] = {good.num_syms,	   good.names,		 good.markers + 4,
				 good.token_table, good.token_index + 6, good.offsets + 4 * 5 + 3};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		bad = good;
		bad.bytes[places[i]] ^= 0x41;
		assert_false(read_bytes(&symbols, bad.bytes, bad.len));
		assert_true(message[0]);
		symbols_free(&symbols);
	}
}

static void a_file_that_is_no_image_is_named_so(void **state)
{
	struct made_image image;
	struct symbols symbols;

	(void)state;
	make_image(&image, true, 0);
	image.bytes[56] = 0;
	assert_false(read_bytes(&symbols, image.bytes, image.len));
	assert_string_equal(message, "is not a riscv64 Linux Image");
	symbols_free(&symbols);
}

/* Any byte may be wrong: what is read then is in bounds, which the sanitizers watch. */
static void random_damage_is_survived(void **state)
{
	struct made_image good, bad;
	struct symbols symbols;
	struct symbol_place place;

	(void)state;
	srandom(1);
	for (int round = 0; round < 2000; round++) {
		if (round % 1000 == 0)
			make_image(&good, round != 0, link_address);
		bad = good;
		for (long n = 1 + random() % 4; n > 0; n--)
			bad.bytes[good.num_syms + (size_t)random() % (good.len - good.num_syms)] =
				(uint8_t)random();
		if (read_bytes(&symbols, bad.bytes, bad.len))
			symbols_lookup(&symbols, link_address + (uint64_t)random() % 65536, &place);
		else
			assert_true(message[0]);
		symbols_free(&symbols);
	}
}

enum { UNIT = 4096, UNITS = 4096, TABLES = 1024 };

/*
 * Tables that fit up to the last step, all over: tokens "a", two markers, and before them numbers
 * of symbols as they might be, so that each has to be tried for where names may begin.
 */
static void put_false_tables(uint8_t *unit)
{
	const uint32_t count = 300, markers[] = {0, 600};
	uint8_t *at = unit + UNIT - TABLES - sizeof(markers);

	for (size_t i = 0; i + 4 <= UNIT - TABLES; i += 4)
		memcpy(unit + i, &count, 4);
	memcpy(at, markers, sizeof(markers));
	at += sizeof(markers);
	for (unsigned int i = 0; i < 256; i++) {
		const uint16_t index = (uint16_t)(2 * i);

		memcpy(at + 2 * i, "a", 2);
		memcpy(at + 512 + 2 * i, &index, 2);
	}
}

/* What is looked at is bounded, in all images together. */
static void false_tables_are_given_up(void **state)
{
	static struct made_image image;
	struct blob blob = {malloc(UNIT * UNITS), UNIT * UNITS};
	uint64_t work = SYMBOLS_IMAGE_WORK;
	struct symbols symbols = {0};

	(void)state;
	assert_non_null(blob.bytes);
	make_image(&image, true, 0);
	for (size_t i = 0; i < UNITS; i++)
		put_false_tables(blob.bytes + i * UNIT);
	memcpy(blob.bytes, image.bytes, 64);
	assert_false(symbols_search_image(&symbols, &blob, &work, message));
	assert_int_equal(work, 0);
	assert_string_equal(message, "has too much inside that looks like tables of symbols");
	/* A good one behind it finds nothing left. */
	memcpy(blob.bytes, image.bytes, image.len);
	assert_false(symbols_search_image(&symbols, &blob, &work, message));
	work = SYMBOLS_IMAGE_WORK;
	assert_true(symbols_search_image(&symbols, &blob, &work, message));
	assert_true(work > SYMBOLS_IMAGE_WORK / 2);
	symbols_free(&symbols);
	blob_free(&blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_of_linux_6_4_to_6_19_are_read),
		cmocka_unit_test(symbols_since_linux_7_0_are_read),
		cmocka_unit_test(a_relocatable_kernel_without_its_base_is_as_linked),
		cmocka_unit_test(the_slide_is_found_from_one_address),
		cmocka_unit_test(a_cut_image_is_refused),
		cmocka_unit_test(tables_that_do_not_fit_together_are_refused),
		cmocka_unit_test(a_file_that_is_no_image_is_named_so),
		cmocka_unit_test(random_damage_is_survived),
		cmocka_unit_test(false_tables_are_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
