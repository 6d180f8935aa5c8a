/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Perfetto's TrackEvent packets. A file is field 1 of perfetto.protos.Trace again and again;
 * numbers are those of protos/perfetto/trace. All packets are of one sequence, and need no state
 * kept by the reader, so that a loss costs only what was lost.
 */

#include "trace/export/export_perfetto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"
#include "trace/export/protobuf.h"

enum { TRACE_PACKET = 1 };

enum {
	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_TRUSTED_PACKET_SEQUENCE_ID = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_PREVIOUS_PACKET_DROPPED = 42,
	PACKET_TIMESTAMP_CLOCK_ID = 58,
	PACKET_TRACK_DESCRIPTOR = 60,
	PACKET_FIRST_PACKET_ON_SEQUENCE = 87,
};

enum { SEQUENCE_STATE_CLEARED = 1 };
enum { CLOCK_ID_REALTIME = 1, CLOCK_ID_MONOTONIC = 3, CLOCK_ID_BOOTTIME = 6 };
enum { SNAPSHOT_CLOCKS = 1, SNAPSHOT_PRIMARY = 2, SNAPSHOT_CLOCK_ID = 1, SNAPSHOT_TIMESTAMP = 2 };

enum {
	DESCRIPTOR_UUID = 1,
	DESCRIPTOR_NAME = 2,
	DESCRIPTOR_PROCESS = 3,
	DESCRIPTOR_THREAD = 4,
	DESCRIPTOR_PARENT_UUID = 5,
	DESCRIPTOR_COUNTER = 8,
	DESCRIPTOR_CHILD_ORDERING = 11,
	DESCRIPTOR_SIBLING_ORDER_RANK = 12,
};

enum { ORDER_EXPLICIT = 3 };
enum { PROCESS_PID = 1, PROCESS_NAME = 6 };
enum { THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };
enum { COUNTER_UNIT_NAME = 6 };

enum {
	EVENT_DEBUG_ANNOTATIONS = 4,
	EVENT_TYPE = 9,
	EVENT_TRACK_UUID = 11,
	EVENT_CATEGORIES = 22,
	EVENT_NAME = 23,
	EVENT_COUNTER_VALUE = 30,
	EVENT_FLOW_IDS = 47,
	EVENT_TERMINATING_FLOW_IDS = 48,
};

enum { TYPE_SLICE_BEGIN = 1, TYPE_SLICE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };
enum { ANNOTATION_NAME = 10 };

static const uint32_t annotation_value[] = {
	[PERFETTO_UINT] = 3,   [PERFETTO_INT] = 4,  [PERFETTO_POINTER] = 7,
	[PERFETTO_STRING] = 6, [PERFETTO_BOOL] = 2,
};

static const char *const state_names[PERFETTO_STATES] = {
	[PERFETTO_GUEST] = "guest",   [PERFETTO_KERNEL] = "kernel",   [PERFETTO_VMM] = "vmm",
	[PERFETTO_HALTED] = "halted", [PERFETTO_WAITING] = "waiting",
};

enum track { TRACK_SELF, TRACK_STATE, TRACK_EXITS, TRACK_RATE };

#define SEQUENCE 1
#define TEXT	 256
#define PACKET	 ((PERFETTO_NOTES * 2 + 3) * (TEXT + 8) + PERFETTO_NOTES * 16 + 256)

/* One packet on its way; the nested message that is open last is the packet itself. */
struct packet {
	uint8_t bytes[PACKET];
	struct protobuf message;
	size_t begin;
};

/* Unique also beside tracks of other writers: "vh", the process, the vCPU, the track. */
static uint64_t track_uuid(uint32_t pid, uint32_t vcpu, enum track track)
{
	return 0x7668ull << 48 | (pid & 0xffffffull) << 24 | (vcpu & 0xfffff) << 4 | track;
}

/* The process itself: no vCPU has this number. */
#define NO_VCPU 0xfffff

static uint64_t vcpu_uuid(const struct perfetto_vcpu *vcpu, enum track track)
{
	return track_uuid(vcpu->pid, (vcpu->again & 0xf) << 16 | (vcpu->vcpu & 0xffff), track);
}

static void put_text(struct protobuf *to, uint32_t field, const char *text)
{
	char clean[TEXT];

	printable(clean, sizeof(clean), text ? text : "");
	protobuf_bytes(to, field, clean, strlen(clean));
}

static struct protobuf *start(struct perfetto *perfetto, struct packet *packet)
{
	struct protobuf *message = &packet->message;

	*message = (struct protobuf){.bytes = packet->bytes, .room = sizeof(packet->bytes)};
	packet->begin = protobuf_begin(message, TRACE_PACKET);
	protobuf_uint(message, PACKET_TRUSTED_PACKET_SEQUENCE_ID, SEQUENCE);
	if (!perfetto->begun) {
		protobuf_uint(message, PACKET_SEQUENCE_FLAGS, SEQUENCE_STATE_CLEARED);
		protobuf_uint(message, PACKET_FIRST_PACKET_ON_SEQUENCE, 1);
	}
	if (perfetto->dropped)
		protobuf_uint(message, PACKET_PREVIOUS_PACKET_DROPPED, 1);
	return message;
}

