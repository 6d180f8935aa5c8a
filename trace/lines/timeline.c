/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/lines/timeline.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/own_run.h"
#include "trace/names/exit_names.h"
#include "trace/names/text.h"

#define TEXT_LENGTH 256

/* ---- tracks ---- */

static bool is_known_vm(struct timeline *timeline, uint32_t pid)
{
	for (uint32_t i = 0; i < timeline->vm_count; i++)
		if (timeline->pids[i] == pid)
			return true;
	if (timeline->vm_count < TIMELINE_VMS)
		timeline->pids[timeline->vm_count++] = pid;
	return false;
}

/* A process that makes a second VM has vCPUs of the same number again: which time it is. */
static uint32_t count_equals(const struct timeline *timeline, const struct trace_who *who)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < TIMELINE_VCPUS; i++)
		count += timeline->vcpus[i].known && timeline->vcpus[i].track.pid == who->pid &&
			 timeline->vcpus[i].track.vcpu == who->vcpu;
	return count;
}

static struct timeline_vcpu *vcpu_of(struct timeline *timeline, uint32_t index,
				     const struct trace_who *who)
{
	struct timeline_vcpu *vcpu = &timeline->vcpus[index % TIMELINE_VCPUS];

	if (vcpu->known)
		return vcpu;
	if (!is_known_vm(timeline, who->pid))
		perfetto_vm(&timeline->perfetto, who->pid, who->vm);
	vcpu->track = (struct perfetto_vcpu){
		.pid = who->pid,
		.tid = who->tid,
		.vcpu = who->vcpu,
		.again = count_equals(timeline, who),
	};
	vcpu->known = true;
	perfetto_vcpu(&timeline->perfetto, &vcpu->track);
	return vcpu;
}

/* ---- exits per second ---- */

static void write_rate(struct timeline *timeline, struct timeline_vcpu *vcpu, uint64_t ns)
{
	perfetto_exits_per_second(&timeline->perfetto, &vcpu->track, ns,
				  vcpu->rate_count * NS_PER_S / TIMELINE_RATE_NS);
	vcpu->rate_count = 0;
}

static void count_exits(struct timeline *timeline, struct timeline_vcpu *vcpu, uint64_t ns,
			uint64_t exits)
{
	if (!vcpu->rate_from)
		vcpu->rate_from = ns;
	if (ns >= vcpu->rate_from + TIMELINE_RATE_NS) {
		vcpu->rate_from += TIMELINE_RATE_NS;
		write_rate(timeline, vcpu, vcpu->rate_from);
	}
	if (ns >= vcpu->rate_from + TIMELINE_RATE_NS) {
		/* Nothing came for longer. */
		write_rate(timeline, vcpu, vcpu->rate_from + TIMELINE_RATE_NS);
		vcpu->rate_from += (ns - vcpu->rate_from) / TIMELINE_RATE_NS * TIMELINE_RATE_NS;
	}
	vcpu->rate_count += exits;
}

/* ---- one exit ---- */

/* What is said about an exit; the strings live as long as it. */
struct said {
	char name[96], call[TEXT_LENGTH], result[TEXT_LENGTH], device[64];
	struct perfetto_note notes[PERFETTO_NOTES];
	size_t count;
};

static void note_number(struct said *said, const char *name, enum perfetto_kind kind,
			uint64_t number)
{
	if (said->count < PERFETTO_NOTES)
		said->notes[said->count++] =
			(struct perfetto_note){.name = name, .kind = kind, .number = number};
}

static void note_text(struct said *said, const char *name, const char *text)
{
	if (said->count < PERFETTO_NOTES)
		said->notes[said->count++] =
			(struct perfetto_note){.name = name, .kind = PERFETTO_STRING, .text = text};
}

static void say_begin(struct said *said, const struct timeline *timeline,
		      const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;
	const char *csr = csr_name(exit_csr(record));
	uint64_t address, data;

	exit_row_text(record->row, said->name, sizeof(said->name));
	note_number(said, "pc", PERFETTO_POINTER, record->pc);
	switch (exit_class(record->row)) {
	case CLASS_MMIO:
	case CLASS_FAULT:
		address = exit_access_address(record);
		note_number(said, "address", PERFETTO_POINTER, address);
		if (timeline->device && address &&
		    timeline->device(timeline->opaque, exit->who.pid, address, said->device,
				     sizeof(said->device)))
			note_text(said, "device", said->device);
		if (exit_access_data(record, &data))
			note_number(said, "data", PERFETTO_POINTER, data);
		return;
	case CLASS_CSR:
		if (csr)
			note_text(said, "csr", csr);
		else
			note_number(said, "csr", PERFETTO_UINT, exit_csr(record));
		return;
	default: return;
	}
}

static void say_end(struct said *said, const struct exit_record *record)
{
	said->count = 0;
	note_number(said, "handling ns", PERFETTO_UINT, record->ns);
	if (record->to_vmm)
		note_number(said, "VMM ns", PERFETTO_UINT, record->vmm_ns);
	if (record->halted_ns)
		note_number(said, "halted ns", PERFETTO_UINT, record->halted_ns);
}

/* The call, inside its exit: as long as it, as a call is all that this exit is about. */
static void begin_call(struct timeline *timeline, struct timeline_vcpu *vcpu,
		       const struct trace_exit *exit, struct said *said)
{
	const struct sbi_traced_call call = exit_call(exit);
	struct perfetto_event event = {.category = "sbi", .notes = said->notes};
	char name[96];

	sbi_format_name(name, sizeof(name), call.eid, call.fid);
	sbi_format_call(said->call, sizeof(said->call), &call);
	said->count = 0;
	note_text(said, "call", said->call);
	event.name = name;
	event.note_count = said->count;
	perfetto_begin(&timeline->perfetto, &vcpu->track, exit->record->exited, &event);
}

