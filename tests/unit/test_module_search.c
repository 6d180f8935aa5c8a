/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's modules and what their functions are called, in a kernel's memory that is made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/symbols/made_modules.h"

static struct made_modules made;
static struct module_list list;
static uint64_t fuse, virtiofs, fuse_code, virtiofs_code; /* struct module, and where they begin */

static const struct module_reader reader = {
	.places = &made.task_places, .modules = &made.places, .read = read_made, .opaque = &made};

static int set_up(void **state)
{
	(void)state;
	make_modules(&made);
	fuse = make_module(&made, "fuse", 3, &fuse_code);
	virtiofs = make_module(&made, "virtiofs", 1, &virtiofs_code);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	module_list_free(&list);
	return 0;
}

static bool read_all(void)
{
	module_list_free(&list);
	if (!module_list_read(&reader, &list))
		return false;
	module_list_read_symbols(&reader, &list);
	return true;
}

/* "function+offset [module]"; "[module]" without a function, "" in none. */
static const char *name_of(uint64_t address)
{
	static char name[1200];
	const struct guest_module *module = module_list_find(&list, address);
	struct symbol_place place;

	if (symbols_lookup(&list.symbols, address, &place))
		snprintf(name, sizeof(name), "%s+%llu [%s]", place.name,
			 (unsigned long long)place.offset, place.module);
	else
		snprintf(name, sizeof(name), "%s%s%s", module ? "[" : "",
			 module ? module->name : "", module ? "]" : "");
	return name;
}

static void modules_are_where_the_list_says(void **state)
{
	(void)state;
	assert_true(read_all());
	assert_int_equal(list.count, 2);
	assert_string_equal(list.table[0].name, "fuse");
	assert_int_equal(list.table[0].start, fuse_code);
	assert_int_equal(list.table[0].size, 3 * MADE_PAGE);
	assert_string_equal(name_of(fuse_code), "[fuse]");
	assert_string_equal(name_of(fuse_code + 3 * MADE_PAGE - 1), "[fuse]");
	assert_string_equal(name_of(fuse_code + 3 * MADE_PAGE), "");
	assert_string_equal(name_of(fuse_code - 1), "");
	assert_string_equal(name_of(virtiofs_code), "[virtiofs]");
}

static void functions_are_named_as_the_kernel_does(void **state)
{
	const struct made_function functions[] = {
		{"fuse_read", fuse_code, 100, 't'},
		{"fuse_write", fuse_code + 100, 60, 'w'},
		{"fuse_data", fuse_code + 200, 8, 'd'},
		{"$x", fuse_code + 120, 0, 't'},
		{"fuse_asm", fuse_code + 2 * MADE_PAGE, 0, 't'},
		{"fuse_elsewhere", virtiofs_code, 100, 't'},
		{"fuse_init", MADE_AREA, 100, 't'},
	};

	(void)state;
	make_functions(&made, fuse, functions, sizeof(functions) / sizeof(functions[0]));
	assert_true(read_all());
	assert_string_equal(name_of(fuse_code + 99), "fuse_read+99 [fuse]");
	assert_string_equal(name_of(fuse_code + 130), "fuse_write+30 [fuse]");
	assert_string_equal(name_of(fuse_code + 160), "[fuse]");
	assert_string_equal(name_of(fuse_code + 200), "[fuse]");
	assert_string_equal(name_of(fuse_code + 2 * MADE_PAGE + 8), "fuse_asm+8 [fuse]");
	/* Another module's is not its own to name. */
	assert_string_equal(name_of(virtiofs_code), "[virtiofs]");
	assert_string_equal(name_of(MADE_AREA), "");
}

/* Symbols and strings over many pages, which lie anywhere in the memory. */
static void tables_may_be_long(void **state)
{
	static struct made_function functions[900];
	static char names[900][16];

	(void)state;
	for (size_t i = 0; i < 900; i++) {
		snprintf(names[i], sizeof(names[i]), "function_%zu", i);
		functions[i] =
			(struct made_function){names[i], fuse_code + 8 * i, 8, i % 2 ? 't' : 'T'};
	}
	make_functions(&made, fuse, functions, 900);
	assert_true(read_all());
	assert_string_equal(name_of(fuse_code + 8ull * 899 + 7), "function_899+7 [fuse]");
	assert_string_equal(name_of(fuse_code + 8ull * 170), "function_170+0 [fuse]");
}

/* It may say that it is as long as it likes. */
static void no_function_is_longer_than_its_module(void **state)
{
	const struct made_function function = {"f", virtiofs_code + 4000, UINT64_MAX, 't'};
	struct symbol_place place;

	(void)state;
	make_functions(&made, virtiofs, &function, 1);
	assert_true(read_all());
	assert_true(symbols_lookup(&list.symbols, virtiofs_code + 4095, &place));
	assert_int_equal(place.size, MADE_PAGE - 4000);
	assert_string_equal(name_of(virtiofs_code + MADE_PAGE), "");
}

