/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of two looks, one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/fake_collector.h"
#include "trace/stat/stat_session.h"

#define PID 42u

static const char *vm_name(void *opaque, uint32_t tgid)
{
	(void)opaque;
	(void)tgid;
	return "one";
}

struct fixture {
	struct collector collector;
	struct stat_session session;
	char *text;
	size_t len;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	for (uint32_t i = 0; i < FAKE_VCPUS; i++)
		fixture->collector.vcpus[i] =
			(struct exit_vcpu){.first = 1, .tgid = PID, .vcpu_id = i};
	fixture->session.collector = &fixture->collector;
	fixture->session.view.vm_name = vm_name;
	assert_true(stat_session_begin(&fixture->session));
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	stat_session_free(&fixture->session);
	free(fixture->text);
	free(fixture);
	return 0;
}

/* In whole seconds. */
static void now_has(struct fixture *fixture, uint32_t vcpu, uint32_t state, uint64_t seconds)
{
	fixture->collector.vcpus[vcpu].ns[state] = seconds * NS_PER_S;
}

static void scrape(struct fixture *fixture)
{
	FILE *out;

	free(fixture->text);
	fixture->text = NULL;
	out = open_memstream(&fixture->text, &fixture->len);
	assert_non_null(out);
	assert_true(stat_session_look(&fixture->session));
	assert_true(stat_session_openmetrics(&fixture->session, out));
	fclose(out);
}

static void assert_told(const struct fixture *fixture, uint32_t vcpu, const char *state,
			uint64_t seconds)
{
	char line[256];

	snprintf(line, sizeof(line),
		 "vhart_vcpu_seconds_total{vm=\"one\",pid=\"42\",vcpu=\"%u\",state=\"%s\"} "
		 "%u.000000000\n",
		 vcpu, state, (unsigned int)seconds);
	if (!strstr(fixture->text, line))
		fail_msg("there is no\n%sin\n%s", line, fixture->text);
}

/* As where a scrape is in the middle of a halt. */
static void a_counter_never_falls(void **state)
{
	struct fixture *fixture = *state;

	now_has(fixture, 0, VCPU_BLOCKED, 5);
	now_has(fixture, 0, VCPU_KERNEL, 3);
	now_has(fixture, 1, VCPU_BLOCKED, 1);
	scrape(fixture);
	assert_told(fixture, 0, "blocked", 5);
	assert_told(fixture, 0, "halted", 0);
	now_has(fixture, 0, VCPU_BLOCKED, 1);
	now_has(fixture, 0, VCPU_KERNEL, 2);
	now_has(fixture, 0, VCPU_HALTED, 7);
	now_has(fixture, 1, VCPU_BLOCKED, 2);
	scrape(fixture);
	assert_told(fixture, 0, "blocked", 5);
	assert_told(fixture, 0, "kernel", 3);
	assert_told(fixture, 0, "halted", 7);
	assert_told(fixture, 1, "blocked", 2);
	/* It stands until it is true again, also over scrapes between. */
	now_has(fixture, 0, VCPU_BLOCKED, 4);
	scrape(fixture);
	assert_told(fixture, 0, "blocked", 5);
	now_has(fixture, 0, VCPU_BLOCKED, 6);
	scrape(fixture);
	assert_told(fixture, 0, "blocked", 6);
}

/* The table has what is true now. */
static void a_table_has_the_look_itself(void **state)
{
	struct fixture *fixture = *state;

	now_has(fixture, 0, VCPU_BLOCKED, 5);
	scrape(fixture);
	now_has(fixture, 0, VCPU_BLOCKED, 1);
	scrape(fixture);
	assert_int_equal(fixture->session.now.vcpus[0].ns[VCPU_BLOCKED], NS_PER_S);
}

/* A wait for a table, or for nothing at all, ends for the history as well; and a clock of counts
 * that stands still, as the fake one does, is no reason to look without pause. */
static void a_history_has_its_own_looks(void **state)
{
	struct fixture *fixture = *state;
	struct stat_session *session = &fixture->session;
	uint64_t now;

	stat_session_free(session);
	*session = (struct stat_session){.collector = &fixture->collector,
					 .view.vm_name = vm_name,
					 .history = stat_history_new()};
	assert_non_null(session->history);
	assert_true(stat_session_begin(session));
	assert_int_equal(session->history->from, 1);
	now = clock_now();
	assert_in_range(stat_session_due(session, UINT64_MAX), now, now + STAT_HISTORY_STEP);
	assert_int_equal(stat_session_due(session, 5), 5);
	session->next_passing = 0;
	stat_session_meet(session);
	assert_true(session->next_passing >= now + STAT_HISTORY_STEP);
	stat_history_free(session->history);
	session->history = NULL;
	now = clock_now();
	assert_true(stat_session_due(session, UINT64_MAX) >= now + COLLECTOR_POLL_NS);
}

static void the_whole_is_a_difference_without_keys(void **state)
{
	struct fixture *fixture = *state;
	const struct stat_sample *whole;
	uint64_t wall = 7;

	now_has(fixture, 0, VCPU_GUEST, 2);
	assert_true(stat_session_look(&fixture->session));
	assert_true(stat_session_reset(&fixture->session));
	now_has(fixture, 0, VCPU_GUEST, 5);
	assert_true(stat_session_look(&fixture->session));
	whole = stat_session_whole(&fixture->session, &wall);
	assert_non_null(whole);
	assert_int_equal(whole->vcpus[0].ns[VCPU_GUEST], 3 * NS_PER_S);
	assert_int_equal(whole->keyed_count, 0);
	assert_int_equal(wall, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_counter_never_falls, setup, teardown),
		cmocka_unit_test_setup_teardown(a_table_has_the_look_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(a_history_has_its_own_looks, setup, teardown),
		cmocka_unit_test_setup_teardown(the_whole_is_a_difference_without_keys, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
