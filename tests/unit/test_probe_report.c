/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/host.h"
#include "vmm/probe/probe.h"

static const struct probe_check checks[] = {
	{.id = "one.first", .name = "first"},
	{.id = "one.second", .name = "second"},
	{.id = "two.third", .name = "third"},
	{.id = "two.fourth", .name = "fourth"},
};
static const struct probe_group one = {"one", "Group one", checks};
static const struct probe_group two = {"two", "Group two", checks};

static struct probe_result result(const struct probe_group *group, unsigned int check,
				  enum probe_state state, const char *detail)
{
	struct probe_result made = {.group = group, .check = &checks[check]};

	probe_set(&made.finding, state, "%s", detail);
	return made;
}

/* What the report of RESULTS is; the caller frees it. */
static char *written(const struct probe_result *results, size_t count, bool usable, bool json)
{
	const struct probe_report report = {results, count, usable, NULL};
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	if (json)
		assert_true(probe_report_json(&report, to));
	else
		probe_report_text(&report, to);
	int closed = fclose(to);
	assert_int_equal(closed, 0);
	return text;
}

static void expect_text(const struct probe_result *results, size_t count, bool usable,
			const char *expected)
{
	char *text = written(results, count, usable, false);

	assert_string_equal(text, expected);
	free(text);
}

static void a_group_has_its_title_once_and_states_are_aligned(void **state)
{
	const struct probe_result results[] = {
		result(&one, 0, PROBE_OK, "fine"),
		result(&one, 1, PROBE_OK, "also fine"),
		result(&two, 2, PROBE_OK, "good"),
	};

	(void)state;
	expect_text(results, 3, true,
		    "Group one\n"
		    "  first                    ok       fine\n"
		    "  second                   ok       also fine\n"
		    "\n"
		    "Group two\n"
		    "  third                    ok       good\n"
		    "\n"
		    "VMs can be run on this host.\n"
		    "Nothing is missing.\n");
}

static void what_is_missing_is_followed_by_its_cost_and_fix(void **state)
{
	struct probe_result results[] = {
		result(&one, 0, PROBE_MISSING, "gone"),
		result(&one, 1, PROBE_OK, "fine"),
	};

	(void)state;
	results[0].finding.cost = "much";
	results[0].finding.fix = "do this";
	results[1].finding.cost = "never shown";
	expect_text(results, 2, false,
		    "Group one\n"
		    "  first                    missing  gone\n"
		    "      costs: much\n"
		    "      fix:   do this\n"
		    "  second                   ok       fine\n"
		    "\n"
		    "VMs cannot be run on this host.\n"
		    "1 of the 2 things looked at is not as it could be.\n");
}

static void the_same_fix_twice_in_a_row_is_as_above(void **state)
{
	struct probe_result results[] = {
		result(&one, 0, PROBE_MISSING, "gone"),
		result(&one, 1, PROBE_LIMITED, "half gone"),
		result(&two, 2, PROBE_MISSING, "gone"),
	};

	(void)state;
	for (int i = 0; i < 3; i++)
		results[i].finding.fix = "do this";
	results[0].finding.cost = "much";
	results[1].finding.cost = "little";
	/* In another group it is written out again. */
	expect_text(results, 3, true,
		    "Group one\n"
		    "  first                    missing  gone\n"
		    "      costs: much\n"
		    "      fix:   do this\n"
		    "  second                   limited  half gone\n"
		    "      costs: little\n"
		    "      fix:   as above\n"
		    "\n"
		    "Group two\n"
		    "  third                    missing  gone\n"
		    "      fix:   do this\n"
		    "\n"
		    "VMs can be run on this host.\n"
		    "3 of the 3 things looked at are not as they could be.\n");
}

static void as_above_never_points_to_a_fix_that_was_not_shown(void **state)
{
	struct probe_result results[] = {
		result(&one, 0, PROBE_OK, "fine"),
		result(&one, 1, PROBE_MISSING, "gone"),
	};
	char *text;

	(void)state;
	results[0].finding.fix = results[1].finding.fix = "do this";
	text = written(results, 2, true, false);
	assert_non_null(strstr(text, "fix:   do this"));
	assert_null(strstr(text, "as above"));
	free(text);
}