static void one_that_is_set_up_is_none_yet(void **state)
{
	(void)state;
	*made_at(&made, fuse + MADE_STATE) = 3;
	*made_at(&made, virtiofs + MADE_STATE) = 1;
	assert_true(read_all());
	assert_int_equal(list.count, 1);
	assert_string_equal(list.table[0].name, "virtiofs");
}

/* The kernel itself, other memory, nothing, more than there is, the middle of a page. */
static void code_is_only_where_modules_can_be(void **state)
{
	static const struct {
		uint64_t start;
		uint32_t size;
	} lies[] = {{MADE_KERNEL, 4096},
		    {MADE_KERNEL - 4096, 8192},
		    {MADE_KERNEL - MODULES_REACH - 4096, 4096},
		    {MADE_AREA, 0},
		    {MADE_AREA, UINT32_MAX},
		    {0, 4096},
		    {UINT64_MAX, 4096},
		    {MADE_AREA + 16, 4096}};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		put_word(made_at(&made, fuse + MADE_BASE), lies[i].start);
		memcpy(made_at(&made, fuse + MADE_LENGTH), &lies[i].size, sizeof(lies[i].size));
		assert_true(read_all());
		assert_int_equal(list.count, 1);
		assert_string_equal(list.table[0].name, "virtiofs");
	}
}

static void no_two_share_their_code(void **state)
{
	(void)state;
	put_word(made_at(&made, virtiofs + MADE_BASE), fuse_code + MADE_PAGE);
	assert_true(read_all());
	assert_int_equal(list.count, 1);
	assert_string_equal(name_of(fuse_code + MADE_PAGE), "[fuse]");
	put_word(made_at(&made, virtiofs + MADE_BASE), fuse_code - MADE_PAGE);
	*made_at(&made, virtiofs + MADE_LENGTH + 1) = 32;
	assert_true(read_all());
	assert_int_equal(list.count, 1);
}

static void names_end_and_are_not_empty(void **state)
{
	uint8_t *name = made_at(&made, fuse + MADE_NAME);

	(void)state;
	memset(name, 'x', MODULE_NAME);
	assert_true(read_all());
	assert_int_equal(strlen(list.table[0].name), 56);
	/* Behind its end there may be anything. */
	memcpy(name, "a\0b", 4);
	assert_true(read_all());
	assert_memory_equal(list.table[0].name, "a\0\0\0", 4);
	*name = '\0';
	assert_true(read_all());
	assert_int_equal(list.count, 1);
}

static void lists_that_do_not_end_are_none(void **state)
{
	(void)state;
	put_word(made_at(&made, virtiofs + MADE_LIST), fuse + MADE_LIST);
	assert_false(read_all());
	put_word(made_at(&made, virtiofs + MADE_LIST), 0x1234);
	assert_false(read_all());
	put_word(made_at(&made, virtiofs + MADE_LIST), 0);
	assert_false(read_all());
	put_word(made_at(&made, made.places.head), UINT64_MAX - 3);
	assert_false(read_all());
	assert_int_equal(list.count, 0);
}

static void without_modules_there_are_none(void **state)
{
	(void)state;
	make_modules(&made);
	assert_true(read_all());
	assert_int_equal(list.count, 0);
	assert_string_equal(name_of(fuse_code), "");
}

static void page_tables_may_lead_anywhere(void **state)
{
	(void)state;
	made.places.satp = 8ull << 60 | ((1ull << 44) - 1);
	assert_false(read_all());
	made.places.satp = 1ull << 60;
	assert_false(read_all());
}

/* What it says of its symbols: nowhere, as many as can be counted, names without end. */
static void lies_about_symbols_cost_only_their_names(void **state)
{
	const struct made_function function = {"f", fuse_code, 8, 't'};
	uint64_t of = fuse + 512;
	uint32_t most = UINT32_MAX;

	(void)state;
	make_functions(&made, fuse, &function, 1);
	memcpy(made_at(&made, of + 8), &most, sizeof(most));
	assert_true(read_all());
	assert_string_equal(name_of(fuse_code), "f+0 [fuse]");
	put_word(made_at(&made, of + 16), UINT64_MAX - 8);
	assert_true(read_all());
	assert_string_equal(name_of(fuse_code), "[fuse]");
	put_word(made_at(&made, of), 0);
	assert_true(read_all());
	assert_string_equal(name_of(fuse_code), "[fuse]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(modules_are_where_the_list_says),
		TEST(functions_are_named_as_the_kernel_does),
		TEST(tables_may_be_long),
		TEST(no_function_is_longer_than_its_module),
		TEST(one_that_is_set_up_is_none_yet),
		TEST(code_is_only_where_modules_can_be),
		TEST(no_two_share_their_code),
		TEST(names_end_and_are_not_empty),
		TEST(lists_that_do_not_end_are_none),
		TEST(without_modules_there_are_none),
		TEST(page_tables_may_lead_anywhere),
		TEST(lies_about_symbols_cost_only_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
