/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/read_protobuf.h"
#include "tests/unit/fixtures/sample_trace.h"

/* Field numbers of perfetto.protos, as the tests need them. */
enum { PACKET_EVENT = 11, PACKET_DESCRIPTOR = 60, PACKET_DROPPED = 42, PACKET_CLOCK = 58 };

struct written {
	uint8_t bytes[65536];
	size_t used;
	size_t room;
};

static int write_memory(void *opaque, const void *bytes, size_t size)
{
	struct written *to = opaque;

	if (size > to->room - to->used)
		return -ENOSPC;
	memcpy(to->bytes + to->used, bytes, size);
	to->used += size;
	return 0;
}

static struct written *sample(void)
{
	static struct written to;
	struct perfetto perfetto;

	to = (struct written){.room = sizeof(to.bytes)};
	sample_trace(&perfetto, write_memory, &to);
	assert_int_equal(perfetto_error(&perfetto), 0);
	return &to;
}

static bool next_packet(struct read_message *trace, struct read_message *packet)
{
	struct read_field field;

	if (!read_next(trace, &field))
		return false;
	assert_int_equal(field.field, 1);
	*packet = read_inside(&field);
	return true;
}

static struct read_message trace_of(const struct written *written)
{
	return (struct read_message){written->bytes, written->bytes + written->used, false};
}

static void every_event_has_a_described_track_the_monotonic_clock_and_the_sequence(void **state)
{
	struct written *written = sample();
	struct read_message trace = trace_of(written), packet;
	uint64_t described[16];
	size_t count = 0, events = 0;

	(void)state;
	while (next_packet(&trace, &packet)) {
		struct read_field descriptor = read_find(packet, PACKET_DESCRIPTOR);
		struct read_field event = read_find(packet, PACKET_EVENT);
		bool known = false;

		assert_int_equal(read_find(packet, 10).value, 1);
		if (descriptor.field) {
			assert_true(count < 16);
			described[count++] = read_find(read_inside(&descriptor), 1).value;
			for (size_t i = 0; i + 1 < count; i++)
				assert_true(described[i] != described[count - 1]);
		}
		if (!event.field)
			continue;
		events++;
		assert_int_equal(read_find(packet, PACKET_CLOCK).value, 3);
		for (size_t i = 0; i < count; i++)
			known |= described[i] == read_find(read_inside(&event), 11).value;
		assert_true(known);
	}
	assert_false(trace.bad);
	/* A process, and a thread with three tracks for each of two vCPUs. */
	assert_int_equal(count, 9);
	assert_true(events > 20);
}

/* Per track: never an end without a beginning, nothing open at the end, time never goes back. */
static void slices_nest_and_all_end(void **state)
{
	struct written *written = sample();
	struct read_message trace = trace_of(written), packet;
	struct {
		uint64_t uuid, last;
		int depth, deepest;
	} tracks[16] = {{0}};
	int deepest = 0;

	(void)state;
	while (next_packet(&trace, &packet)) {
		struct read_field event = read_find(packet, PACKET_EVENT);
		uint64_t uuid, ns = read_find(packet, 8).value, type;
		size_t i = 0;

		if (!event.field)
			continue;
		uuid = read_find(read_inside(&event), 11).value;
		type = read_find(read_inside(&event), 9).value;
		while (tracks[i].uuid && tracks[i].uuid != uuid)
			i++;
		tracks[i].uuid = uuid;
		assert_true(ns >= tracks[i].last);
		tracks[i].last = ns;
		tracks[i].depth += type == 1 ? 1 : type == 2 ? -1 : 0;
		assert_true(tracks[i].depth >= 0);
		if (tracks[i].depth > deepest)
			deepest = tracks[i].depth;
	}
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(tracks[i].depth, 0);
	assert_int_equal(deepest, 2);
}

static void a_loss_marks_the_next_packet_and_no_slice_spans_it(void **state)
{
	struct written *written = sample();
	struct read_message trace = trace_of(written), packet;
	uint64_t last_end = 0;
	unsigned int marked = 0;

	(void)state;
	while (next_packet(&trace, &packet)) {
		struct read_field event = read_find(packet, PACKET_EVENT), note;

		if (event.field && read_find(read_inside(&event), 9).value == 2)
			last_end = read_find(packet, 8).value;
		if (!read_find(packet, PACKET_DROPPED).field)
			continue;
		marked++;
		assert_int_equal(read_find(packet, 8).value, 1000009000);
		assert_int_equal(last_end, 1000006000);
		note = read_find(read_inside(&event), 4);
		assert_int_equal(read_find(read_inside(&note), 3).value, 132);
	}
	assert_int_equal(marked, 1);
}

static void long_text_and_many_notes_are_cut_to_fit(void **state)
{
	static struct written to;
	static char text[5000];
	const struct perfetto_clocks clocks = {0};
	struct perfetto_note notes[PERFETTO_NOTES * 2];
	const struct perfetto_event event = {text, text, notes, PERFETTO_NOTES * 2, 1, false};
	struct perfetto_vcpu vcpu = {.pid = 1, .tid = 1, .vcpu = 0};
	struct perfetto perfetto;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < PERFETTO_NOTES * 2; i++)
		notes[i] = (struct perfetto_note){text, PERFETTO_STRING, {.text = text}};
	to = (struct written){.room = sizeof(to.bytes)};
	perfetto_open(&perfetto, write_memory, &to, &clocks);
	perfetto_begin(&perfetto, &vcpu, 1, &event);
	assert_int_equal(perfetto_error(&perfetto), 0);
	assert_true(to.used > PERFETTO_NOTES * 500 && to.used < PERFETTO_NOTES * 700);
}

/* Whole packets up to the failure, and nothing after it even where a smaller one would fit. */
static void a_failed_write_stops_the_trace_and_is_told(void **state)
{
	static struct written to;
	size_t all = sample()->used;

	(void)state;
	for (size_t room = 0; room < all; room += 7) {
		struct perfetto perfetto;
		struct read_message trace, packet;

		to = (struct written){.room = room};
		sample_trace(&perfetto, write_memory, &to);
		assert_int_equal(perfetto_error(&perfetto), -ENOSPC);
		trace = trace_of(&to);
		while (next_packet(&trace, &packet))
			;
		assert_false(trace.bad);
		assert_memory_equal(to.bytes, sample()->bytes, to.used);
	}
}

static void a_full_disk_is_told(void **state)
{
	struct perfetto perfetto;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setbuf(full, NULL);
	sample_trace(&perfetto, perfetto_write_file, full);
	assert_int_equal(perfetto_error(&perfetto), -ENOSPC);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_event_has_a_described_track_the_monotonic_clock_and_the_sequence),
		cmocka_unit_test(slices_nest_and_all_end),
		cmocka_unit_test(a_loss_marks_the_next_packet_and_no_slice_spans_it),
		cmocka_unit_test(long_text_and_many_notes_are_cut_to_fit),
		cmocka_unit_test(a_failed_write_stops_the_trace_and_is_told),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests_name("export_perfetto", tests, NULL, NULL);
}
