/* SPDX-License-Identifier: Apache-2.0 */
/* Queues of events, and events as JSON. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/control/event_json.h"
#include "vmm/control/events.h"

static int setup(void **state)
{
	struct event_hub *hub = malloc(sizeof(*hub));

	event_hub_init(hub);
	*state = hub;
	return 0;
}

static int teardown(void **state)
{
	event_hub_free(*state);
	free(*state);
	return 0;
}

static void post(struct event_hub *hub, enum event_kind kind, uint64_t number, const char *text)
{
	event_post(hub, &(struct event){.kind = kind, .number = number}, text, strlen(text));
}

static bool is_readable(struct events *events)
{
	struct pollfd fd = {.fd = events_fd(events), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

/* Takes one, which must be of KIND with TEXT and LOST in front. */
static void expect(struct events *events, enum event_kind kind, const char *text, uint64_t lost)
{
	uint64_t dropped;
	struct event *event = events_take(events, &dropped);

	assert_non_null(event);
	assert_int_equal(event->kind, kind);
	assert_string_equal(event->text, text);
	assert_int_equal(event->len, strlen(text));
	assert_int_equal(dropped, lost);
	free(event);
}

static void expect_nothing(struct events *events)
{
	uint64_t lost;

	assert_null(events_take(events, &lost));
	assert_int_equal(lost, 0);
}

static void each_hears_what_it_wants_in_order(void **state)
{
	struct events *all = events_new(*state, EVENTS_ALL);
	struct events *lines = events_new(*state, EVENT_BIT(EVENT_LINE));

	assert_false(event_hub_wanted(*state, EVENT_BIT(EVENT_KINDS)));
	assert_true(event_hub_wanted(*state, EVENT_BIT(EVENT_PAUSED)));
	post(*state, EVENT_STARTED, 1, "");
	post(*state, EVENT_LINE, 0, "one");
	post(*state, EVENT_LINE, 0, "two");
	expect(lines, EVENT_LINE, "one", 0);
	expect(all, EVENT_STARTED, "", 0);
	expect(all, EVENT_LINE, "one", 0);
	expect(all, EVENT_LINE, "two", 0);
	expect_nothing(all);
	events_choose(lines, EVENT_BIT(EVENT_PAUSED));
	post(*state, EVENT_LINE, 0, "three");
	post(*state, EVENT_PAUSED, 0, "");
	expect(lines, EVENT_LINE, "two", 0);
	expect(lines, EVENT_PAUSED, "", 0);
	expect_nothing(lines);
	events_choose(lines, 0);
	assert_false(events_wants_any(lines));
	events_free(lines);
	events_free(all);
	assert_false(event_hub_wanted(*state, EVENT_BIT(EVENT_PAUSED)));
}

static struct events *latecomer(struct event_hub *hub)
{
	struct events *events = events_new(hub, EVENTS_ALL);

	events_add_states(events);
	return events;
}

/* Who comes late is told of the state, and not of what is over. */
static void a_state_is_told_while_it_lasts(void **state)
{
	struct events *events;

	post(*state, EVENT_STARTED, 1, "");
	post(*state, EVENT_LINE, 0, "one");
	post(*state, EVENT_BREAKPOINT, 3, "");
	post(*state, EVENT_PAUSED, 0, "");
	events = latecomer(*state);
	expect(events, EVENT_STARTED, "", 0);
	expect(events, EVENT_BREAKPOINT, "", 0);
	expect(events, EVENT_PAUSED, "", 0);
	expect_nothing(events);
	events_free(events);
	post(*state, EVENT_RESUMED, 0, "");
	events = latecomer(*state);
	expect(events, EVENT_STARTED, "", 0);
	expect_nothing(events);
	events_free(events);
	event_hub_forget(*state, EVENT_STARTED);
	events = latecomer(*state);
	expect_nothing(events);
	events_free(events);
}

static void it_is_readable_while_there_is_something(void **state)
{
	struct events *events = events_new(*state, EVENTS_ALL);

	for (int i = 0; i < 3; i++) {
		assert_false(is_readable(events));
		post(*state, EVENT_LINE, 0, "a");
		post(*state, EVENT_LINE, 0, "b");
		assert_true(is_readable(events));
		expect(events, EVENT_LINE, "a", 0);
		assert_true(is_readable(events));
		expect(events, EVENT_LINE, "b", 0);
	}
	assert_false(is_readable(events));
	events_free(events);
}

static void a_queue_that_nobody_empties_drops_its_oldest(void **state)
{
	struct events *events = events_new(*state, EVENTS_ALL);
	char text[16];

	for (unsigned int i = 0; i < EVENT_QUEUE_MAX + 5; i++) {
		snprintf(text, sizeof(text), "%u", i);
		post(*state, EVENT_LINE, 0, text);
	}
	expect(events, EVENT_LINE, "5", 5);
	expect(events, EVENT_LINE, "6", 0);
	post(*state, EVENT_ENDED, 0, "quit");
	for (unsigned int i = 7; i < EVENT_QUEUE_MAX + 5; i++) {
		snprintf(text, sizeof(text), "%u", i);
		expect(events, EVENT_LINE, text, 0);
	}
	assert_false(events_over(events));
	expect(events, EVENT_ENDED, "quit", 0);
	assert_true(events_over(events));
	events_free(events);
}

