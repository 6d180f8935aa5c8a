/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/symbols/made_elf.h"
#include "trace/guest/symbols.h"

static char message[IMAGE_MESSAGE_MAX];

static bool read_text(struct symbols *symbols, const char *text)
{
	size_t len = strlen(text);
	struct blob blob = {malloc(len + 1), len};

	assert_non_null(blob.bytes);
	memcpy(blob.bytes, text, len);
	*symbols = (struct symbols){0};
	message[0] = 0;
	bool done = symbols_read_kallsyms(symbols, &blob, message);
	blob_free(&blob);
	return done;
}

static void expect(const struct symbols *symbols, uint64_t address, const char *name,
		   uint64_t offset, const char *module)
{
	struct symbol_place place;

	assert_true(symbols_lookup(symbols, address, &place));
	assert_string_equal(place.name, name);
	assert_int_equal(place.offset, offset);
	assert_int_equal(place.start + place.offset, address);
	assert_string_equal(place.module, module);
}

static void expect_none(const struct symbols *symbols, uint64_t address)
{
	struct symbol_place place;

	assert_false(symbols_lookup(symbols, address, &place));
}

static void expect_refused(const char *text, const char *words)
{
	struct symbols symbols;

	assert_false(read_text(&symbols, text));
	assert_non_null(strstr(message, words));
	symbols_free(&symbols);
}

/* ---- the table ---- */

static void an_address_is_in_the_last_symbol_before_it(void **state)
{
	struct symbols symbols;

	(void)state;
	assert_true(read_text(&symbols, "2000 T second\n1000 T first\n3000 t third\n4000 D data\n"
					"5000 T last\n"));
	expect_none(&symbols, 0xfff);
	expect(&symbols, 0x1000, "first", 0, "");
	expect(&symbols, 0x1fff, "first", 0xfff, "");
	expect(&symbols, 0x2000, "second", 0, "");
	expect(&symbols, 0x3fff, "third", 0xfff, "");
	expect_none(&symbols, 0x4000); /* data ends code */
	expect_none(&symbols, 0x4fff);
	expect(&symbols, 0x5fff, "last", 0xfff, "");
	expect(&symbols, 0x6fff, "last", 0x1fff, ""); /* the page after, no more */
	expect_none(&symbols, 0x7000);
	expect_none(&symbols, UINT64_MAX);
	symbols_free(&symbols);
}