static void rows_that_could_not_be_looked_at_for_one_reason_are_folded(void **state)
{
	const struct probe_result results[] = {
		result(&one, 0, PROBE_UNKNOWN, "no KVM"),
		result(&one, 1, PROBE_UNKNOWN, "no KVM"),
		result(&two, 2, PROBE_UNKNOWN, "no KVM"),
		result(&two, 3, PROBE_UNKNOWN, "else"),
	};

	(void)state;
	expect_text(results, 4, false,
		    "Group one\n"
		    "  first, 1 more            unknown  no KVM\n"
		    "\n"
		    "Group two\n"
		    "  third                    unknown  no KVM\n"
		    "  fourth                   unknown  else\n"
		    "\n"
		    "VMs cannot be run on this host.\n"
		    "4 could not be looked at.\n");
}

static void what_could_not_be_looked_at_is_not_counted_as_lacking(void **state)
{
	const struct probe_result results[] = {
		result(&one, 0, PROBE_MISSING, "gone"),
		result(&one, 1, PROBE_UNKNOWN, "no KVM"),
		result(&two, 2, PROBE_OK, "fine"),
	};
	char *text = written(results, 3, true, false);

	(void)state;
	assert_non_null(strstr(text, "\n1 of the 2 things looked at is not as it could be.\n"
				     "1 could not be looked at.\n"));
	assert_null(strstr(text, "Nothing is missing"));
	free(text);
}

