/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/probe/exit_cost.h"

static const struct exit_cost costs[EXIT_COSTS] = {
	{.id = "a.one",
	 .name = "all of it",
	 .measured = true,
	 .counted = true,
	 .ns = 12345,
	 .instructions = 9870,
	 .cycles = 1},
	{.id = "a.two", .name = "not counted", .measured = true, .ns = 7, .why = "no KVM"},
	{.id = "a.three", .name = "not measured", .why = "no KVM"},
	{.id = "a.four",
	 .name = "cycles that no counter had",
	 .measured = true,
	 .counted = true,
	 .ns = 20,
	 .instructions = 30},
};

static void a_median_is_the_one_in_the_middle(void **state)
{
	uint64_t three[] = {9, UINT64_MAX, 1}, one[] = {5};
	uint64_t many[21];

	(void)state;
	for (unsigned int i = 0; i < 21; i++)
		many[i] = i * 8 % 21;
	assert_int_equal(exit_cost_median(three, 3), 9);
	assert_int_equal(exit_cost_median(one, 1), 5);
	assert_int_equal(exit_cost_median(many, 21), 10);
}

static void one_is_a_share_of_what_more_took_rounded_to_a_tenth(void **state)
{
	(void)state;
	assert_int_equal(exit_cost_each(11000, 1000, 1000), 100);
	assert_int_equal(exit_cost_each(11049, 1000, 1000), 100);
	assert_int_equal(exit_cost_each(11050, 1000, 1000), 101);
	assert_int_equal(exit_cost_each(1000, 1000, 1000), 0);
	assert_int_equal(exit_cost_each(999, 1000, 1000), 0);
}

static void the_table_has_a_dash_for_what_is_not_known_and_says_why_once(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	assert_non_null(to);
	exit_costs_text(costs, to);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(
		text,
		"\n"
		"What an exit costs, and the way back               ns instructions       cycles\n"
		"  all of it                                    1234.5        987.0          0.1\n"
		"  not counted                                     0.7            -            -\n"
		"  not measured                                      -            -            -\n"
		"  cycles that no counter had                      2.0          3.0            -\n"
		"      not counted: no KVM\n");
	free(text);
}

static void json_has_null_for_what_is_not_known(void **state)
{
	json_object *all = exit_costs_json(costs);

	(void)state;
	assert_non_null(all);
	assert_string_equal(
		json_object_to_json_string_ext(all, JSON_C_TO_STRING_PLAIN),
		"[{\"id\":\"a.one\",\"name\":\"all of it\",\"ns\":1234.5,\"instructions\":987.0,"
		"\"cycles\":0.1,\"why\":null},"
		"{\"id\":\"a.two\",\"name\":\"not counted\",\"ns\":0.7,\"instructions\":null,"
		"\"cycles\":null,\"why\":\"no KVM\"},"
		"{\"id\":\"a.three\",\"name\":\"not measured\",\"ns\":null,\"instructions\":null,"
		"\"cycles\":null,\"why\":\"no KVM\"},"
		"{\"id\":\"a.four\",\"name\":\"cycles that no counter had\",\"ns\":2.0,"
		"\"instructions\":3.0,\"cycles\":null,\"why\":null}]");
	json_object_put(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_median_is_the_one_in_the_middle),
		cmocka_unit_test(one_is_a_share_of_what_more_took_rounded_to_a_tenth),
		cmocka_unit_test(the_table_has_a_dash_for_what_is_not_known_and_says_why_once),
		cmocka_unit_test(json_has_null_for_what_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
