/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart watch` tells of findings that begin and are over: lines, and counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/clock.h"
#include "trace/alerts/alert.h"
#include "trace/alerts/alert_counts.h"

#define PID 42u

static const char *vm_name(void *opaque, uint32_t tgid)
{
	(void)opaque;
	assert_int_equal(tgid, PID);
	return "web\"\n\033[1";
}

static const struct findings_view view = {vm_name, NULL, NULL};

static const struct finding timers = {
	.tgid = PID,
	.vcpu_id = 3,
	.first = NS_PER_S,
	.last = 4 * NS_PER_S,
	.intervals = 3,
	.worst = 50,
	.threshold = 10,
	.count = 300,
	.cost_ns = NS_PER_S,
	.whole = 3 * NS_PER_S,
};

struct fixture {
	struct findings *findings;
	struct finding finding;
	struct alert alert;
	struct alert_counts counts;
	char *text;
	size_t len;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->findings = findings_new(&(struct findings_options){.opaque = NULL});
	assert_non_null(fixture->findings);
	fixture->finding = timers;
	fixture->finding.rule = rule_find("timer-storm", strlen("timer-storm"));
	fixture->alert =
		(struct alert){&view, fixture->findings, &fixture->finding, false, {1700000000, 5}};
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	findings_free(fixture->findings);
	free(fixture->text);
	free(fixture);
	return 0;
}

/* ---- lines ---- */

static const char *string_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(object, key, &value));
	return json_object_get_string(value);
}

static void as_json_each_is_a_line_with_its_event(void **state)
{
	struct fixture *fixture = *state;
	char text[FINDING_JSON];

	for (int over = 0; over < 2; over++) {
		fixture->alert.over = over;
		const size_t size = alert_json(&fixture->alert, text);
		struct json_object *object = json_tokener_parse(text);

		assert_true(size == strlen(text) && strchr(text, '\n') == text + size - 1);
		assert_non_null(object);
		assert_string_equal(string_of(object, "type"), "finding");
		assert_string_equal(string_of(object, "event"), over ? "end" : "begin");
		assert_string_equal(string_of(object, "realtime_ns"), "1700000000000000005");
		assert_string_equal(string_of(object, "rule"), "timer-storm");
		assert_string_equal(string_of(object, "vcpu"), "3");
		json_object_put(object);
	}
}

/* The longest words of every rule, with all that can be known: still whole. */
static void no_rule_is_too_long_for_a_line(void **state)
{
	struct fixture *fixture = *state;
	char text[FINDING_JSON];

	fixture->finding.row = EXIT_SBI + SBI_ROW_PMU + PMU_COUNTER_CONFIG_MATCHING;
	fixture->finding.error = INT64_MIN;
	fixture->finding.pc = fixture->finding.device = UINT64_MAX;
	fixture->finding.count = fixture->finding.cost_ns = UINT64_MAX;
	for (size_t rule = 0; rule < rule_count; rule++) {
		fixture->finding.rule = rule;
		alert_json(&fixture->alert, text);
		assert_null(strstr(text, "\"cut\""));
	}
}

static const char *printed(struct fixture *fixture)
{
	FILE *out;

	free(fixture->text);
	out = open_memstream(&fixture->text, &fixture->len);
	assert_non_null(out);
	alert_print(out, &fixture->alert);
	assert_int_equal(fclose(out), 0);
	return fixture->text;
}

static void people_are_told_why_once(void **state)
{
	struct fixture *fixture = *state;
	const char *text = printed(fixture);

	assert_int_equal(strspn(text, "0123456789:"), strlen("12:34:56"));
	assert_non_null(strstr(text, " begin timer-storm: web\"\\n\\x1b[1 vCPU 3, "));
	assert_non_null(strstr(text, "\n  why: "));
	fixture->alert.over = true;
	text = printed(fixture);
	assert_non_null(strstr(text, " end timer-storm: "));
	assert_null(strstr(text, "why"));
}

/* ---- counts ---- */

static const char *counted(struct fixture *fixture)
{
	FILE *out;

	free(fixture->text);
	out = open_memstream(&fixture->text, &fixture->len);
	assert_non_null(out);
	assert_true(alert_counts_print(out, &fixture->counts, "BPF", 2, 7));
	assert_int_equal(fclose(out), 0);
	return fixture->text;
}

static void add(struct fixture *fixture, uint32_t tgid, const char *rule, bool over)
{
	fixture->finding.tgid = tgid;
	fixture->finding.rule = rule_find(rule, strlen(rule));
	alert_counts_add(&fixture->counts, &fixture->finding, "web\"", over);
}

static void findings_are_counted_by_vm_and_rule(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 42, "timer-storm", false);
	add(fixture, 42, "timer-storm", false);
	add(fixture, 42, "timer-storm", true);
	add(fixture, 42, "console", false);
	add(fixture, 43, "console", false);
	add(fixture, 43, "console", true);
	assert_string_equal(
		counted(fixture),
		"# TYPE vhart_findings counter\n"
		"# HELP vhart_findings Findings that began, by VM and rule.\n"
		"vhart_findings_total{vm=\"web\\\"\",pid=\"42\",rule=\"timer-storm\"} 2\n"
		"vhart_findings_total{vm=\"web\\\"\",pid=\"42\",rule=\"console\"} 1\n"
		"vhart_findings_total{vm=\"web\\\"\",pid=\"43\",rule=\"console\"} 1\n"
		"# TYPE vhart_findings_now gauge\n"
		"# HELP vhart_findings_now Findings that are not over, by VM and rule.\n"
		"vhart_findings_now{vm=\"web\\\"\",pid=\"42\",rule=\"timer-storm\"} 1\n"
		"vhart_findings_now{vm=\"web\\\"\",pid=\"42\",rule=\"console\"} 1\n"
		"vhart_findings_now{vm=\"web\\\"\",pid=\"43\",rule=\"console\"} 0\n"
		"# TYPE vhart_watch_vcpus gauge\n"
		"# HELP vhart_watch_vcpus vCPUs that are watched.\n"
		"vhart_watch_vcpus 2\n"
		"# TYPE vhart_watch_lost counter\n"
		"# HELP vhart_watch_lost Events that were not counted, of all VMs.\n"
		"vhart_watch_lost_total 7\n"
		"# TYPE vhart_watch_info gauge\n"
		"# HELP vhart_watch_info The program that watches, and how it does.\n"
		"vhart_watch_info{version=\"" VHART_VERSION "\",way=\"BPF\"} 1\n"
		"# EOF\n");
}

static void what_is_long_over_makes_room(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, "console", false);
	for (uint32_t pid = 2; pid < 2 * ALERT_COUNTS_MOST; pid++) {
		add(fixture, pid, "console", false);
		add(fixture, pid, "console", true);
	}
	assert_int_equal(fixture->counts.count, ALERT_COUNTS_MOST);
	assert_non_null(
		strstr(counted(fixture), "now{vm=\"web\\\"\",pid=\"1\",rule=\"console\"} 1"));
	assert_null(strstr(fixture->text, "pid=\"2\""));
	assert_non_null(strstr(fixture->text, "pid=\"1023\""));
}

static void where_all_are_so_there_is_no_room(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t pid = 1; pid < ALERT_COUNTS_MOST + 5; pid++)
		add(fixture, pid, "console", false);
	add(fixture, ALERT_COUNTS_MOST + 4, "console", true);
	assert_int_equal(fixture->counts.count, ALERT_COUNTS_MOST);
	assert_null(strstr(counted(fixture), "pid=\"513\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_json_each_is_a_line_with_its_event, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_rule_is_too_long_for_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(people_are_told_why_once, setup, teardown),
		cmocka_unit_test_setup_teardown(findings_are_counted_by_vm_and_rule, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_long_over_makes_room, setup, teardown),
		cmocka_unit_test_setup_teardown(where_all_are_so_there_is_no_room, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