static void long_texts_are_bounded_by_their_bytes(void **state)
{
	const unsigned int fit = EVENT_QUEUE_BYTES / EVENT_TEXT_MAX;
	struct events *events = events_new(*state, EVENTS_ALL);
	static char text[EVENT_TEXT_MAX + 100];
	struct event *event;
	uint64_t lost, all_lost = 0;
	unsigned int count = 0;

	memset(text, 'x', sizeof(text) - 1);
	for (unsigned int i = 0; i < fit + 7; i++)
		post(*state, EVENT_LINE, 0, text);
	while ((event = events_take(events, &lost))) {
		assert_int_equal(event->len, EVENT_TEXT_MAX);
		all_lost += lost;
		count++;
		free(event);
	}
	assert_int_equal(count, fit);
	assert_int_equal(all_lost, 7);
	events_free(events);
}

static void one_who_comes_after_the_end_knows_it(void **state)
{
	struct events *events;

	post(*state, EVENT_ENDED, 0, "quit");
	events = events_new(*state, EVENTS_ALL);
	assert_true(events_over(events));
	events_free(events);
}

/* ---- several threads ---- */

enum { POSTS = 3000, POSTERS = 2 };

static void *post_many(void *hub)
{
	for (unsigned int i = 0; i < POSTS; i++)
		post(hub, EVENT_LINE, i, "line");
	return NULL;
}

static void *come_and_go(void *hub)
{
	for (unsigned int i = 0; i < POSTS / 10; i++)
		events_free(events_new(hub, EVENTS_ALL));
	return NULL;
}

static void none_is_lost_without_being_counted(void **state)
{
	struct events *events = events_new(*state, EVENTS_ALL);
	struct pollfd fd = {.fd = events_fd(events), .events = POLLIN};
	pthread_t threads[POSTERS + 1];
	struct event *event;
	uint64_t got = 0, lost;

	for (int i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, *state), 0);
	assert_int_equal(pthread_create(&threads[POSTERS], NULL, come_and_go, *state), 0);
	while (got < (uint64_t)POSTS * POSTERS) {
		poll(&fd, 1, -1);
		while ((event = events_take(events, &lost))) {
			got += 1 + lost;
			free(event);
		}
	}
	for (int i = 0; i <= POSTERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(got, POSTS * POSTERS);
	events_free(events);
}

/* ---- JSON ---- */

static void expect_json(enum event_kind kind, const char *text, size_t len, const char *json)
{
	struct event *event = calloc(1, sizeof(*event) + len + 1);
	json_object *object = json_object_new_object();

	*event = (struct event){.kind = kind,
				.hart = 3,
				.time_ns = 1500000001,
				.number = 7,
				.address = UINT64_MAX,
				.len = len};
	memcpy(event->text, text, len);
	event_to_json(event, object);
	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN), json);
	json_object_put(object);
	free(event);
}

static void each_kind_has_its_members(void **state)
{
	(void)state;
	expect_json(EVENT_STARTED, "", 0,
		    "{\"event\":\"started\",\"seconds\":1.500000,\"life\":7}");
	expect_json(EVENT_PAUSED, "", 0, "{\"event\":\"paused\",\"seconds\":1.500000}");
	expect_json(EVENT_BREAKPOINT, "", 0,
		    "{\"event\":\"breakpoint\",\"seconds\":1.500000,\"breakpoint\":7,\"hart\":3,"
		    "\"pc\":\"0xffffffffffffffff\"}");
	expect_json(EVENT_LINE, "a\0\"\xff\xc3\xa9", 6,
		    "{\"event\":\"line\",\"seconds\":1.500000,\"text\":"
		    "\"a\\u0000\\\"\xef\xbf\xbd\xc3\xa9\"}");
	expect_json(EVENT_ENDED, "quit", 4,
		    "{\"event\":\"ended\",\"seconds\":1.500000,\"end\":\"quit\",\"status\":7}");
	for (unsigned int kind = 0; kind < EVENT_KINDS; kind++)
		assert_int_equal(event_find(event_name((enum event_kind)kind)), kind);
	assert_int_equal(event_find("nothing"), EVENT_KINDS);
}

/* A guest's characters must not be orders to the terminal of whoever listens. */
static void what_is_printed_is_text_and_the_same_json(void **state)
{
	static const char console[] = "\x1b[2J\xc2\x9b\x7f\xe2\x80\xae\xf0\x9f\xbf\xbf/\xc3\xa9";
	json_object *text = json_of_bytes(console, sizeof(console) - 1), *again;
	char *line = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&line, &len);

	(void)state;
	json_print(out, text);
	fclose(out);
	assert_string_equal(line, "\"\\u001b[2J\\u009b\\u007f\\u202e\\ud83f\\udfff/\xc3\xa9\"\n");
	again = json_tokener_parse(line);
	assert_string_equal(json_object_get_string(again), json_object_get_string(text));
	json_object_put(again);
	json_object_put(text);
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_hears_what_it_wants_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_state_is_told_while_it_lasts, setup, teardown),
		cmocka_unit_test_setup_teardown(it_is_readable_while_there_is_something, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_queue_that_nobody_empties_drops_its_oldest, setup,
						teardown),
		cmocka_unit_test_setup_teardown(long_texts_are_bounded_by_their_bytes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_who_comes_after_the_end_knows_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(none_is_lost_without_being_counted, setup,
						teardown),
		cmocka_unit_test(each_kind_has_its_members),
		cmocka_unit_test(what_is_printed_is_text_and_the_same_json),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
