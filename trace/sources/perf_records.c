/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/perf_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The events of enum vcpu_event_kind, from VCPU_EVENT_ENTRY on. */
const char *const perf_tracepoints[PERF_TRACEPOINTS] = {
	"kvm_entry",
	"kvm_exit",
	"kvm_userspace_exit",
	"kvm_vcpu_wakeup",
};

/* ---- formats ---- */

/* "\tfield:unsigned long sepc;\toffset:8;\tsize:8;\tsigned:0;" */
static bool read_field(const char *text, const char *name, struct tracepoint_field *field)
{
	size_t length = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += length) {
		if (at > text && (at[-1] == ' ' || at[-1] == '\t') && at[length] == ';' &&
		    sscanf(at + length, "; offset:%u; size:%u;", &field->offset, &field->size) == 2)
			return field->size >= 1 && field->size <= 8;
	}
	return false;
}

const char *perf_formats_read(struct perf_formats *formats,
			      const char *const texts[PERF_TRACEPOINTS])
{
	const struct {
		enum vcpu_event_kind of;
		const char *name;
		struct tracepoint_field *field;
	} fields[] = {
		{VCPU_EVENT_EXIT, "sepc", &formats->sepc},
		{VCPU_EVENT_EXIT, "scause", &formats->scause},
		{VCPU_EVENT_EXIT, "stval", &formats->stval},
		{VCPU_EVENT_EXIT, "htval", &formats->htval},
		{VCPU_EVENT_EXIT, "htinst", &formats->htinst},
		{VCPU_EVENT_TO_VMM, "reason", &formats->reason},
		{VCPU_EVENT_TO_VMM, "errno", &formats->error},
		{VCPU_EVENT_WAKEUP, "ns", &formats->ns},
	};

	for (size_t i = 0; i < PERF_TRACEPOINTS; i++) {
		const char *id = strstr(texts[i], "ID:");

		if (!id || sscanf(id, "ID: %u", &formats->ids[i]) != 1)
			return perf_tracepoints[i];
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!read_field(texts[fields[i].of], fields[i].name, fields[i].field))
			return fields[i].name;
	return NULL;
}

/* ---- records ---- */

/* What ends every record that is no sample (sample_id_all), and begins one that is. */
struct sample_id {
	uint32_t tgid, tid;
	uint64_t time;
};

static uint64_t field_of(const uint8_t *raw, size_t size, const struct tracepoint_field *field)
{
	uint64_t value = 0;

	if (field->size <= size && field->offset <= size - field->size)
		memcpy(&value, raw + field->offset, field->size);
	return value;
}

static void read_fields(const struct perf_formats *formats, const uint8_t *raw, size_t size,
			struct vcpu_event *event)
{
	switch (event->kind) {
	case VCPU_EVENT_EXIT:
		event->sepc = field_of(raw, size, &formats->sepc);
		event->scause = field_of(raw, size, &formats->scause);
		event->stval = field_of(raw, size, &formats->stval);
		event->htval = field_of(raw, size, &formats->htval);
		event->htinst = field_of(raw, size, &formats->htinst);
		break;
	case VCPU_EVENT_TO_VMM:
		event->reason = (uint32_t)field_of(raw, size, &formats->reason);
		event->error = (int32_t)field_of(raw, size, &formats->error);
		break;
	case VCPU_EVENT_WAKEUP: event->halted_ns = field_of(raw, size, &formats->ns); break;
	default: break;
	}
}

static void read_sample(const struct perf_formats *formats, const uint8_t *bytes, size_t size,
			struct vcpu_event *event)
{
	struct sample_id id;
	uint32_t raw_size;
	uint16_t type; /* common_type, which begins every tracepoint's record */

	if (size < sizeof(id) + sizeof(raw_size) + sizeof(type))
		return;
	memcpy(&id, bytes, sizeof(id));
	memcpy(&raw_size, bytes + sizeof(id), sizeof(raw_size));
	bytes += sizeof(id) + sizeof(raw_size);
	size -= sizeof(id) + sizeof(raw_size);
	if (raw_size > size)
		return;
	memcpy(&type, bytes, sizeof(type));
	event->tgid = id.tgid;
	event->tid = id.tid;
	event->time = id.time;
	for (uint32_t i = 0; i < PERF_TRACEPOINTS; i++)
		if (formats->ids[i] == type)
			event->kind = (enum vcpu_event_kind)i;
	read_fields(formats, bytes, raw_size, event);
}

/* BYTES: {pid, tid, name} */
static void read_name(const uint8_t *bytes, size_t size, struct vcpu_event *event)
{
	char name[20] = "";

	if (size < 8)
		return;
	memcpy(&event->tgid, bytes, 4);
	memcpy(&event->tid, bytes + 4, 4);
	size -= 8;
	memcpy(name, bytes + 8, size < sizeof(name) - 1 ? size : sizeof(name) - 1);
	event->kind = VCPU_EVENT_NAME;
	event->number = vcpu_number(name);
}

/* BYTES: {pid, ppid, tid, ptid, time} */
static void read_end(const uint8_t *bytes, size_t size, struct vcpu_event *event)
{
	if (size < 16)
		return;
	memcpy(&event->tgid, bytes, 4);
	memcpy(&event->tid, bytes + 8, 4);
	event->kind = VCPU_EVENT_END;
}

void perf_record_read(const struct perf_formats *formats, const struct perf_event_header *record,
		      struct vcpu_event *event)
{
	const uint8_t *bytes = (const uint8_t *)(record + 1);
	size_t size = record->size - sizeof(*record);
	struct sample_id id;

	*event = (struct vcpu_event){.kind = VCPU_EVENT_NOTHING};
	if (record->type == PERF_RECORD_SAMPLE) {
		read_sample(formats, bytes, size, event);
		return;
	}
	if (size < sizeof(id))
		return;
	size -= sizeof(id);
	memcpy(&id, bytes + size, sizeof(id));
	event->tgid = id.tgid;
	event->tid = id.tid;
	event->time = id.time;
	switch (record->type) {
	case PERF_RECORD_SWITCH_CPU_WIDE:
		event->kind =
			record->misc & PERF_RECORD_MISC_SWITCH_OUT ? VCPU_EVENT_OUT : VCPU_EVENT_IN;
		event->preempted = record->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
		break;
	case PERF_RECORD_COMM: read_name(bytes, size, event); break;
	case PERF_RECORD_EXIT: read_end(bytes, size, event); break;
	case PERF_RECORD_LOST:
		event->kind = VCPU_EVENT_MENDED;
		if (size >= 16)
			memcpy(&event->lost, bytes + 8, 8);
		break;
	default: break;
	}
}
