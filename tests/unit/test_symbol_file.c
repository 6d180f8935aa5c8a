/* SPDX-License-Identifier: Apache-2.0 */
/* The file of symbols, read back by the reader of ELF files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/debug/symbol_file.h"

static void add(struct symbols *symbols, uint64_t address, char type, const char *name,
		const char *module)
{
	symbols_add(symbols, address, 0, type, name, strlen(name), module, strlen(module));
}

static struct symbols make(void)
{
	struct symbols symbols = {0};
	char message[IMAGE_MESSAGE_MAX];

	add(&symbols, 0xffffffff80000000, 'T', "_start", "");
	add(&symbols, 0xffffffff80001000, 'T', "handle_exception", "");
	add(&symbols, 0xffffffff80002000, 't', "local", "");
	add(&symbols, 0xffffffff81000000, 'D', "jiffies", "");
	add(&symbols, 0xffffffff02000000, 't', "of_module", "virtio_blk");
	assert_true(symbols_finish(&symbols, message));
	return symbols;
}

static struct symbols written_and_read(const struct symbols *symbols)
{
	struct symbols again = {0};
	char message[IMAGE_MESSAGE_MAX];
	struct blob file = {0};
	char *bytes = NULL;
	FILE *to = open_memstream(&bytes, &file.len);

	assert_non_null(to);
	assert_true(symbol_file_write(to, symbols));
	fclose(to);
	file.bytes = (uint8_t *)bytes;
	assert_true(symbols_read_elf(&again, &file, message));
	free(bytes);
	return again;
}

static void what_is_written_is_read_again(void **state)
{
	struct symbols symbols = make(), again = written_and_read(&symbols);
	struct symbol_place place;
	uint64_t address;

	(void)state;
	/* The reader leaves out what is absolute: the data. */
	assert_int_equal(again.count, symbols.count - 1);
	assert_true(symbols_lookup(&again, 0xffffffff80002010, &place));
	assert_string_equal(place.name, "local");
	assert_true(symbols_find(&again, "of_module", &address));
	assert_int_equal(address, 0xffffffff02000000);
	symbols_free(&symbols);
	symbols_free(&again);
}

static void symbols_are_where_the_kernel_is(void **state)
{
	struct symbols symbols = make(), again;
	uint64_t address;

	(void)state;
	assert_true(symbols_slide(&symbols, "handle_exception", 0xffffffff90001000));
	again = written_and_read(&symbols);
	assert_true(symbols_find(&again, "_start", &address));
	assert_int_equal(address, 0xffffffff90000000);
	symbols_free(&symbols);
	symbols_free(&again);
}

static void a_full_disk_is_told(void **state)
{
	struct symbols symbols = make();
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_false(symbol_file_write(full, &symbols));
	fclose(full);
	symbols_free(&symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(symbols_are_where_the_kernel_is),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests_name("symbol_file", tests, NULL, NULL);
}
