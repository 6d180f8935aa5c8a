/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/names/exit_record.h"

#include <string.h>

#include "base/clock.h"
#include "base/riscv.h"

#define SBI_NOT_SUPPORTED (-2)

/* ---- SBI calls ---- */

/* Timebases are below 2^34, so that nothing is lost. */
static uint64_t ticks_in(uint64_t ns, uint64_t timebase)
{
	return ns / NS_PER_S * timebase + ns % NS_PER_S * timebase / NS_PER_S;
}

/* The guest's time CSR when EXIT came. */
static uint64_t guest_time(const struct trace_exit *exit)
{
	const struct trace_clock *clock = &exit->clock;
	uint64_t ns = exit->record->exited, now = clock->ticks + exit->who.time_delta;

	if (ns < clock->ns)
		return now - ticks_in(clock->ns - ns, clock->timebase);
	return now + ticks_in(ns - clock->ns, clock->timebase);
}

struct sbi_traced_call exit_call(const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;
	struct sbi_traced_call call = {
		.eid = record->args[7],
		.fid = record->args[6],
		.timebase = exit->clock.timebase,
	};

	memcpy(call.args, record->args, sizeof(call.args));
	if (call.timebase)
		call.now = guest_time(exit);
	if (record->known & RECORD_BYTES) {
		uint32_t room = exit->text ? RECORD_LONG_TEXT : RECORD_TEXT;

		call.bytes = exit->text ? exit->text : record->text;
		call.length = record->text_size < room ? record->text_size : room;
		/* Its first argument is how many there are. */
		call.cut = call.length < record->args[0];
	}
	return call;
}

/* The guest went on behind its ecall: else a trap, a reset or a start came in between. */
struct sbi_traced_result exit_result(const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;

	return (struct sbi_traced_result){
		.known = !exit->unfinished && record->next_pc == record->pc + 4,
		.error = (int64_t)record->result[0],
		.value = record->result[1],
	};
}

bool exit_failed(const struct trace_exit *exit)
{
	const struct sbi_traced_result result = exit_result(exit);

	return exit_class(exit->record->row) == CLASS_SBI && result.known &&
	       !sbi_is_legacy(exit->record->args[7]) && result.error != 0;
}

/* KVM handed it over, or its answer is not the guest's: a VMM that forwards calls has changed it.
 */
static bool by_vmm(const struct exit_record *record)
{
	return record->known & RECORD_BY_VMM ||
	       (record->known & RECORD_DATA && record->data != record->result[0]);
}

const char *exit_answered_by(const struct trace_exit *exit)
{
	const struct sbi_traced_result result = exit_result(exit);

	if (exit->record->known & RECORD_BY_SCRIPT)
		return "script";
	if (result.known && result.error == SBI_NOT_SUPPORTED &&
	    !sbi_is_legacy(exit->record->args[7]))
		return "nobody";
	return by_vmm(exit->record) ? "vmm" : "kvm";
}

/* ---- memory ---- */

static bool was_written(const struct exit_record *record)
{
	return record->row == EXIT_STORE_MMIO || record->row == EXIT_STORE_FAULT ||
	       record->row == EXIT_WALK_WRITE;
}

char exit_access(const struct exit_record *record)
{
	if (record->row == EXIT_FETCH_FAULT)
		return 'X';
	return was_written(record) ? 'W' : 'R';
}

/*
 * Hypervisor extension, "Transformed instruction": funct3 is kept. Pseudoinstructions of page-table
 * walks and custom values are even.
 */
unsigned int exit_access_width(const struct exit_record *record)
{
	return record->htinst & 1 ? 1u << (record->htinst >> 12 & 3) : 0;
}

uint64_t exit_access_address(const struct exit_record *record)
{
	return record->htval ? exit_guest_address(record->htval, record->stval) : 0;
}

bool exit_access_data(const struct exit_record *record, uint64_t *data)
{
	unsigned int width = exit_access_width(record);

	*data = width && width < 8 ? record->data & ((1ull << width * 8) - 1) : record->data;
	return record->known & RECORD_DATA;
}

/* ---- the rest ---- */

uint32_t exit_csr(const struct exit_record *record)
{
	return record->stval >> 20 & 0xFFF;
}

/* Where KVM redirected a trap, nothing was read. */
bool exit_csr_data(const struct exit_record *record, uint64_t *data)
{
	*data = record->data;
	return record->known & RECORD_DATA && record->next_pc == record->pc + 4;
}

char exit_mode(const struct exit_record *record)
{
	return record->sstatus & SSTATUS_SPP ? 'S' : 'U';
}
