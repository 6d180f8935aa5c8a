/* SPDX-License-Identifier: Apache-2.0 */
/* Which row an exit is counted in: by what the privileged, the hypervisor and the SBI spec say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "trace/exits/exit_fold.h"
#include "trace/exits/exits_map.h"
#include "trace/names/exit_names.h"
#include "trace/names/sbi_names.h"

static uint32_t irq(uint64_t code)
{
	return exit_row(CAUSE_INTERRUPT | code, 0, 0, 0, 0);
}

static uint32_t exception(uint64_t code)
{
	return exit_row(code, 0, 0, 0, 0);
}

static void is_called(uint32_t row, const char *name)
{
	char text[96];

	assert_string_equal(exit_row_text(row, text, sizeof(text)), name);
}

/* perf kvm stat prints exceptions 5, 9 and 10 as these interrupts. */
static void interrupts_are_not_exceptions(void **state)
{
	(void)state;
	is_called(irq(1), "irq s_soft");
	is_called(irq(5), "irq s_timer");
	is_called(irq(9), "irq s_ext");
	is_called(irq(10), "irq vs_ext");
	is_called(irq(12), "irq sgei");
	is_called(irq(13), "irq lcofi");
	for (uint64_t code = 0; code < 64; code++) {
		assert_int_not_equal(irq(code),
				     exception(code) == EXIT_OTHER ? EXIT_ROWS : exception(code));
		assert_true(irq(code) < EXIT_ROWS && exception(code) < EXIT_ROWS);
	}
	assert_int_equal(exit_class(irq(10)), CLASS_IRQ);
	assert_int_equal(exit_class(exception(9)), CLASS_OTHER);
	assert_int_equal(exit_class(exit_row(10, 0, 0, SBI_EID_TIME, 0)), CLASS_SBI);
	assert_int_equal(exit_class(irq(13)), CLASS_LCOFI);
}

static void causes_beyond_the_table_are_other(void **state)
{
	static const uint64_t causes[] = {32,
					  63,
					  64,
					  1ull << 32,
					  CAUSE_INTERRUPT - 1,
					  CAUSE_INTERRUPT | 16,
					  CAUSE_INTERRUPT | 64,
					  UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		assert_int_equal(exit_row(causes[i], 0, 0, 0, 0), EXIT_OTHER);
}

/* Hypervisor extension, table of pseudoinstructions: walks of the guest's own page tables. */
static void walks_are_told_from_accesses(void **state)
{
	static const uint64_t faults[] = {20, 21, 23};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(exit_row(faults[i], 0, 0x3000, 0, 0), EXIT_WALK_READ);
		assert_int_equal(exit_row(faults[i], 0, 0x3020, 0, 0), EXIT_WALK_WRITE);
		/* RV32's, and upper bits that are not zero: not recognised. */
		assert_int_not_equal(exit_row(faults[i], 0, 0x2000, 0, 0), EXIT_WALK_READ);
		assert_int_not_equal(exit_row(faults[i], 0, 1ull << 32 | 0x3000, 0, 0),
				     EXIT_WALK_READ);
	}
	/* Only of guest page faults. */
	assert_int_equal(exit_row(13, 0, 0x3000, 0, 0), EXIT_EXCEPTION + 13);
}

/* Transformed instructions, compressed (bit 1 clear) or misaligned (rs1 not 0), change no row. */
static void transformed_instructions_are_accesses(void **state)
{
	static const uint32_t loads[] = {0, 0x00002503 /* lw a0 */, 0x00002501 /* c.lw a0 */,
					 0x00012503 /* misaligned by 2 */, 0x00053503 /* ld */};

	(void)state;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		assert_int_equal(exit_row(21, 0, loads[i], 0, 0), EXIT_LOAD_FAULT);
		assert_int_equal(exit_row(23, 0, loads[i], 0, 0), EXIT_STORE_FAULT);
		assert_int_equal(exit_row(20, 0, loads[i], 0, 0), EXIT_FETCH_FAULT);
	}
	assert_int_equal(exit_mmio_row(EXIT_LOAD_FAULT), EXIT_LOAD_MMIO);
	assert_int_equal(exit_mmio_row(EXIT_STORE_FAULT), EXIT_STORE_MMIO);
	for (uint32_t row = 0; row < EXIT_ROWS; row++)
		if (row != EXIT_LOAD_FAULT && row != EXIT_STORE_FAULT)
			assert_int_equal(exit_mmio_row(row), row);
}