static void end_call(struct timeline *timeline, struct timeline_vcpu *vcpu,
		     const struct trace_exit *exit, struct said *said)
{
	const struct sbi_traced_call call = exit_call(exit);
	const struct sbi_traced_result result = exit_result(exit);

	sbi_format_result(said->result, sizeof(said->result), &call, &result);
	said->count = 0;
	note_text(said, "result", said->result);
	note_text(said, "by", exit_answered_by(exit));
	perfetto_end(&timeline->perfetto, &vcpu->track, exit->record->entered, said->notes,
		     said->count);
}

/* ---- the path of a sample ---- */

static bool has_path(const struct exit_record *record)
{
	return record->known & RECORD_LCOFI;
}

static void write_instant(struct timeline *timeline, struct timeline_vcpu *vcpu, uint64_t ns,
			  const char *name)
{
	const struct perfetto_event event = {.name = name, .category = "lcofi"};

	perfetto_instant(&timeline->perfetto, &vcpu->track, ns, &event);
}

/* While the guest still runs: the host's handler is a part of that. */
static void write_overflow(struct timeline *timeline, struct timeline_vcpu *vcpu,
			   const struct exit_record *record)
{
	const struct exit_lcofi *lcofi = &record->lcofi;

	if (lcofi->overflowed)
		write_instant(timeline, vcpu, lcofi->overflowed, "overflow");
	if (lcofi->injected && lcofi->by == LCOFI_BY_KVM)
		write_instant(timeline, vcpu, lcofi->injected, "LCOFI injected by KVM");
}

static void write_injection(struct timeline *timeline, struct timeline_vcpu *vcpu,
			    const struct exit_record *record)
{
	if (has_path(record) && record->lcofi.injected && record->lcofi.by != LCOFI_BY_KVM)
		write_instant(timeline, vcpu, record->lcofi.injected, "LCOFI injected by VMM");
}

/* ---- states ---- */

/* What the vCPU did until the guest went on. Only how long is known, and when it first left KVM's
 * code: what it waited for comes last here. */
static void write_states(struct timeline *timeline, struct timeline_vcpu *vcpu,
			 const struct exit_record *record)
{
	struct perfetto *perfetto = &timeline->perfetto;
	struct perfetto_vcpu *track = &vcpu->track;
	uint64_t kernel = record->ns > record->vmm_ns ? record->ns - record->vmm_ns : 0;
	uint64_t first = record->left_after < kernel ? record->left_after : kernel;
	uint64_t at = record->exited;

	perfetto_state(perfetto, track, at, PERFETTO_KERNEL);
	at += record->halted_ns || record->vmm_ns ? first : kernel;
	if (record->halted_ns) {
		perfetto_state(perfetto, track, at, PERFETTO_HALTED);
		at += record->halted_ns;
	}
	if (record->vmm_ns) {
		perfetto_state(perfetto, track, at, PERFETTO_VMM);
		write_injection(timeline, vcpu, record);
		at += record->vmm_ns;
	}
	if ((record->halted_ns || record->vmm_ns) && kernel > first) {
		perfetto_state(perfetto, track, at, PERFETTO_KERNEL);
		at += kernel - first;
	}
	if (at < record->entered)
		perfetto_state(perfetto, track, at, PERFETTO_WAITING);
	perfetto_state(perfetto, track, record->entered, PERFETTO_GUEST);
}

/* ---- all together ---- */

static void write_end(struct timeline *timeline, struct timeline_vcpu *vcpu,
		      const struct trace_exit *exit, struct said *said)
{
	const struct exit_record *record = exit->record;

	if (timeline->states)
		write_states(timeline, vcpu, record);
	else
		write_injection(timeline, vcpu, record);
	if (exit_class(record->row) == CLASS_SBI)
		end_call(timeline, vcpu, exit, said);
	say_end(said, record);
	perfetto_end(&timeline->perfetto, &vcpu->track, record->entered, said->notes, said->count);
	if (has_path(record) && record->lcofi.taken)
		write_instant(timeline, vcpu, record->entered, "guest's handler");
}

void timeline_add(struct timeline *timeline, uint32_t index, const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;
	struct timeline_vcpu *vcpu = vcpu_of(timeline, index, &exit->who);
	struct said said = {.count = 0};
	struct perfetto_event event = {.category = "exit", .notes = said.notes};

	timeline_lost(timeline, index, &exit->who, record->exited, record->lost);
	if (has_path(record))
		write_overflow(timeline, vcpu, record);
	count_exits(timeline, vcpu, record->exited, 1 + record->lost);
	say_begin(&said, timeline, exit);
	event.name = said.name;
	event.note_count = said.count;
	perfetto_begin(&timeline->perfetto, &vcpu->track, record->exited, &event);
	if (exit_class(record->row) == CLASS_SBI)
		begin_call(timeline, vcpu, exit, &said);
	if (!exit->unfinished)
		write_end(timeline, vcpu, exit, &said);
}

/* ---- the end ---- */

void timeline_lost(struct timeline *timeline, uint32_t index, const struct trace_who *who,
		   uint64_t ns, uint64_t lost)
{
	struct timeline_vcpu *vcpu = vcpu_of(timeline, index, who);

	if (lost)
		perfetto_lost(&timeline->perfetto, &vcpu->track, ns, lost);
}

void timeline_end(struct timeline *timeline, uint64_t ns)
{
	for (uint32_t i = 0; i < TIMELINE_VCPUS; i++)
		if (timeline->vcpus[i].known)
			perfetto_vcpu_end(&timeline->perfetto, &timeline->vcpus[i].track, ns);
}

int timeline_error(const struct timeline *timeline)
{
	return perfetto_error(&timeline->perfetto);
}
