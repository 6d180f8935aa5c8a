/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/probe/finding.h"
#include "vmm/probe/probe_call.h"

#define V01  0
#define PMU  6
#define DBCN 9
#define SUSP 11
#define FWFT 12

static struct probe_call_result answered(int64_t a0, uint64_t a1)
{
	return (struct probe_call_result){
		.enabled = true, .end = PROBE_CALL_ANSWERED, .a0 = (uint64_t)a0, .a1 = a1};
}

static struct probe_call_result handed(void)
{
	return (struct probe_call_result){.enabled = true,
					  .end = PROBE_CALL_HANDED,
					  .a0 = PROBE_CALL_ANSWER,
					  .a1 = PROBE_CALL_ANSWER};
}

/* With a cost and a fix, as a row of the table has them. */
static struct probe_finding blank(void)
{
	return (struct probe_finding){.state = PROBE_UNKNOWN, .cost = "much", .fix = "do this"};
}

static void expect_handed(unsigned int id, struct probe_call_result result, enum probe_state state,
			  const char *words)
{
	struct probe_finding finding = blank();

	probe_call_tell_handed(id, &result, &finding);
	assert_string_equal(finding.detail, words);
	assert_int_equal(finding.state, state);
}

static void every_extension_has_a_call_with_an_eid_of_its_own(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PROBE_CALLS; i++) {
		assert_non_null(probe_calls[i].name);
		assert_true(probe_calls[i].eid > 0);
		for (unsigned int k = 0; k < i; k++)
			assert_true(probe_calls[i].eid != probe_calls[k].eid);
	}
}

static void a_call_that_came_and_went_back_is_a_yes(void **state)
{
	struct probe_call_result when_enabled = handed();

	(void)state;
	when_enabled.enabled = false;
	expect_handed(V01, handed(), PROBE_OK, "yes: putchar came, and went back answered");
	expect_handed(DBCN, when_enabled, PROBE_OK,
		      "yes, when enabled: write_byte came, and went back answered");
}

/* Of KVM without CONFIG_RISCV_SBI_V01. */
static void an_extension_that_is_listed_and_not_answered_is_a_no(void **state)
{
	(void)state;
	expect_handed(V01, answered(-2, 0), PROBE_MISSING,
		      "no: putchar gets -2 (NOT_SUPPORTED), though KVM lists it");
}

static void what_the_kernel_does_not_know_is_a_no(void **state)
{
	struct probe_call_result result = answered(-2, 0);

	(void)state;
	result.enabled = false;
	result.named = -ENOENT;
	expect_handed(SUSP, result, PROBE_MISSING,
		      "no: system_suspend gets -2 (NOT_SUPPORTED), this kernel's KVM does not know "
		      "it");
	result.named = 0;
	result.enabling = -EINVAL;
	expect_handed(SUSP, result, PROBE_MISSING,
		      "no: system_suspend gets -2 (NOT_SUPPORTED), Invalid argument");
}

static void a_call_that_somebody_else_answers_is_a_no(void **state)
{
	struct probe_call_result lost = handed();

	(void)state;
	lost.a0 = 1;
	lost.a1 = 2;
	expect_handed(DBCN, answered(0, 7), PROBE_MISSING,
		      "no: KVM answers write_byte itself, with 0");
	expect_handed(DBCN, lost, PROBE_MISSING,
		      "no: write_byte came, but the guest then had 0x1, 0x2");
	expect_handed(DBCN, (struct probe_call_result){.end = PROBE_CALL_ENDED}, PROBE_MISSING,
		      "no: KVM ends the VM at write_byte");
}

static void what_could_not_be_tried_is_unknown(void **state)
{
	struct probe_call_result stuck = {.enabled = true, .why = "no answer"};
	struct probe_finding finding = blank();

	(void)state;
	probe_call_tell_handed(DBCN, &stuck, &finding);
	assert_string_equal(finding.detail, "write_byte could not be tried: no answer");
	assert_int_equal(finding.state, PROBE_UNKNOWN);
	assert_null(finding.cost);
	assert_null(finding.fix);
}

/* ---- what KVM answers ---- */

static void all_answer(struct probe_call_result results[PROBE_CALLS])
{
	for (unsigned int i = 0; i < PROBE_CALLS; i++)
		results[i] = probe_calls[i].to_vhart ? handed() : answered(0, 0);
}