static void virtual_instructions(void **state)
{
	(void)state;
	assert_int_equal(exit_row(22, 0x10500073, 0, 0, 0), EXIT_WFI);
	assert_int_equal(exit_row(22, 0x00D00073, 0, 0, 0), EXIT_WRS);
	assert_int_equal(exit_row(22, 0x01D00073, 0, 0, 0), EXIT_WRS);
	assert_int_equal(exit_row(22, 0xC0002573, 0, 0, 0), EXIT_CSR_READ); /* csrr a0, cycle */
	assert_int_equal(exit_row(22, 0xC0003573, 0, 0, 0),
			 EXIT_CSR_READ); /* csrrc a0, cycle, x0 */
	assert_int_equal(exit_row(22, 0xC0006573, 0, 0, 0),
			 EXIT_CSR_READ); /* csrrsi a0, cycle, 0 */
	assert_int_equal(exit_row(22, 0xC0001073, 0, 0, 0), EXIT_CSR_WRITE); /* csrw cycle, x0 */
	assert_int_equal(exit_row(22, 0xC0052573, 0, 0, 0), EXIT_CSR_WRITE); /* csrrs, a0 */
	assert_int_equal(exit_row(22, 0x10200073, 0, 0, 0), EXIT_VIRTUAL_OTHER); /* sret */
}

/* The hardware need not say which instruction it was; KVM does, by what it counts. */
static void untold_instructions(void **state)
{
	struct exit_vcpu vcpu = {.open = EXIT_DIRECT};
	const struct exit_told before = {.wfi = 7, .wrs = 8, .csr = 9, .csr_insn = 0xC0001073};
	struct exit_told after = before;

	(void)state;
	assert_int_equal(exit_row(22, 0, 0, 0, 0), EXIT_VIRTUAL_UNTOLD);
	is_called(EXIT_VIRTUAL_UNTOLD, "virtual_inst not told");
	exit_came(&vcpu, exit_row(22, 0, 0, 0, 0), 0x1000, 1);
	vcpu.told = before;
	fold_instruction_told(&vcpu, &after);
	assert_int_equal(vcpu.row, EXIT_VIRTUAL_UNTOLD);
	after.wrs++;
	fold_instruction_told(&vcpu, &after);
	assert_int_equal(vcpu.row, EXIT_WRS);
	after = before;
	after.wfi++;
	vcpu.row = EXIT_VIRTUAL_UNTOLD;
	fold_instruction_told(&vcpu, &after);
	assert_int_equal(vcpu.row, EXIT_WFI);
	after = before;
	after.csr++;
	after.csr_insn = 0xC0202573; /* csrr a0, instret */
	vcpu.row = EXIT_VIRTUAL_UNTOLD;
	fold_instruction_told(&vcpu, &after);
	assert_int_equal(vcpu.row, EXIT_CSR_READ);
	/* What the hardware said stays. */
	after.wrs++;
	fold_instruction_told(&vcpu, &after);
	assert_int_equal(vcpu.row, EXIT_CSR_READ);
}

/* Who sleeps in KVM's halt was in WFI, whatever else is known. */
static void an_untold_halt_is_wfi(void **state)
{
	struct exit_vcpu vcpu = {.state = VCPU_GUEST};

	(void)state;
	exit_came(&vcpu, EXIT_VIRTUAL_UNTOLD, 0x1000, 100);
	fold_take_detour(&vcpu, VCPU_BLOCKED, 110);
	fold_take_detour(&vcpu, VCPU_KERNEL, 210);
	fold_halt_ended(&vcpu, 100, 212);
	assert_int_equal(vcpu.row, EXIT_WFI);
	exit_came(&vcpu, EXIT_SBI, 0x1000, 300);
	fold_halt_ended(&vcpu, 100, 512);
	assert_int_equal(vcpu.row, EXIT_SBI);
}