static void the_choice_among_names_of_one_address_is_perfs(void **state)
{
	static const struct {
		const char *text, *choice;
	} cases[] = {
		{"1000 t local\n1000 T global\n", "global"},
		{"1000 W weak_global\n1000 t local\n", "local"},
		{"1000 T __sys\n1000 T sys\n", "sys"},
		{"1000 T do\n1000 T do_longer\n", "do_longer"},
		{"1000 t $x\n1000 t .L0\n1000 t .LVL3\n1000 t name\n", "name"},
		{"1000 T _stext\n1000 T _text\n1000 t local\n", "local"},
		{"1000 T __sched_text_start\n1000 t local\n", "local"},
		{"1000 T _etext\n1000 t local\n", "local"},
		{"1000 T _stext\n1000 D data\n", "_stext"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct symbols symbols;

		assert_true(read_text(&symbols, cases[i].text));
		expect(&symbols, 0x1008, cases[i].choice, 8, "");
		symbols_free(&symbols);
	}
}

static void names_that_lost_are_still_found(void **state)
{
	struct symbols symbols;
	uint64_t address;

	(void)state;
	assert_true(read_text(&symbols, "1000 T _stext\n1000 T start\n2000 D jiffies\n"
					"3000 t other\t[module]\n"));
	assert_true(symbols_find(&symbols, "_stext", &address));
	assert_int_equal(address, 0x1000);
	assert_true(symbols_find(&symbols, "jiffies", &address));
	assert_int_equal(address, 0x2000);
	assert_false(symbols_find(&symbols, "other", &address)); /* the kernel's only */
	symbols_free(&symbols);
}

static void nothing_is_behind_the_end_of_text(void **state)
{
	struct symbols symbols;

	(void)state;
	assert_true(read_text(&symbols,
			      "1000 T first\n2000 T _etext\n8000 T init\n9000 T _einittext\n"));
	expect(&symbols, 0x1fff, "first", 0xfff, "");
	expect_none(&symbols, 0x2000);
	expect_none(&symbols, 0x7fff);
	expect(&symbols, 0x8fff, "init", 0xfff, "");
	expect_none(&symbols, 0x9000);
	symbols_free(&symbols);
}

/* Behind .text is .init.text, and a function that was put among the data is code as well. */
static void calls_return_to_code_and_to_its_end(void **state)
{
	static const char text[] = "1000 T first\n2000 T _etext\n8000 T init\n9000 T _einittext\n"
				   "a000 D data\nb000 t in_ram\nb100 d more\nc000 B _end\n";
	static const struct {
		uint64_t address;
		bool may;
	} cases[] = {
		{0xfff, false},	 {0x1000, true},  {0x2000, true},  {0x2001, false}, {0x7fff, false},
		{0x8000, true},	 {0x8fff, true},  {0x9000, true},  {0x9001, false}, {0xa000, false},
		{0xafff, false}, {0xb000, true},  {0xb0ff, true},  {0xb100, true},  {0xb101, false},
		{0xbfff, false}, {0xc000, false}, {0xd000, false},
	};
	struct symbols symbols;

	(void)state;
	assert_true(read_text(&symbols, text));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (symbols_may_return_to(&symbols, cases[i].address) != cases[i].may)
			fail_msg("%#" PRIx64 " is%s code", cases[i].address,
				 cases[i].may ? " not" : "");
	assert_true(symbols_slide(&symbols, "first", 0x11000));
	assert_true(symbols_may_return_to(&symbols, 0x18fff));
	assert_false(symbols_may_return_to(&symbols, 0x8fff));
	symbols_free(&symbols);
}

/* As where a file was stripped of its local functions: there is code that has no name. */
static void calls_return_to_code_without_a_name(void **state)
{
	struct symbols symbols = {0};
	struct symbol_place place;

	(void)state;
	symbols_add(&symbols, 0x1000, 0x20, 'T', "global", 6, "", 0);
	symbols_add(&symbols, 0x2000, 0, 'D', "data", 4, "", 0);
	assert_true(symbols_finish(&symbols, message));
	assert_false(symbols_lookup(&symbols, 0x1800, &place));
	assert_true(symbols_may_return_to(&symbols, 0x1800));
	assert_false(symbols_may_return_to(&symbols, 0x2001));
	symbols_free(&symbols);
}

static void a_size_ends_a_symbol(void **state)
{
	struct symbols symbols = {0};

	(void)state;
	symbols_add(&symbols, 0x1000, 0x20, 'T', "sized", 5, "", 0);
	symbols_add(&symbols, 0x1000, 0, 'T', "label_without", 13, "", 0);
	symbols_add(&symbols, 0x1100, 0, 't', "next", 4, "", 0);
	assert_true(symbols_finish(&symbols, message));
	expect(&symbols, 0x101f, "sized", 0x1f, "");
	expect_none(&symbols, 0x1020);
	expect(&symbols, 0x1100, "next", 0, "");
	symbols_free(&symbols);
}

static void an_empty_table_knows_nothing(void **state)
{
	struct symbols symbols = {0};
	uint64_t address;

	(void)state;
	assert_false(symbols_finish(&symbols, message));
	expect_none(&symbols, 0);
	expect_none(&symbols, UINT64_MAX);
	assert_false(symbols_find(&symbols, "", &address));
	symbols_free(&symbols);
}

static void a_long_name_is_cut(void **state)
{
	struct symbols symbols = {0};
	struct symbol_place place;
	char name[2 * SYMBOL_NAME_MAX];

	(void)state;
	memset(name, 'n', sizeof(name));
	symbols_add(&symbols, 0x1000, 0, 'T', name, sizeof(name), name, sizeof(name));
	assert_true(symbols_finish(&symbols, message));
	assert_true(symbols_lookup(&symbols, 0x1000, &place));
	assert_int_equal(strlen(place.name), SYMBOL_NAME_MAX - 1);
	assert_int_equal(strlen(place.module), SYMBOL_NAME_MAX - 1);
	symbols_free(&symbols);
}

/* Against the plainest search there is. */
static void random_tables_agree_with_a_linear_search(void **state)
{
	(void)state;
	srandom(2);
	for (int round = 0; round < 200; round++) {
		struct symbols symbols = {.slide = (uint64_t)random() << 12};
		struct {
			uint64_t address;
			char name[8];
			bool code;
		} reference[40];
		const size_t count = 1 + (size_t)random() % 40;
		bool any = false;

		for (size_t i = 0; i < count; i++) {
			/* No two of one address. */
			reference[i].address = (uint64_t)(random() % 100) * 64 + i;
			reference[i].code = random() % 4;
			any |= reference[i].code;
			snprintf(reference[i].name, sizeof(reference[i].name), "f%zu", i);
			symbols_add(&symbols, reference[i].address, 0,
				    reference[i].code ? 't' : 'b', reference[i].name,
				    strlen(reference[i].name), "", 0);
		}
		assert_int_equal(symbols_finish(&symbols, message), any);
		for (uint64_t address = 0; any && address < 100 * 64; address += 7) {
			struct symbol_place place;
			size_t best = count;

			for (size_t i = 0; i < count; i++) {
				if (reference[i].address <= address &&
				    (best == count ||
				     reference[i].address > reference[best].address))
					best = i;
			}
			bool found = symbols_lookup(&symbols, address + symbols.slide, &place);
			if (best == count || !reference[best].code) {
				assert_false(found);
			} else if (found) {
				assert_string_equal(place.name, reference[best].name);
				assert_int_equal(place.offset, address - reference[best].address);
			} else {
				assert_true(address - reference[best].address > 4096);
			}
		}
		symbols_free(&symbols);
	}
}

/* ---- kallsyms ---- */

static void kallsyms_text_is_read_with_modules(void **state)
{
	struct symbols symbols;

	(void)state;
	assert_true(read_text(&symbols, "ffffffff80000000 T _start\n"
					"ffffffff80001000 t do_idle\r\n"
					"ffffffff80002000 B _end\n\n"
					"ffffffff01000000 t kvm_init\t[kvm]\n"
					"ffffffff01000100 t kvm_exit\t[kvm]\n"
					"ffffffff01009000 t virtio_init\t[virtio]"));
	expect(&symbols, 0xffffffff80000123, "_start", 0x123, "");
	expect(&symbols, 0xffffffff80001001, "do_idle", 1, "");
	expect(&symbols, 0xffffffff01000080, "kvm_init", 0x80, "kvm");
	/* A module's last function does not go on to the next module. */
	expect(&symbols, 0xffffffff01001000, "kvm_exit", 0xf00, "kvm");
	expect_none(&symbols, 0xffffffff01008000);
	expect(&symbols, 0xffffffff01009008, "virtio_init", 8, "virtio");
	symbols_free(&symbols);
}

static void hidden_addresses_are_named_as_the_reason(void **state)
{
	(void)state;
	expect_refused("0000000000000000 T _start\n0000000000000000 t do_idle\n", "kptr_restrict");
}

static void a_bad_line_is_named(void **state)
{
	(void)state;
	expect_refused("1000 T good\nnot kallsyms at all\n", "line 2 ");
	expect_refused("10000000000000000 T too_long\n", "line 1 ");
	expect_refused("1000 TT type\n", "line 1 ");
	expect_refused("1000 T\n", "line 1 ");
	expect_refused("1000 T name module\n", "line 1 ");
	expect_refused("1000 T name []\n", "line 1 ");
	expect_refused("", "no symbols");
	expect_refused("1000 D only_data\n", "no symbols");
}

/* ---- ELF ---- */

static bool read_elf(struct symbols *symbols, const struct made_elf *elf, size_t len)
{
	struct blob blob = {malloc(len + !len), len};

	assert_non_null(blob.bytes);
	memcpy(blob.bytes, elf, len);
	*symbols = (struct symbols){0};
	message[0] = 0;
	bool done = symbols_read_elf(symbols, &blob, message);
	blob_free(&blob);
	return done;
}

static void symbols_of_an_elf_file_are_read(void **state)
{
	struct made_elf elf;
	struct symbols symbols;

	(void)state;
	make_elf(&elf);
	assert_true(read_elf(&symbols, &elf, sizeof(elf)));
	assert_int_equal(symbols.count, 3);
	expect(&symbols, 0x8020000f, "local", 15, "");
	expect(&symbols, 0x80200018, "global", 8, "");
	expect(&symbols, 0x802000ff, "global", 0xef, "");
	expect_none(&symbols, 0x80200100);
	symbols_free(&symbols);
}

/* What a stripped library offers to others; its own table goes before. */
static void a_stripped_file_has_what_it_offers(void **state)
{
	struct symbol_place place;
	struct symbols symbols;
	struct made_elf elf;

	(void)state;
	make_elf(&elf);
	elf.sections[3].sh_type = SHT_DYNSYM;
	assert_true(read_elf(&symbols, &elf, sizeof(elf)));
	assert_true(symbols_lookup(&symbols, 0x80200004, &place));
	assert_string_equal(place.name, "local");
	symbols_free(&symbols);
	elf.sections[2] = elf.sections[3];
	elf.sections[2].sh_size = 0;
	elf.sections[3].sh_type = SHT_SYMTAB;
	assert_true(read_elf(&symbols, &elf, sizeof(elf)));
	symbols_free(&symbols);
}

static void expect_elf_refused(const struct made_elf *elf, size_t len, const char *words)
{
	struct symbols symbols;

	assert_false(read_elf(&symbols, elf, len));
	assert_non_null(strstr(message, words));
	symbols_free(&symbols);
}

static void a_broken_elf_file_is_refused(void **state)
{
	struct made_elf good, bad;

	(void)state;
	make_elf(&good);
	for (size_t len = 0; len < sizeof(good); len++)
		expect_elf_refused(&good, len, "");
	bad = good;
	bad.header.e_machine = EM_X86_64;
	expect_elf_refused(&bad, sizeof(bad), "x86-64");
	bad = good;
	bad.header.e_shoff = UINT64_MAX - 8;
	expect_elf_refused(&bad, sizeof(bad), "truncated");
	bad = good;
	bad.header.e_shnum = 0;
	bad.sections[0].sh_size = UINT64_MAX / sizeof(Elf64_Shdr) + 2;
	expect_elf_refused(&bad, sizeof(bad), "truncated");
	bad = good;
	bad.sections[3].sh_type = SHT_PROGBITS;
	expect_elf_refused(&bad, sizeof(bad), "stripped");
	bad = good;
	bad.sections[3].sh_link = 77;
	expect_elf_refused(&bad, sizeof(bad), "broken");
	bad = good;
	bad.sections[3].sh_size = UINT64_MAX;
	expect_elf_refused(&bad, sizeof(bad), "truncated");
	bad = good;
	bad.sections[4].sh_offset = UINT64_MAX;
	expect_elf_refused(&bad, sizeof(bad), "truncated");
}

/* The strings end with the section, not where a zero comes. */
static void a_name_does_not_go_beyond_its_strings(void **state)
{
	struct made_elf elf;
	struct symbols symbols;

	(void)state;
	make_elf(&elf);
	elf.sections[4].sh_size = 10;
	elf.symbols[3].st_name = UINT32_MAX;
	assert_true(read_elf(&symbols, &elf, sizeof(elf)));
	expect(&symbols, 0x80200010, "glo", 0, "");
	symbols_free(&symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_in_the_last_symbol_before_it),
		cmocka_unit_test(the_choice_among_names_of_one_address_is_perfs),
		cmocka_unit_test(names_that_lost_are_still_found),
		cmocka_unit_test(nothing_is_behind_the_end_of_text),
		cmocka_unit_test(calls_return_to_code_and_to_its_end),
		cmocka_unit_test(calls_return_to_code_without_a_name),
		cmocka_unit_test(a_size_ends_a_symbol),
		cmocka_unit_test(an_empty_table_knows_nothing),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(random_tables_agree_with_a_linear_search),
		cmocka_unit_test(kallsyms_text_is_read_with_modules),
		cmocka_unit_test(hidden_addresses_are_named_as_the_reason),
		cmocka_unit_test(a_bad_line_is_named),
		cmocka_unit_test(symbols_of_an_elf_file_are_read),
		cmocka_unit_test(a_stripped_file_has_what_it_offers),
		cmocka_unit_test(a_broken_elf_file_is_refused),
		cmocka_unit_test(a_name_does_not_go_beyond_its_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
