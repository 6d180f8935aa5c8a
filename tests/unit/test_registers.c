/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a hart's registers: names, numbers and KVM's ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/debug/registers.h"

static void names_are_one_register_each(void **state)
{
	const struct hart_register *which;
	size_t count = 0;

	(void)state;
	for (; (which = register_at(count)) != NULL; count++) {
		assert_ptr_equal(register_find(which->name), which);
		if (which->other)
			assert_ptr_equal(register_find(which->other), which);
		assert_ptr_equal(register_numbered(which->kind, which->number), which);
	}
	assert_true(count > 110 && count <= REGISTERS_MOST);
	assert_null(register_at(SIZE_MAX));
	assert_null(register_find(""));
	assert_null(register_find("A0"));
	assert_null(register_find("x32"));
	assert_null(register_find("mstatus"));
	assert_null(register_numbered(REGISTER_CSR, 0x300));
}

static void ids_differ(void **state)
{
	const struct hart_register *one, *two;

	(void)state;
	for (size_t i = 0; (one = register_at(i)) != NULL; i++)
		for (size_t j = i + 1; (two = register_at(j)) != NULL; j++)
			assert_true(register_kvm_id(one, 16) != register_kvm_id(two, 16));
}

/* All of a file of 32, by the names of assembly. */
static void numbered(void **state)
{
	char name[8];

	(void)state;
	for (unsigned int n = 0; n < 32; n++) {
		snprintf(name, sizeof(name), "x%u", n);
		assert_ptr_equal(register_find(name), register_numbered(REGISTER_GENERAL, n));
		snprintf(name, sizeof(name), "f%u", n);
		assert_ptr_equal(register_find(name), register_numbered(REGISTER_FLOAT, n));
		snprintf(name, sizeof(name), "v%u", n);
		assert_ptr_equal(register_find(name), register_numbered(REGISTER_VECTOR, n));
	}
	assert_ptr_equal(register_find("fp"), register_find("x8"));
	assert_int_equal(register_find("t6")->number, 31);
	assert_int_equal(register_find("fa7")->number, 17);
	assert_int_equal(register_find("ft11")->number, 31);
}

/* By hand from KVM's header: architecture 8, log2 of the size, class, index. */
static void ids_of_kvm(void **state)
{
	static const struct {
		const char *name;
		uint64_t id;
	} known[] = {
		{"pc", 0x8030000002000000},	  {"ra", 0x8030000002000001},
		{"t6", 0x803000000200001f},	  {"priv", 0x8030000002000020},
		{"sstatus", 0x8030000003000000},  {"senvcfg", 0x803000000300000a},
		{"siselect", 0x8030000003010000}, {"sstateen0", 0x8030000003020000},
		{"time", 0x8030000004000001},	  {"stimecmp", 0x8030000004000002},
		{"f31", 0x803000000600001f},	  {"fcsr", 0x8020000006000020},
		{"vlenb", 0x8030000009000004},	  {"v0", 0x8040000009000006},
		{"v31", 0x8040000009000025},	  {"zero", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(register_kvm_id(register_find(known[i].name), 16), known[i].id);
}

static void vectors_of_any_host(void **state)
{
	const struct hart_register *v3 = register_find("v3");

	(void)state;
	assert_int_equal(register_kvm_id(v3, 256) >> 52 & 15, 8);
	assert_int_equal(register_kvm_id(v3, 0), 0);
	assert_int_equal(register_kvm_id(v3, 24), 0);
	assert_int_equal(register_kvm_id(v3, 512), 0);
}

/* A guest has not all bits of sstatus, and what KVM is given it gives to the CPU. */
static void sstatus_is_written_in_part(void **state)
{
	const uint64_t spp_spie_sie = 0x122, xs = 3ull << 15, uxl = 3ull << 32, sd = 1ull << 63;
	uint64_t writable = register_find("sstatus")->writable;

	(void)state;
	assert_int_equal(writable & spp_spie_sie, spp_spie_sie);
	assert_int_equal(writable & (xs | uxl | sd), 0);
	assert_int_equal(register_find("sepc")->writable, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_one_register_each),
		cmocka_unit_test(ids_differ),
		cmocka_unit_test(numbered),
		cmocka_unit_test(ids_of_kvm),
		cmocka_unit_test(vectors_of_any_host),
		cmocka_unit_test(sstatus_is_written_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