/* Of an access with htinst 0 it is KVM's decoding that tells the width and the register. */
static void untold_accesses(void **state)
{
	(void)state;
	assert_int_equal(exit_decoded_access(0x0007A503, 4, false), 0x2503);  /* lw a0, (a5) */
	assert_int_equal(exit_decoded_access(0x0007C503, 1, false), 0x0503);  /* lbu a0, (a5) */
	assert_int_equal(exit_decoded_access(10u << 7, 8, false), 0x3503);    /* c.ld a0, as kept */
	assert_int_equal(exit_decoded_access(0x00B7A023, 4, true), 0xB02023); /* sw a1, (a5) */
	assert_int_equal(exit_decoded_access(0xC38C, 4, true), 0xB02023);     /* c.sw a1, (a5) */
	assert_int_equal(exit_decoded_access(0xE38C, 8, true), 0xB03023);     /* c.sd a1, (a5) */
	assert_int_equal(exit_decoded_access(0xC02E, 4, true), 0xB02023);     /* c.swsp a1, 0 */
}

/* Every function of SBI 3.0 has a row of its own, whose name is its own. */
static void each_sbi_function_has_its_row(void **state)
{
	uint8_t seen[SBI_ROWS] = {0};
	unsigned int functions = 0;

	(void)state;
	for (const struct sbi_named_extension *extension = sbi_named_extensions; extension->name;
	     extension++)
		for (uint32_t i = 0; i < extension->function_count; i++) {
			bool legacy = extension->first == 0;
			uint32_t row = sbi_row(legacy ? i : extension->first, legacy ? 0 : i);

			assert_in_range(row, 0, SBI_ROWS - 1);
			assert_string_equal(sbi_row_name(row), extension->functions[i].name);
			assert_int_equal(seen[row]++, 0);
			functions++;
		}
	assert_true(functions > 70);
}

/* Signed 32-bit numbers: what is above them in a7 and a6 does not count. */
static void only_32_bits_of_a_call_count(void **state)
{
	(void)state;
	assert_int_equal(sbi_row(0xFFFFFFFF00000000ull | SBI_EID_HSM, 1ull << 32 | 2),
			 sbi_row(SBI_EID_HSM, 2));
	assert_int_equal(sbi_row(SBI_EID_TIME, 1), sbi_row(SBI_EID_TIME, UINT64_MAX));
	assert_int_not_equal(sbi_row(SBI_EID_TIME, 1), sbi_row(SBI_EID_TIME, 0));
	assert_int_equal(sbi_row(0x08FFFFFF, 5), SBI_ROW_EXPERIMENTAL);
	assert_int_equal(sbi_row(0x09000000, 5), SBI_ROW_VENDOR);
	assert_int_equal(sbi_row(0x0A123456, 5), SBI_ROW_FIRMWARE);
	assert_int_equal(sbi_row(0x0B000000, 5), SBI_ROW_UNKNOWN);
	assert_int_equal(sbi_row(UINT64_MAX, UINT64_MAX), SBI_ROW_UNKNOWN);
}

/* A bucket holds the durations from its start to the next one's, none is wider than a quarter. */
static void buckets_cover_all_durations(void **state)
{
	(void)state;
	for (uint32_t bucket = 0; bucket + 1 < EXIT_BUCKETS; bucket++) {
		uint64_t start = exit_bucket_start(bucket), end = exit_bucket_start(bucket + 1);

		assert_true(start < end);
		assert_true(end - start <= (start < 4 ? 1 : start / 4));
		assert_int_equal(exit_bucket(start), bucket);
		assert_int_equal(exit_bucket(end - 1), bucket);
	}
	assert_int_equal(exit_bucket(UINT64_MAX), EXIT_BUCKETS - 1);
	assert_int_equal(exit_bucket(1ull << 63), EXIT_BUCKETS - 1);
}

