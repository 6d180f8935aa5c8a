/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "vmm/kvm/isa.h"

static const char *names[ISA_EXT_COUNT];
static char isa[ISA_STRING_MAX];
static bool enabled[ISA_EXT_COUNT + 10];

static void enable(const char *name)
{
	for (unsigned int id = 0; id < ISA_EXT_COUNT; id++) {
		if (!strcmp(isa_ext_name(id), name)) {
			enabled[id] = true;
			return;
		}
	}
	fail_msg("%s has no number", name);
}

static void the_string_is_in_canonical_order(void **state)
{
	static const char *const have[] = {
		"sstc", "zbb",	"h",	  "a",	     "c",	  "d",	 "f",	 "i",
		"m",	"v",	"zicsr",  "zacas",   "zca",	  "zfa", "zvfh", "ssaia",
		"zkt",	"ztso", "zicbom", "svinval", "smstateen", "zba"};
	static const char *const expected[] = {
		"i",	  "m",	   "a",		"f",	 "d",	 "c",	   "v",	  "h",
		"zicbom", "zicsr", "zacas",	"zfa",	 "zca",	 "zba",	   "zbb", "zkt",
		"ztso",	  "zvfh",  "smstateen", "ssaia", "sstc", "svinval"};

	(void)state;
	memset(enabled, 0, sizeof(enabled));
	for (size_t i = 0; i < sizeof(have) / sizeof(have[0]); i++)
		enable(have[i]);
	unsigned int count = isa_describe(enabled, ISA_EXT_COUNT, isa, sizeof(isa), names);
	assert_string_equal(isa, "rv64imafdcvh_zicbom_zicsr_zacas_zfa_zca_zba_zbb_zkt_ztso_zvfh_"
				 "smstateen_ssaia_sstc_svinval");
	assert_int_equal(count, sizeof(expected) / sizeof(expected[0]));
	for (unsigned int i = 0; i < count; i++)
		assert_string_equal(names[i], expected[i]);
}

static void unknown_numbers_are_left_out(void **state)
{
	(void)state;
	memset(enabled, 0, sizeof(enabled));
	enable("i");
	for (unsigned int id = ISA_EXT_COUNT; id < sizeof(enabled); id++)
		enabled[id] = true;
	assert_int_equal(isa_describe(enabled, sizeof(enabled), isa, sizeof(isa), names), 1);
	assert_string_equal(isa, "rv64i");
	assert_null(isa_ext_name(ISA_EXT_COUNT));
	assert_null(isa_sbi_ext_name(ISA_SBI_EXT_COUNT));
}

static void all_names_together_fit_and_none_is_there_twice(void **state)
{
	(void)state;
	for (unsigned int id = 0; id < ISA_EXT_COUNT; id++)
		enabled[id] = true;
	assert_int_equal(isa_describe(enabled, ISA_EXT_COUNT, isa, sizeof(isa), names),
			 ISA_EXT_COUNT);
	for (unsigned int i = 0; i < ISA_EXT_COUNT; i++) {
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	}
}

static void a_buffer_too_small_is_noticed_and_not_overrun(void **state)
{
	char small[ISA_STRING_MAX + 1];

	(void)state;
	memset(enabled, 0, sizeof(enabled));
	enable("i");
	enable("zicsr");
	const size_t needed = strlen("rv64i_zicsr") + 1;
	for (size_t size = 0; size <= needed; size++) {
		memset(small, '#', sizeof(small));
		unsigned int count = isa_describe(enabled, ISA_EXT_COUNT, small, size, names);
		assert_int_equal(count, size < needed ? 0 : 2);
		assert_int_equal(small[size], '#');
	}
}

static void the_numbers_that_the_machine_asks_for_have_the_right_names(void **state)
{
	(void)state;
	assert_string_equal(isa_ext_name(ISA_EXT_SSAIA), "ssaia");
	assert_string_equal(isa_ext_name(ISA_EXT_SSCOFPMF), "sscofpmf");
	assert_string_equal(isa_ext_name(ISA_EXT_ZICBOM), "zicbom");
	assert_string_equal(isa_ext_name(ISA_EXT_ZICBOZ), "zicboz");
	assert_string_equal(isa_ext_name(ISA_EXT_ZICBOP), "zicbop");
}

/* Compares with the enumerators PREFIX... of the kernel's header, in order. Returns how many. */
static unsigned int compare_with_header(FILE *header, const char *prefix, bool lower,
					const char *(*name_of)(unsigned int id))
{
	char text[256];
	unsigned int id = 0;

	rewind(header);
	while (fgets(text, sizeof(text), header)) {
		char *at = text + strspn(text, " \t");
		if (strncmp(at, prefix, strlen(prefix)) != 0)
			continue;
		at += strlen(prefix);
		at[strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] = '\0';
		if (!strcmp(at, "MAX"))
			break;
		for (char *letter = at; lower && *letter; letter++)
			*letter = (char)tolower((unsigned char)*letter);
		if (name_of(id))
			assert_string_equal(name_of(id), at);
		id++;
	}
	return id;
}

static void the_numbers_are_those_of_the_kernels_header(void **state)
{
	FILE *header = fopen("/usr/include/riscv64-linux-gnu/asm/kvm.h", "r");

	(void)state;
	if (!header)
		skip();
	assert_true(compare_with_header(header, "KVM_RISCV_ISA_EXT_", true, isa_ext_name) > 60);
	assert_true(compare_with_header(header, "KVM_RISCV_SBI_EXT_", false, isa_sbi_ext_name) >
		    10);
	fclose(header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_string_is_in_canonical_order),
		cmocka_unit_test(unknown_numbers_are_left_out),
		cmocka_unit_test(all_names_together_fit_and_none_is_there_twice),
		cmocka_unit_test(a_buffer_too_small_is_noticed_and_not_overrun),
		cmocka_unit_test(the_numbers_that_the_machine_asks_for_have_the_right_names),
		cmocka_unit_test(the_numbers_are_those_of_the_kernels_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
