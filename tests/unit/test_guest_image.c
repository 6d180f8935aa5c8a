/* SPDX-License-Identifier: Apache-2.0 */
/* This process is the VMM whose guest is searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/symbols/kallsyms_image.h"
#include "trace/guest/guest_image.h"

#define MIB	   (1ull << 20)
#define SIZE_FIELD 16

/* Guest RAM of LEN bytes that begins SHIFT bytes behind a multiple of 2 MiB, alone between pages
 * that nobody may touch. */
struct ram {
	uint8_t *at, *mapping;
	size_t len, mapping_len;
};

static struct ram make_ram(size_t len, size_t shift)
{
	struct ram ram = {.len = len, .mapping_len = len + 6 * MIB};
	uintptr_t start;

	ram.mapping = mmap(NULL, ram.mapping_len, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(ram.mapping, MAP_FAILED);
	start = ((uintptr_t)ram.mapping + 4 * MIB - 1) & ~(uintptr_t)(2 * MIB - 1);
	ram.at = ram.mapping + (start - (uintptr_t)ram.mapping) + shift;
	assert_int_equal(mprotect(ram.at, len, PROT_READ | PROT_WRITE), 0);
	return ram;
}

static void drop(const struct ram *ram)
{
	munmap(ram->mapping, ram->mapping_len);
}

static void put_size(uint8_t *header, uint64_t size)
{
	memcpy(header + SIZE_FIELD, &size, sizeof(size));
}

static void put_linux(uint8_t *at)
{
	static struct made_image image;

	make_image(&image, true, 0);
	memcpy(at, image.bytes, sizeof(image.bytes));
	put_size(at, sizeof(image.bytes) + 4096);
}

static bool found_at(size_t shift, size_t offset)
{
	struct ram ram = make_ram(32 * MIB, shift);
	struct symbols symbols = {0};
	bool found;

	put_linux(ram.at + offset);
	found = guest_image_symbols(getpid(), &symbols);
	assert_int_equal(symbols.count, found ? MADE_SYMBOLS : 0);
	symbols_free(&symbols);
	drop(&ram);
	return found;
}

static void linux_is_found_at_multiples_of_2_mib(void **state)
{
	(void)state;
	assert_true(found_at(0, 0));
	assert_true(found_at(0, 2 * MIB));
	assert_true(found_at(0, 30 * MIB));
	assert_false(found_at(0, MIB));
}

/* RAM begins where its mapping does, or where huge pages would in it. */
static void mappings_need_not_begin_at_such_a_multiple(void **state)
{
	(void)state;
	assert_true(found_at(65536, 4 * MIB));
	assert_true(found_at(65536, 4 * MIB - 65536));
	assert_false(found_at(65536, 4 * MIB + 65536));
}

static void without_a_linux_there_are_no_names(void **state)
{
	struct ram ram = make_ram(32 * MIB, 0);
	struct symbols symbols = {0};

	(void)state;
	memset(ram.at, 0x5a, ram.len);
	assert_false(guest_image_symbols(getpid(), &symbols));
	assert_int_equal(symbols.count, 0);
	drop(&ram);
}

static void a_process_that_is_gone_has_none(void **state)
{
	struct symbols symbols = {0};

	(void)state;
	assert_false(guest_image_symbols(0x7fffffff, &symbols));
}

/* Headers all over, of Images as large as may be, with no tables in them: few are read, and not for
 * ever. */
static void hostile_headers_end(void **state)
{
	struct ram ram = make_ram(1024 * MIB, 0);
	struct symbols symbols = {0};

	(void)state;
	for (size_t at = 0; at < ram.len; at += 2 * MIB) {
		put_linux(ram.at + at);
		memset(ram.at + at + 64, 0, MADE_IMAGE_SIZE - 64);
		put_size(ram.at + at, 256 * MIB);
	}
	assert_false(guest_image_symbols(getpid(), &symbols));
	assert_int_equal(symbols.count, 0);
	drop(&ram);
}

/* Sizes that no Image has, and one that ends behind its memory. */
static void sizes_are_checked(void **state)
{
	static const uint64_t sizes[] = {0, 1, 63, 256 * MIB + 1, UINT64_MAX};
	struct ram ram = make_ram(32 * MIB, 0);
	struct symbols symbols = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		put_linux(ram.at);
		put_size(ram.at, sizes[i]);
		assert_false(guest_image_symbols(getpid(), &symbols));
	}
	put_size(ram.at, 200 * MIB);
	assert_true(guest_image_symbols(getpid(), &symbols));
	symbols_free(&symbols);
	drop(&ram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_is_found_at_multiples_of_2_mib),
		cmocka_unit_test(mappings_need_not_begin_at_such_a_multiple),
		cmocka_unit_test(without_a_linux_there_are_no_names),
		cmocka_unit_test(a_process_that_is_gone_has_none),
		cmocka_unit_test(hostile_headers_end),
		cmocka_unit_test(sizes_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