static void expect_kernel(const struct probe_call_result *results, enum probe_state state,
			  const char *words)
{
	struct probe_finding finding = blank();

	probe_call_tell_kernel(results, &finding);
	assert_string_equal(finding.detail, words);
	assert_int_equal(finding.state, state);
	assert_null(finding.fix);
}

static void what_kvm_answers_is_listed(void **state)
{
	struct probe_call_result results[PROBE_CALLS];

	(void)state;
	all_answer(results);
	results[FWFT] = answered(-4, 0); /* an answer all the same */
	results[4].end = PROBE_CALL_ENDED;
	expect_kernel(results, PROBE_OK,
		      "BASE TIME IPI RFENCE SRST HSM PMU STA FWFT: a call of each was answered");
	results[FWFT].enabled = false;
	expect_kernel(results, PROBE_OK,
		      "BASE TIME IPI RFENCE SRST HSM PMU STA FWFT (when enabled): a call of each "
		      "was answered");
	/* It does not claim that. */
	results[FWFT] = answered(-2, 0);
	results[FWFT].named = -ENOENT;
	expect_kernel(results, PROBE_OK,
		      "BASE TIME IPI RFENCE SRST HSM PMU STA: a call of each was answered");
}

static void what_kvm_lists_and_does_not_answer_is_told(void **state)
{
	struct probe_call_result results[PROBE_CALLS];

	(void)state;
	all_answer(results);
	results[FWFT] = results[PMU] = answered(-2, 0);
	expect_kernel(results, PROBE_LIMITED,
		      "BASE TIME IPI RFENCE SRST HSM STA; KVM lists, but does not answer (-2, "
		      "NOT_SUPPORTED): PMU FWFT");
}

static void a_guest_that_hangs_leaves_what_came_before(void **state)
{
	struct probe_call_result results[PROBE_CALLS];

	(void)state;
	all_answer(results);
	results[PMU] = results[FWFT] = (struct probe_call_result){.enabled = true, .why = "stuck"};
	expect_kernel(results, PROBE_UNKNOWN,
		      "BASE TIME IPI RFENCE SRST HSM STA; could not be tried: PMU FWFT: stuck");
}

static void expect_pmu(struct probe_call_result result, struct probe_call_result disabled,
		       int disabling, enum probe_state state, const char *words)
{
	struct probe_finding finding = blank();

	probe_call_tell_pmu(&result, &disabled, disabling, &finding);
	assert_string_equal(finding.detail, words);
	assert_int_equal(finding.state, state);
}

static void the_pmu_is_tried_as_it_is_and_disabled(void **state)
{
	struct probe_call_result none = answered(-2, 0), some = answered(0, 34);
	struct probe_call_result untried = {.why = "stuck"};

	(void)state;
	expect_pmu(some, none, 0, PROBE_OK,
		   "KVM answers it: 34 counters; it can be taken over: disabled, KVM says "
		   "NOT_SUPPORTED");
	expect_pmu(some, some, 0, PROBE_LIMITED, "KVM answers it, also where it was disabled");
	expect_pmu(some, untried, 0, PROBE_UNKNOWN,
		   "KVM answers it: 34 counters; disabled, it could not be tried: stuck");
	expect_pmu(some, some, -EBUSY, PROBE_LIMITED,
		   "KVM answers it; it cannot be disabled: Device or resource busy");
	expect_pmu(none, none, 0, PROBE_MISSING,
		   "num_counters gets -2 (NOT_SUPPORTED), though KVM lists it");
	expect_pmu(untried, none, 0, PROBE_UNKNOWN, "num_counters could not be tried: stuck");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_extension_has_a_call_with_an_eid_of_its_own),
		cmocka_unit_test(a_call_that_came_and_went_back_is_a_yes),
		cmocka_unit_test(an_extension_that_is_listed_and_not_answered_is_a_no),
		cmocka_unit_test(what_the_kernel_does_not_know_is_a_no),
		cmocka_unit_test(a_call_that_somebody_else_answers_is_a_no),
		cmocka_unit_test(what_could_not_be_tried_is_unknown),
		cmocka_unit_test(what_kvm_answers_is_listed),
		cmocka_unit_test(what_kvm_lists_and_does_not_answer_is_told),
		cmocka_unit_test(a_guest_that_hangs_leaves_what_came_before),
		cmocka_unit_test(the_pmu_is_tried_as_it_is_and_disabled),
	};

	return cmocka_run_group_tests_name("probe_call", tests, NULL, NULL);
}
