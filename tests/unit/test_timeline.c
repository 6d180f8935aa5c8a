/* SPDX-License-Identifier: Apache-2.0 */
/* Exits as a timeline, read back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/read_protobuf.h"
#include "tests/unit/fixtures/sample_exits.h"
#include "trace/lines/timeline.h"

/* Field numbers of perfetto.protos. */
enum { PACKET_TIME = 8, PACKET_EVENT = 11, PACKET_DROPPED = 42, PACKET_DESCRIPTOR = 60 };
enum { EVENT_NOTES = 4, EVENT_TYPE = 9, EVENT_TRACK = 11, EVENT_NAME = 23, EVENT_COUNTER = 30 };
enum { DESCRIPTOR_UUID = 1, DESCRIPTOR_NAME = 2, DESCRIPTOR_THREAD = 4, THREAD_NAME = 5 };
enum { BEGIN = 1, END = 2, INSTANT = 3, COUNTER = 4 };

static struct {
	uint8_t bytes[1 << 18];
	size_t used;
} written;

static int write_memory(void *opaque, const void *bytes, size_t size)
{
	(void)opaque;
	if (size > sizeof(written.bytes) - written.used)
		return -ENOSPC;
	memcpy(written.bytes + written.used, bytes, size);
	written.used += size;
	return 0;
}

static struct timeline timeline;

static void begin(bool states)
{
	const struct perfetto_clocks clocks = {1, 2, 3};

	written.used = 0;
	timeline = (struct timeline){.states = states};
	perfetto_open(&timeline.perfetto, write_memory, NULL, &clocks);
}

static void add_samples(void)
{
	struct trace_exit exit;
	enum trace_part part;

	/* A timeline has one slice for each exit, whatever its lines were. */
	for (unsigned int i = 0; sample_exit(i, &exit, &part); i++)
		if (part != TRACE_BEGIN || exit_class(exit.record->row) == CLASS_SBI)
			timeline_add(&timeline, exit.who.vcpu, &exit);
	timeline_end(&timeline, SAMPLE_EXITS_START + 100000000);
	assert_int_equal(timeline_error(&timeline), 0);
}

struct event {
	uint64_t ns, type, track, counter;
	char name[64];
	bool dropped;
};

static struct read_message all(void)
{
	return (struct read_message){written.bytes, written.bytes + written.used, false};
}

static void copy_text(char *to, size_t room, const struct read_field *field)
{
	size_t size = field->field ? field->value : 0;

	if (size >= room)
		size = room - 1;
	if (size)
		memcpy(to, field->bytes, size);
	to[size] = '\0';
}

static bool next_event(struct read_message *trace, struct event *event)
{
	struct read_field packet;

	while (read_next(trace, &packet)) {
		struct read_message inside = read_inside(&packet);
		struct read_field found = read_find(inside, PACKET_EVENT), name;

		if (!found.field)
			continue;
		*event = (struct event){
			.ns = read_find(inside, PACKET_TIME).value,
			.dropped = read_find(inside, PACKET_DROPPED).field,
			.type = read_find(read_inside(&found), EVENT_TYPE).value,
			.track = read_find(read_inside(&found), EVENT_TRACK).value,
			.counter = read_find(read_inside(&found), EVENT_COUNTER).value,
		};
		name = read_find(read_inside(&found), EVENT_NAME);
		copy_text(event->name, sizeof(event->name), &name);
		return true;
	}
	assert_false(trace->bad);
	return false;
}

/* How many slices and instants are called NAME, and when the last one began and ended. */
static unsigned int count_events(const char *name, uint64_t type, uint64_t *begun, uint64_t *ended)
{
	struct read_message trace = all();
	unsigned int count = 0;
	uint64_t track = 0;
	struct event event;

	while (next_event(&trace, &event)) {
		if (event.type == END && event.track == track && ended) {
			*ended = event.ns;
			track = 0;
		}
		if (event.type != type || strcmp(event.name, name) != 0)
			continue;
		count++;
		track = event.track;
		if (begun)
			*begun = event.ns;
	}
	return count;
}

static void each_exit_is_a_slice_and_calls_are_inside(void **state)
{
	uint64_t from = 0, to = 0;

	(void)state;
	begin(true);
	add_samples();
	assert_int_equal(count_events("sbi time.set_timer", BEGIN, NULL, NULL), 2);
	assert_int_equal(count_events("time.set_timer", BEGIN, NULL, NULL), 2);
	assert_int_equal(count_events("load_guest_page_fault mmio", BEGIN, NULL, NULL), 2);
	assert_int_equal(count_events("virtual_inst wfi", BEGIN, &from, &to), 2);
	assert_int_equal(from, SAMPLE_EXITS_START + 4030000);
	assert_int_equal(to, SAMPLE_EXITS_START + 5030000);
	/* Never ended: to the end of all. */
	assert_int_equal(count_events("srst.system_reset", BEGIN, &from, &to), 1);
	assert_int_equal(to, SAMPLE_EXITS_START + 100000000);
}

static void slices_nest_and_time_does_not_go_back(void **state)
{
	struct {
		uint64_t track, last;
		int depth;
	} tracks[16] = {{0}};
	struct read_message trace;
	struct event event;

	(void)state;
	begin(true);
	add_samples();
	trace = all();
	while (next_event(&trace, &event)) {
		size_t i = 0;

		while (tracks[i].track && tracks[i].track != event.track)
			assert_true(++i < 16);
		tracks[i].track = event.track;
		assert_true(event.ns >= tracks[i].last);
		tracks[i].last = event.ns;
		tracks[i].depth += event.type == BEGIN ? 1 : event.type == END ? -1 : 0;
		assert_true(tracks[i].depth >= 0 && tracks[i].depth <= 2);
	}
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(tracks[i].depth, 0);
}