static void finish(struct perfetto *perfetto, struct packet *packet)
{
	protobuf_end(&packet->message, packet->begin);
	if (packet->message.overflow)
		perfetto->error = -EMSGSIZE;
	if (perfetto->error)
		return;
	perfetto->error = perfetto->write(perfetto->opaque, packet->bytes, packet->message.used);
	perfetto->begun = true;
	perfetto->dropped = false;
}

int perfetto_write_file(void *opaque, const void *bytes, size_t size)
{
	errno = 0;
	if (fwrite(bytes, 1, size, opaque) == size)
		return 0;
	return errno ? -errno : -EIO;
}

int perfetto_error(const struct perfetto *perfetto)
{
	return perfetto->error;
}

static void put_clock(struct protobuf *message, uint64_t id, uint64_t ns)
{
	size_t begin = protobuf_begin(message, SNAPSHOT_CLOCKS);

	protobuf_uint(message, SNAPSHOT_CLOCK_ID, id);
	protobuf_uint(message, SNAPSHOT_TIMESTAMP, ns);
	protobuf_end(message, begin);
}

void perfetto_open(struct perfetto *perfetto, perfetto_write *write, void *opaque,
		   const struct perfetto_clocks *clocks)
{
	struct packet packet;
	struct protobuf *message;
	size_t begin;

	*perfetto = (struct perfetto){.write = write, .opaque = opaque};
	message = start(perfetto, &packet);
	begin = protobuf_begin(message, PACKET_CLOCK_SNAPSHOT);
	put_clock(message, CLOCK_ID_MONOTONIC, clocks->monotonic_ns);
	put_clock(message, CLOCK_ID_BOOTTIME, clocks->boottime_ns);
	put_clock(message, CLOCK_ID_REALTIME, clocks->realtime_ns);
	protobuf_uint(message, SNAPSHOT_PRIMARY, CLOCK_ID_MONOTONIC);
	protobuf_end(message, begin);
	finish(perfetto, &packet);
}

void perfetto_vm(struct perfetto *perfetto, uint32_t pid, const char *name)
{
	struct packet packet;
	struct protobuf *message = start(perfetto, &packet);
	size_t descriptor = protobuf_begin(message, PACKET_TRACK_DESCRIPTOR);
	size_t process;

	protobuf_uint(message, DESCRIPTOR_UUID, track_uuid(pid, NO_VCPU, TRACK_SELF));
	process = protobuf_begin(message, DESCRIPTOR_PROCESS);
	protobuf_uint(message, PROCESS_PID, pid);
	put_text(message, PROCESS_NAME, name);
	protobuf_end(message, process);
	protobuf_end(message, descriptor);
	finish(perfetto, &packet);
}

static void describe_thread(struct perfetto *perfetto, const struct perfetto_vcpu *vcpu)
{
	struct packet packet;
	struct protobuf *message = start(perfetto, &packet);
	size_t descriptor = protobuf_begin(message, PACKET_TRACK_DESCRIPTOR);
	size_t thread;
	char name[32];

	if (vcpu->again)
		snprintf(name, sizeof(name), "vcpu%u of VM %u", vcpu->vcpu, vcpu->again + 1);
	else
		snprintf(name, sizeof(name), "vcpu%u", vcpu->vcpu);
	protobuf_uint(message, DESCRIPTOR_UUID, vcpu_uuid(vcpu, TRACK_SELF));
	protobuf_uint(message, DESCRIPTOR_PARENT_UUID, track_uuid(vcpu->pid, NO_VCPU, TRACK_SELF));
	thread = protobuf_begin(message, DESCRIPTOR_THREAD);
	protobuf_uint(message, THREAD_PID, vcpu->pid);
	protobuf_uint(message, THREAD_TID, vcpu->tid);
	put_text(message, THREAD_NAME, name);
	protobuf_end(message, thread);
	protobuf_uint(message, DESCRIPTOR_CHILD_ORDERING, ORDER_EXPLICIT);
	protobuf_end(message, descriptor);
	finish(perfetto, &packet);
}

static void describe_track(struct perfetto *perfetto, const struct perfetto_vcpu *vcpu,
			   enum track track, const char *name)
{
	struct packet packet;
	struct protobuf *message = start(perfetto, &packet);
	size_t descriptor = protobuf_begin(message, PACKET_TRACK_DESCRIPTOR);

	protobuf_uint(message, DESCRIPTOR_UUID, vcpu_uuid(vcpu, track));
	protobuf_uint(message, DESCRIPTOR_PARENT_UUID, vcpu_uuid(vcpu, TRACK_SELF));
	put_text(message, DESCRIPTOR_NAME, name);
	protobuf_uint(message, DESCRIPTOR_SIBLING_ORDER_RANK, track);
	if (track == TRACK_RATE) {
		size_t counter = protobuf_begin(message, DESCRIPTOR_COUNTER);

		put_text(message, COUNTER_UNIT_NAME, "exits/s");
		protobuf_end(message, counter);
	}
	protobuf_end(message, descriptor);
	finish(perfetto, &packet);
}

