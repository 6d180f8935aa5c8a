/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "trace/names/exit_names.h"
#include "trace/record/sample_sums.h"

static struct recording_sample sample_at(uint64_t pc, uint32_t row)
{
	struct recording_sample sample = {.time = 1, .pc = pc, .count = 1, .ns = 10, .vmm_ns = 4};

	exit_row_text(row, sample.exit, sizeof(sample.exit));
	return sample;
}

static void equal_samples_are_added_up(void **state)
{
	struct sample_sums *sums = sample_sums_new(1 << 20);
	struct recording_sample sample = sample_at(0x80200000, EXIT_WFI), sum;

	(void)state;
	sample.depth = 2;
	sample.callers[0] = 0x80200100;
	sample.callers[1] = 0x80200200;
	for (uint64_t i = 0; i < 1000; i++) {
		sample.time = i;
		assert_int_equal(sample_sums_add(sums, &sample, EXIT_WFI), 0);
	}
	assert_int_equal(sample_sums_count(sums), 1);
	sample_sums_get(sums, 0, &sum);
	assert_int_equal(sum.time, 999);
	assert_int_equal(sum.count, 1000);
	assert_int_equal(sum.ns, 10000);
	assert_int_equal(sum.vmm_ns, 4000);
	sum.time = sample.time;
	sum.count = 1;
	sum.ns = 10;
	sum.vmm_ns = 4;
	assert_memory_equal(&sum, &sample, sizeof(sum));
	sample_sums_free(sums);
}

static void what_differs_is_kept_apart(void **state)
{
	struct sample_sums *sums = sample_sums_new(1 << 20);
	struct recording_sample base = sample_at(1, EXIT_IRQ + 5), other[8];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		other[i] = base;
	other[0].vcpu = 1;
	other[1].user = true;
	other[2].pc = 2;
	other[3] = sample_at(1, EXIT_IRQ + 9);
	other[4].depth = 1;
	other[5].depth = 1;
	other[5].callers[0] = 7;
	other[6].task.known = 1;
	other[6].task.process = 5;
	other[6].task.comm[0] = 'c';
	other[7].vm = RECORDING_VMS;
	other[7].vcpu = INT32_MAX;
	assert_int_equal(sample_sums_add(sums, &base, EXIT_IRQ + 5), 0);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(sample_sums_add(sums, &other[i], EXIT_IRQ + (i == 3 ? 9 : 5)), 0);
	assert_int_equal(sample_sums_count(sums), 9);
	for (size_t i = 0; i < 8; i++) {
		struct recording_sample sum;

		sample_sums_get(sums, i + 1, &sum);
		assert_memory_equal(&sum, &other[i], sizeof(sum));
	}
	sample_sums_free(sums);
}

static void stays_as_it_is_at(size_t limit)
{
	struct sample_sums *sums = sample_sums_new(limit);
	struct recording_sample sample = sample_at(0, EXIT_IRQ + 5), sum;
	uint64_t kept = 0;
	int error;

	while ((error = sample_sums_add(sums, &sample, EXIT_IRQ + 5)) == 0)
		kept = ++sample.pc;
	assert_int_equal(error, -ENOSPC);
	assert_in_range(kept, 1, 100);
	assert_int_equal(sample_sums_count(sums), kept);
	sample.pc = 0;
	assert_int_equal(sample_sums_add(sums, &sample, EXIT_IRQ + 5), 0);
	sample_sums_get(sums, 0, &sum);
	assert_int_equal(sum.count, 2);
	sample_sums_free(sums);
}

static void what_finds_no_room_changes_nothing(void **state)
{
	(void)state;
	/* Whatever of it is full first. */
	for (size_t limit = 3000; limit < 9000; limit += 100)
		stays_as_it_is_at(limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_samples_are_added_up),
		cmocka_unit_test(what_differs_is_kept_apart),
		cmocka_unit_test(what_finds_no_room_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
