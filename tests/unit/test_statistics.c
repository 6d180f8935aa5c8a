/* SPDX-License-Identifier: Apache-2.0 */
/* A machine's exits as objects and as a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kvm.h>

#include <cmocka.h>

#include "vmm/control/statistics.h"

enum { HARTS = STATISTICS_COLUMNS + 1 };

static void make_harts(struct statistics_hart *harts)
{
	memset(harts, 0, HARTS * sizeof(*harts));
	for (unsigned int i = 0; i < HARTS; i++) {
		harts[i].exits.reasons[KVM_EXIT_MMIO] = 100 + i;
		kvm_stats_add_one(&harts[i].kvm, "wfi_exit_stat", 10 * i);
	}
	harts[1].exits.reasons[KVM_EXIT_RISCV_SBI] = 7;
	harts[1].exits.interrupted = 2;
	/* One that has no name is in the total all the same. */
	harts[0].exits.reasons[VCPU_EXIT_REASONS - 1] = 1;
}

static const char *text_of(json_object *from, const char *name)
{
	json_object *value;

	assert_true(json_object_object_get_ex(from, name, &value));
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
}

static json_object *result_of(unsigned int count)
{
	struct statistics_hart harts[HARTS];
	json_object *result = json_object_new_object();

	make_harts(harts);
	statistics_add(result, harts, count, 3);
	return result;
}

static void each_hart_and_all_have_their_causes(void **state)
{
	json_object *result = result_of(2);

	(void)state;
	assert_string_equal(text_of(result, "exits"),
			    "{\"mmio\":201,\"sbi\":7,\"interrupted\":2,\"total\":211}");
	assert_string_equal(text_of(result, "kvm"), "{\"wfi_exit_stat\":10}");
	assert_string_equal(text_of(result, "guest-errors"), "3");
	assert_string_equal(
		text_of(result, "harts"),
		"[{\"hart\":0,\"exits\":{\"mmio\":100,\"total\":101},\"kvm\":{\"wfi_exit_stat\":0}}"
		","
		"{\"hart\":1,\"exits\":{\"mmio\":101,\"sbi\":7,\"interrupted\":2,\"total\":110},"
		"\"kvm\":{\"wfi_exit_stat\":10}}]");
	json_object_put(result);
}

static const char *line(json_object *result, size_t index)
{
	json_object *lines;

	assert_true(json_object_object_get_ex(result, "lines", &lines));
	return json_object_get_string(json_object_array_get_idx(lines, index));
}

static void few_harts_have_columns(void **state)
{
	json_object *result = result_of(2);

	(void)state;
	assert_string_equal(
		line(result, 0),
		"exits to vhart                         all        hart 0        hart 1");
	assert_string_equal(
		line(result, 1),
		"mmio                                   201           100           101");
	assert_string_equal(
		line(result, 2),
		"sbi                                      7             0             7");
	assert_string_equal(
		line(result, 4),
		"total                                  211           101           110");
	assert_string_equal(
		line(result, 5),
		"counted by KVM                         all        hart 0        hart 1");
	assert_string_equal(line(result, 7), "guest errors: 3");
	json_object_put(result);
}

static void one_hart_and_many_have_one_column(void **state)
{
	json_object *one = result_of(1), *many = result_of(HARTS);

	(void)state;
	assert_string_equal(line(one, 0), "exits to vhart                         all");
	assert_string_equal(line(many, 1), "mmio                                   936");
	assert_non_null(strstr(text_of(many, "harts"), "\"hart\":8"));
	json_object_put(one);
	json_object_put(many);
}

static void what_kvm_does_not_count_is_left_out(void **state)
{
	const struct statistics_hart hart = {.exits = {.interrupted = 0}};
	json_object *result = json_object_new_object();

	(void)state;
	statistics_add(result, &hart, 1, 0);
	assert_string_equal(text_of(result, "exits"), "{\"total\":0}");
	assert_string_equal(text_of(result, "kvm"), "{}");
	assert_string_equal(line(result, 2), "guest errors: 0");
	json_object_put(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_hart_and_all_have_their_causes),
		cmocka_unit_test(few_harts_have_columns),
		cmocka_unit_test(one_hart_and_many_have_one_column),
		cmocka_unit_test(what_kvm_does_not_count_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