void perfetto_vcpu(struct perfetto *perfetto, const struct perfetto_vcpu *vcpu)
{
	describe_thread(perfetto, vcpu);
	describe_track(perfetto, vcpu, TRACK_STATE, "state");
	describe_track(perfetto, vcpu, TRACK_EXITS, "exits");
	describe_track(perfetto, vcpu, TRACK_RATE, "exits/s");
}

static void put_note(struct protobuf *message, const struct perfetto_note *note)
{
	size_t begin = protobuf_begin(message, EVENT_DEBUG_ANNOTATIONS);
	uint32_t field = annotation_value[note->kind];

	put_text(message, ANNOTATION_NAME, note->name);
	if (note->kind == PERFETTO_STRING)
		put_text(message, field, note->text);
	else if (note->kind == PERFETTO_INT)
		protobuf_int(message, field, note->integer);
	else
		protobuf_uint(message, field, note->number);
	protobuf_end(message, begin);
}

/* name may be NULL, as an end needs none; counter is for a counter's event only. */
static void write_event(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
			enum track track, uint64_t type, const struct perfetto_event *event,
			uint64_t counter)
{
	struct packet packet;
	struct protobuf *message = start(perfetto, &packet);
	size_t begin;

	if (ns > vcpu->last_ns)
		vcpu->last_ns = ns;
	protobuf_uint(message, PACKET_TIMESTAMP, vcpu->last_ns);
	protobuf_uint(message, PACKET_TIMESTAMP_CLOCK_ID, CLOCK_ID_MONOTONIC);
	begin = protobuf_begin(message, PACKET_TRACK_EVENT);
	protobuf_uint(message, EVENT_TYPE, type);
	protobuf_uint(message, EVENT_TRACK_UUID, vcpu_uuid(vcpu, track));
	if (type == TYPE_COUNTER)
		protobuf_uint(message, EVENT_COUNTER_VALUE,
			      counter > INT64_MAX ? INT64_MAX : counter);
	if (event->name)
		put_text(message, EVENT_NAME, event->name);
	if (event->category)
		put_text(message, EVENT_CATEGORIES, event->category);
	if (event->flow)
		protobuf_fixed64(message,
				 event->flow_ends ? EVENT_TERMINATING_FLOW_IDS : EVENT_FLOW_IDS,
				 event->flow);
	for (size_t i = 0; i < event->note_count && i < PERFETTO_NOTES; i++)
		put_note(message, &event->notes[i]);
	protobuf_end(message, begin);
	finish(perfetto, &packet);
}

void perfetto_state(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		    enum perfetto_state state)
{
	const struct perfetto_event none = {0}, event = {.name = state_names[state]};

	if (state == vcpu->state)
		return;
	if (vcpu->state != PERFETTO_OFF)
		write_event(perfetto, vcpu, ns, TRACK_STATE, TYPE_SLICE_END, &none, 0);
	if (state != PERFETTO_OFF)
		write_event(perfetto, vcpu, ns, TRACK_STATE, TYPE_SLICE_BEGIN, &event, 0);
	vcpu->state = state;
}

void perfetto_begin(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		    const struct perfetto_event *event)
{
	write_event(perfetto, vcpu, ns, TRACK_EXITS, TYPE_SLICE_BEGIN, event, 0);
	vcpu->open++;
}

void perfetto_end(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		  const struct perfetto_note *notes, size_t note_count)
{
	const struct perfetto_event end = {.notes = notes, .note_count = note_count};

	if (vcpu->open == 0)
		return;
	write_event(perfetto, vcpu, ns, TRACK_EXITS, TYPE_SLICE_END, &end, 0);
	vcpu->open--;
}

void perfetto_instant(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		      const struct perfetto_event *event)
{
	write_event(perfetto, vcpu, ns, TRACK_EXITS, TYPE_INSTANT, event, 0);
}

void perfetto_exits_per_second(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
			       uint64_t exits)
{
	const struct perfetto_event none = {0};

	write_event(perfetto, vcpu, ns, TRACK_RATE, TYPE_COUNTER, &none, exits);
}

void perfetto_vcpu_end(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns)
{
	while (vcpu->open > 0)
		perfetto_end(perfetto, vcpu, ns, NULL, 0);
	perfetto_state(perfetto, vcpu, ns, PERFETTO_OFF);
}

/*
 * What was open ended at some unknown moment in the gap: nothing is known after the last event
 * before it, so that is where it is closed.
 */
void perfetto_lost(struct perfetto *perfetto, struct perfetto_vcpu *vcpu, uint64_t ns,
		   uint64_t events)
{
	const struct perfetto_note note = {
		.name = "events", .kind = PERFETTO_UINT, .number = events};
	const struct perfetto_event lost = {
		.name = "events lost", .category = "loss", .notes = &note, .note_count = 1};

	perfetto_vcpu_end(perfetto, vcpu, vcpu->last_ns);
	perfetto->dropped = true;
	perfetto_instant(perfetto, vcpu, ns, &lost);
}