static void lines_stay_within_a_terminal(void **state)
{
	static const char *const texts[] = {
		"some words that go on and on and on, over the end of a line of the terminal that "
		"they are for, twice, to see that each line of it is broken at a space",
		"2 online; the first is rv64imafdch_zicbom_zicboz_zicntr_zicsr_zifencei_zihintntl_"
		"zihintpause_zihpm_zawrs_zfa_zca_zcd_zba_zbb_zbc_zbs_smaia_ssaia_sscofpmf_sstc",
		"a name with CAP_SYS_ADMIN CAP_PERFMON CAP_BPF CAP_NET_ADMIN CAP_SYS_RESOURCE in "
		"it",
		"",
		" ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct probe_result made = result(&one, 0, PROBE_MISSING, texts[i]);
		char *text, *words, *save = NULL;

		made.finding.cost = texts[i];
		text = written(&made, 1, true, false);
		words = strdup(text);
		for (char *line = strtok_r(words, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			assert_in_range(strlen(line), 1, 80);
		free(words);
		/* Only an ISA string, too long for any line, is broken within a word. */
		assert_int_equal(strstr(text, "_\n") != NULL, i == 1);
		free(text);
	}
}

static void a_word_that_no_line_can_hold_is_written_whole(void **state)
{
	char word[200];
	struct probe_result made;
	char *text;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	made = result(&one, 0, PROBE_OK, word);
	text = written(&made, 1, true, false);
	assert_non_null(strstr(text, word));
	free(text);
}

static void a_detail_that_is_too_long_is_cut(void **state)
{
	char word[PROBE_DETAIL_MAX * 2];
	struct probe_result made;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	made = result(&one, 0, PROBE_OK, word);
	assert_int_equal(strlen(made.finding.detail), PROBE_DETAIL_MAX - 1);
}

/* ---- JSON ---- */

static const char *string_of(json_object *object, const char *key)
{
	json_object *value = NULL;

	assert_true(json_object_object_get_ex(object, key, &value));
	return value ? json_object_get_string(value) : NULL;
}

static void json_has_every_finding_also_those_that_the_text_folds(void **state)
{
	const struct probe_result results[] = {
		result(&one, 0, PROBE_UNKNOWN, "no KVM"),
		result(&one, 1, PROBE_UNKNOWN, "no KVM"),
	};
	char *text = written(results, 2, false, true);
	json_object *all = json_tokener_parse(text), *findings, *usable;

	(void)state;
	assert_non_null(all);
	assert_true(json_object_object_get_ex(all, "usable", &usable));
	assert_false(json_object_get_boolean(usable));
	assert_string_equal(string_of(all, "vhart"), VHART_VERSION);
	assert_true(json_object_object_get_ex(all, "findings", &findings));
	assert_int_equal(json_object_array_length(findings), 2);
	assert_string_equal(string_of(json_object_array_get_idx(findings, 1), "id"), "one.second");
	assert_string_equal(string_of(json_object_array_get_idx(findings, 1), "group"), "one");
	json_object_put(all);
	free(text);
}

static void json_keeps_costs_and_fixes_and_has_null_where_there_is_none(void **state)
{
	struct probe_result made = result(&one, 0, PROBE_MISSING, "a \"quoted\" \\ path /dev/kvm");
	char *text;
	json_object *all, *findings, *finding;

	(void)state;
	made.finding.fix = "do this";
	text = written(&made, 1, true, true);
	all = json_tokener_parse(text);
	assert_non_null(all);
	assert_true(json_object_object_get_ex(all, "findings", &findings));
	finding = json_object_array_get_idx(findings, 0);
	assert_string_equal(string_of(finding, "detail"), "a \"quoted\" \\ path /dev/kvm");
	assert_string_equal(string_of(finding, "state"), "missing");
	assert_string_equal(string_of(finding, "fix"), "do this");
	assert_null(string_of(finding, "cost"));
	json_object_put(all);
	free(text);
}

static void json_that_cannot_be_written_is_told(void **state)
{
	const struct probe_result made = result(&one, 0, PROBE_OK, "fine");
	const struct probe_report report = {&made, 1, true, NULL};
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_false(probe_report_json(&report, full));
	fclose(full);
}

/* ---- what is read ---- */

static void an_isa_string_has_its_letters_and_names_and_no_others(void **state)
{
	static const char isa[] = "rv64imafdch_zicbom_sscofpmf_sstc";

	(void)state;
	assert_true(host_isa_has(isa, "h"));
	assert_true(host_isa_has(isa, "sscofpmf"));
	assert_true(host_isa_has(isa, "sstc"));
	assert_false(host_isa_has(isa, "v")); /* of "rv64" */
	assert_false(host_isa_has(isa, "s"));
	assert_false(host_isa_has(isa, "sst"));
	assert_false(host_isa_has("rv64imafdc_zihpm", "h"));
	assert_false(host_isa_has("rv64imafdc_h", "h"));
	assert_false(host_isa_has("", "h"));
	assert_false(host_isa_has("h", "h"));
	assert_false(host_isa_has("rv64i_", "sstc"));
}

static void a_field_is_found_by_its_whole_name(void **state)
{
	char value[8], path[] = "/tmp/vhart-probe-XXXXXX";
	int fd = mkstemp(path);
	FILE *file;

	(void)state;
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	fputs("isaac\t: no\nisa\t\t: rv64i\nisa: second\nlong: 123456789\nempty:\n", file);
	fclose(file);
	assert_true(host_read_field(path, "isa", value, sizeof(value)));
	assert_string_equal(value, "rv64i");
	assert_true(host_read_field(path, "long", value, sizeof(value)));
	assert_string_equal(value, "1234567");
	assert_true(host_read_field(path, "empty", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_false(host_read_field(path, "is", value, sizeof(value)));
	assert_false(host_read_field("/nowhere", "isa", value, sizeof(value)));
	assert_int_equal(host_read_line(path, value, sizeof(value)), 0);
	remove(path);
	assert_true(host_read_line(path, value, sizeof(value)) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_has_its_title_once_and_states_are_aligned),
		cmocka_unit_test(what_is_missing_is_followed_by_its_cost_and_fix),
		cmocka_unit_test(the_same_fix_twice_in_a_row_is_as_above),
		cmocka_unit_test(as_above_never_points_to_a_fix_that_was_not_shown),
		cmocka_unit_test(rows_that_could_not_be_looked_at_for_one_reason_are_folded),
		cmocka_unit_test(what_could_not_be_looked_at_is_not_counted_as_lacking),
		cmocka_unit_test(lines_stay_within_a_terminal),
		cmocka_unit_test(a_word_that_no_line_can_hold_is_written_whole),
		cmocka_unit_test(a_detail_that_is_too_long_is_cut),
		cmocka_unit_test(json_has_every_finding_also_those_that_the_text_folds),
		cmocka_unit_test(json_keeps_costs_and_fixes_and_has_null_where_there_is_none),
		cmocka_unit_test(json_that_cannot_be_written_is_told),
		cmocka_unit_test(an_isa_string_has_its_letters_and_names_and_no_others),
		cmocka_unit_test(a_field_is_found_by_its_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