static void a_halt_is_a_state_of_its_length(void **state)
{
	uint64_t from = 0, to = 0;

	(void)state;
	begin(true);
	add_samples();
	assert_int_equal(count_events("halted", BEGIN, &from, &to), 2);
	assert_int_equal(to - from, 991000);
	assert_true(count_events("vmm", BEGIN, NULL, NULL) > 0);
	assert_true(count_events("guest", BEGIN, NULL, NULL) > 0);
}

static void without_all_exits_there_are_no_states(void **state)
{
	(void)state;
	begin(false);
	add_samples();
	assert_int_equal(count_events("halted", BEGIN, NULL, NULL), 0);
	assert_int_equal(count_events("guest", BEGIN, NULL, NULL), 0);
	assert_int_equal(count_events("virtual_inst wfi", BEGIN, NULL, NULL), 2);
}

static void a_sample_has_its_instants(void **state)
{
	uint64_t overflow = 0, injected = 0, handler = 0;

	(void)state;
	begin(true);
	add_samples();
	assert_int_equal(count_events("overflow", INSTANT, &overflow, NULL), 3);
	assert_int_equal(overflow, SAMPLE_EXITS_START + 4332000);
	assert_int_equal(count_events("LCOFI injected by KVM", INSTANT, NULL, NULL), 1);
	assert_int_equal(count_events("LCOFI injected by VMM", INSTANT, &injected, NULL), 2);
	assert_int_equal(injected, SAMPLE_EXITS_START + 4345000);
	assert_int_equal(count_events("guest's handler", INSTANT, &handler, NULL), 2);
	assert_int_equal(handler, SAMPLE_EXITS_START + 4350000);
}

static void a_loss_is_marked_once(void **state)
{
	struct read_message trace;
	unsigned int dropped = 0;
	struct event event;

	(void)state;
	begin(true);
	add_samples();
	assert_int_equal(count_events("events lost", INSTANT, NULL, NULL), 1);
	trace = all();
	while (next_event(&trace, &event))
		dropped += event.dropped;
	assert_int_equal(dropped, 1);
}

static void add_at(uint64_t ns)
{
	const struct exit_record record = {
		.exited = ns, .entered = ns + 100, .ns = 100, .row = EXIT_IRQ + 5};
	const struct trace_exit exit = {.record = &record, .who = {"web1", 1, 2, 0, 0}};

	timeline_add(&timeline, 0, &exit);
}

/* 5 exits in the first 10 ms, then none for long, then 1. */
static void the_rate_is_of_each_interval_and_0_where_nothing_came(void **state)
{
	static const uint64_t wanted[] = {500, 0, 100};
	struct read_message trace;
	unsigned int count = 0;
	struct event event;

	(void)state;
	begin(false);
	for (uint64_t i = 0; i < 5; i++)
		add_at(1000000000 + i * 1000000);
	add_at(1100000000);
	add_at(1110000000);
	trace = all();
	while (next_event(&trace, &event)) {
		if (event.type != COUNTER)
			continue;
		assert_true(count < 3);
		assert_int_equal(event.counter, wanted[count++]);
	}
	assert_int_equal(count, 3);
}

/* A process that probes has a VM before the one that it is about. */
static void vcpus_of_two_vms_in_a_process_have_tracks_of_their_own(void **state)
{
	const struct exit_record record = {.exited = 1000, .entered = 2000};
	const struct trace_exit exit = {.record = &record, .who = {"web1", 1, 2, 0, 0}};
	struct read_message trace;
	struct read_field packet;
	uint64_t uuids[16];
	size_t count = 0;
	char name[32], names[128] = "";

	(void)state;
	begin(true);
	timeline_add(&timeline, 0, &exit);
	timeline_add(&timeline, 1, &exit);
	trace = all();
	while (read_next(&trace, &packet)) {
		struct read_field descriptor = read_find(read_inside(&packet), PACKET_DESCRIPTOR);
		struct read_field thread, found;

		if (!descriptor.field)
			continue;
		assert_true(count < 16);
		uuids[count] = read_find(read_inside(&descriptor), DESCRIPTOR_UUID).value;
		for (size_t i = 0; i < count; i++)
			assert_true(uuids[i] != uuids[count]);
		count++;
		thread = read_find(read_inside(&descriptor), DESCRIPTOR_THREAD);
		if (!thread.field)
			continue;
		found = read_find(read_inside(&thread), THREAD_NAME);
		copy_text(name, sizeof(name), &found);
		strcat(strcat(names, name), ";");
	}
	/* One process, and a thread with three tracks twice. */
	assert_int_equal(count, 9);
	assert_string_equal(names, "vcpu0;vcpu0 of VM 2;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_exit_is_a_slice_and_calls_are_inside),
		cmocka_unit_test(slices_nest_and_time_does_not_go_back),
		cmocka_unit_test(a_halt_is_a_state_of_its_length),
		cmocka_unit_test(without_all_exits_there_are_no_states),
		cmocka_unit_test(a_sample_has_its_instants),
		cmocka_unit_test(a_loss_is_marked_once),
		cmocka_unit_test(the_rate_is_of_each_interval_and_0_where_nothing_came),
		cmocka_unit_test(vcpus_of_two_vms_in_a_process_have_tracks_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
