/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts of the forward: which calls, which instructions, and the way back from a trap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "vmm/forward/forward_map.h"
#include "vmm/forward/redirect.h"

#define PMU  0x504D55ull
#define BASE 0x10ull

static struct forward_rules finished(struct forward_rules rules)
{
	rules.filter = forward_filter(&rules);
	return rules;
}

static bool wants(const struct forward_rules *rules, uint64_t eid, uint64_t fid, uint64_t a0,
		  uint64_t a2)
{
	bool wanted = forward_wants(rules, eid, fid, a0, a2);

	/* The first look must let everything through that is wanted. */
	if (wanted)
		assert_true(forward_may_want(rules, eid));
	return wanted;
}

static void an_eid_is_forwarded_with_the_functions_of_its_rule(void **state)
{
	struct forward_rules rules = finished((struct forward_rules){
		.count = 2, .rules = {{PMU, 1u << 2 | 1u << 5}, {0x0A000000, FORWARD_ALL_FIDS}}});

	(void)state;
	assert_true(wants(&rules, PMU, 2, 0, 0));
	assert_true(wants(&rules, PMU, 5, 0, 0));
	assert_false(wants(&rules, PMU, 3, 0, 0));
	assert_false(wants(&rules, PMU, 63, 0, 0));
	assert_false(wants(&rules, PMU, UINT64_MAX, 0, 0));
	assert_true(wants(&rules, 0x0A000000, 0, 0, 0));
	assert_true(wants(&rules, 0x0A000000, UINT64_MAX, 0, 0));
	assert_false(wants(&rules, 0x54494D45, 0, 0, 0));
	/* All 64 bits of an EID count, as they do for KVM. */
	assert_false(wants(&rules, PMU | 1ull << 32, 2, 0, 0));
}

static void a_probe_is_forwarded_for_the_eids_that_ask_for_it(void **state)
{
	struct forward_rules rules = finished((struct forward_rules){
		.count = 2, .probes = 1u << 1, .rules = {{PMU, 1}, {0x535345, 1}}});

	(void)state;
	assert_true(wants(&rules, BASE, 3, 0x535345, 0));
	assert_false(wants(&rules, BASE, 3, PMU, 0));
	assert_false(wants(&rules, BASE, 2, 0x535345, 0));
	assert_false(wants(&rules, BASE, 3, 0x535346, 0));
}

static void the_broken_restart_alone_is_forwarded_to_be_mended(void **state)
{
	struct forward_rules rules = finished((struct forward_rules){.mend_restart = 1});

	(void)state;
	assert_true(wants(&rules, PMU, 3, 4096, 2));
	assert_true(wants(&rules, PMU, 3, 4096, 3));
	assert_false(wants(&rules, PMU, 3, 0, 2));
	assert_false(wants(&rules, PMU, 3, 4096, 1));
	assert_false(wants(&rules, PMU, 4, 4096, 2));
	assert_false(wants(&rules, BASE, 3, 4096, 2));
	assert_false(forward_may_want(&rules, BASE));
	assert_false(forward_may_want(&rules, 0x54494D45));
}

static void a_hart_that_stops_is_heard_of(void **state)
{
	const uint64_t hsm = 0x48534D;
	struct forward_rules rules = finished((struct forward_rules){.hart_stops = 1});
	struct forward_rules none =
		finished((struct forward_rules){.count = 1, .rules = {{PMU, 1}}});

	(void)state;
	assert_true(wants(&rules, hsm, 1, 0, 0));
	assert_false(wants(&rules, hsm, 0, 1, 0));
	assert_false(wants(&rules, hsm, 3, 0, 0));
	assert_false(wants(&rules, BASE, 3, hsm, 0));
	assert_false(wants(&none, hsm, 1, 0, 0));
}

static void no_rule_forwards_nothing(void **state)
{
	struct forward_rules rules = finished((struct forward_rules){0});

	(void)state;
	assert_int_equal(rules.filter, 0);
	assert_false(wants(&rules, PMU, 3, 4096, 2));
	assert_false(wants(&rules, 0, 0, 0, 0));
}