static bool may_turn_out(const struct exit_vcpu *vcpu, uint32_t traced, uint32_t lcofi)
{
	const struct exit_rules rules = {.traced = traced, .lcofi = lcofi};

	return exit_may_turn_out(&rules, vcpu);
}

/* Nothing later than such an exit has its line before that is known. */
static void a_fault_is_nobody_s_until_it_is_a_device_s(void **state)
{
	struct exit_vcpu vcpu = {.state = VCPU_GUEST};

	(void)state;
	assert_false(may_turn_out(&vcpu, CLASS_MMIO, 0));
	exit_came(&vcpu, exception(21), 0, 1000);
	assert_true(may_turn_out(&vcpu, CLASS_MMIO, 0));
	assert_false(may_turn_out(&vcpu, CLASS_MMIO | CLASS_FAULT, 0));
	assert_false(may_turn_out(&vcpu, CLASS_SBI, 0));
	fold_take_detour(&vcpu, VCPU_WAITING, 1100);
	assert_true(may_turn_out(&vcpu, CLASS_MMIO, 0));
	/* A page is being fetched. */
	fold_enter_state(&vcpu, VCPU_BLOCKED, 1200);
	assert_false(may_turn_out(&vcpu, CLASS_MMIO, 0));
	fold_enter_state(&vcpu, VCPU_KERNEL, 1300);
	exit_to_vmm(&vcpu, 6, true, 1400);
	assert_false(may_turn_out(&vcpu, CLASS_MMIO, 0));
	fold_guest_entered(&vcpu, 1500);
	assert_false(may_turn_out(&vcpu, CLASS_MMIO, 0));
}

static void an_untold_instruction_is_nobody_s_until_it_is_told(void **state)
{
	struct exit_vcpu vcpu = {.state = VCPU_GUEST};
	const struct exit_told told = {.wfi = 1};

	(void)state;
	exit_came(&vcpu, EXIT_VIRTUAL_UNTOLD, 0, 1000);
	assert_true(may_turn_out(&vcpu, CLASS_WFI, 0));
	assert_true(may_turn_out(&vcpu, CLASS_CSR, 0));
	assert_false(may_turn_out(&vcpu, CLASS_SBI, 0));
	fold_instruction_told(&vcpu, &told);
	assert_false(may_turn_out(&vcpu, CLASS_WFI, 0));
	assert_false(may_turn_out(&vcpu, CLASS_CSR, 0));
}

static void an_lcofi_may_come_in_any_exit_but_not_hold_up_a_sleep(void **state)
{
	struct exit_vcpu vcpu = {.state = VCPU_GUEST};

	(void)state;
	exit_came(&vcpu, irq(5), 0, 1000);
	assert_false(may_turn_out(&vcpu, CLASS_LCOFI, 0));
	assert_true(may_turn_out(&vcpu, CLASS_LCOFI, 1));
	fold_guest_entered(&vcpu, 1100);
	exit_came(&vcpu, EXIT_WFI, 0, 1200);
	assert_true(may_turn_out(&vcpu, CLASS_LCOFI, 1));
	fold_take_detour(&vcpu, VCPU_BLOCKED, 1300);
	assert_false(may_turn_out(&vcpu, CLASS_LCOFI, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupts_are_not_exceptions),
		cmocka_unit_test(causes_beyond_the_table_are_other),
		cmocka_unit_test(walks_are_told_from_accesses),
		cmocka_unit_test(transformed_instructions_are_accesses),
		cmocka_unit_test(virtual_instructions),
		cmocka_unit_test(untold_instructions),
		cmocka_unit_test(an_untold_halt_is_wfi),
		cmocka_unit_test(untold_accesses),
		cmocka_unit_test(each_sbi_function_has_its_row),
		cmocka_unit_test(only_32_bits_of_a_call_count),
		cmocka_unit_test(a_fault_is_nobody_s_until_it_is_a_device_s),
		cmocka_unit_test(an_untold_instruction_is_nobody_s_until_it_is_told),
		cmocka_unit_test(an_lcofi_may_come_in_any_exit_but_not_hold_up_a_sleep),
		cmocka_unit_test(buckets_cover_all_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