static uint32_t csr_instruction(uint32_t csr, uint32_t rs1, uint32_t operation, uint32_t rd)
{
	return csr << 20 | rs1 << 15 | operation << 12 | rd << 7 | 0x73;
}

static void reads_of_counters_are_told_from_all_else(void **state)
{
	enum { CSRRW = 1, CSRRS, CSRRC, CSRRWI = 5, CSRRSI, CSRRCI };

	(void)state;
	assert_true(forward_reads_counter(csr_instruction(0xC00, 0, CSRRS, 10)));
	assert_true(forward_reads_counter(csr_instruction(0xC02, 0, CSRRS, 0)));
	assert_true(forward_reads_counter(csr_instruction(0xC1F, 0, CSRRC, 31)));
	assert_true(forward_reads_counter(csr_instruction(0xC03, 0, CSRRSI, 1)));
	assert_true(forward_reads_counter(csr_instruction(0xC03, 0, CSRRCI, 1)));
	/* time is no counter of the PMU, and the high halves are RV32's. */
	assert_false(forward_reads_counter(csr_instruction(0xC01, 0, CSRRS, 10)));
	assert_false(forward_reads_counter(csr_instruction(0xC20, 0, CSRRS, 10)));
	assert_false(forward_reads_counter(csr_instruction(0xC80, 0, CSRRS, 10)));
	assert_false(forward_reads_counter(csr_instruction(0xBFF, 0, CSRRS, 10)));
	/* Writes. */
	assert_false(forward_reads_counter(csr_instruction(0xC00, 0, CSRRW, 10)));
	assert_false(forward_reads_counter(csr_instruction(0xC00, 0, CSRRWI, 10)));
	assert_false(forward_reads_counter(csr_instruction(0xC00, 5, CSRRS, 10)));
	assert_false(forward_reads_counter(csr_instruction(0xC00, 1, CSRRCI, 10)));
	/* ecall, wfi, hlv.b, nothing. */
	assert_false(forward_reads_counter(0x00000073));
	assert_false(forward_reads_counter(0x10500073));
	assert_false(forward_reads_counter(0x60004073));
	assert_false(forward_reads_counter(0));
	assert_false(forward_reads_counter(UINT32_MAX));
}

/* What kvm_riscv_vcpu_trap_redirect() does. */
static struct redirected_hart redirect(const struct redirected_hart *hart, uint64_t vector)
{
	struct redirected_hart after = *hart;

	after.sstatus &= ~(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE);
	after.sstatus |= hart->supervisor ? SSTATUS_SPP : 0;
	after.sstatus |= hart->sstatus & SSTATUS_SIE ? SSTATUS_SPIE : 0;
	after.supervisor = true;
	after.pc = vector;
	return after;
}

static void an_undone_redirect_leaves_mode_and_interrupts_as_before(void **state)
{
	const uint64_t others = 3ull << 13 | 2ull << 32 | 1ull << 18; /* FS, UXL, SUM */

	(void)state;
	for (unsigned int bits = 0; bits < 4; bits++) {
		struct redirected_hart before = {
			.pc = 0x80200100,
			.sstatus = others | (bits & 1 ? SSTATUS_SIE : 0),
			.supervisor = bits & 2,
		};
		struct redirected_hart hart = redirect(&before, 0x80201000);

		redirect_undo(&hart, before.pc);
		assert_int_equal(hart.pc, before.pc + 4);
		assert_int_equal(hart.supervisor, before.supervisor);
		assert_int_equal(hart.sstatus & ~(SSTATUS_SPP | SSTATUS_SPIE), before.sstatus);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_eid_is_forwarded_with_the_functions_of_its_rule),
		cmocka_unit_test(a_probe_is_forwarded_for_the_eids_that_ask_for_it),
		cmocka_unit_test(the_broken_restart_alone_is_forwarded_to_be_mended),
		cmocka_unit_test(a_hart_that_stops_is_heard_of),
		cmocka_unit_test(no_rule_forwards_nothing),
		cmocka_unit_test(reads_of_counters_are_told_from_all_else),
		cmocka_unit_test(an_undone_redirect_leaves_mode_and_interrupts_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
