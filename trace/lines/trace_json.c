/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/lines/trace_json.h"

#include "base/own_run.h"
#include "trace/export/json_text.h"
#include "trace/names/exit_names.h"

/* What a guest can make longest is a call that writes RECORD_LONG_TEXT bytes, each escaped, twice.
 */
#define JSON_LENGTH 8192
#define CALL_LENGTH 1400

struct trace_object {
	struct json_line line;
	char text[JSON_LENGTH];
};

static void begin(struct trace_object *object, const char *type)
{
	json_line_begin(&object->line, object->text, sizeof(object->text));
	json_line_string(&object->line, "type", type);
}

static void end(struct trace_object *object, FILE *out)
{
	size_t size = json_line_end(&object->line);

	fwrite(object->text, 1, size, out);
}

static void put_who(struct json_line *line, const struct trace_who *who)
{
	json_line_string(line, "vm", who->vm);
	json_line_uint(line, "pid", who->pid);
	json_line_uint(line, "vcpu", who->vcpu);
}

/* ---- one exit ---- */

static void put_result(struct json_line *line, const struct sbi_traced_call *call,
		       const struct sbi_traced_result *result)
{
	if (sbi_is_legacy(call->eid)) {
		json_line_hex(line, "value", (uint64_t)result->error);
		return;
	}
	json_line_int(line, "error", result->error);
	if (result->error)
		json_line_string(line, "error_name", sbi_error_name(result->error));
	if (sbi_has_value(call, result))
		json_line_hex(line, "value", result->value);
}

static void put_call(struct json_line *line, const struct trace_exit *exit)
{
	const struct sbi_traced_call call = exit_call(exit);
	const struct sbi_traced_result result = exit_result(exit);
	struct sbi_argument argument;
	char text[CALL_LENGTH];

	json_line_hex(line, "eid", call.eid);
	json_line_hex(line, "fid", call.fid);
	sbi_format_name(text, sizeof(text), call.eid, call.fid);
	json_line_string(line, "call", text);
	json_line_object(line, "args");
	for (unsigned int i = 0; sbi_argument(&call, i, &argument); i++)
		json_line_hex(line, argument.name, argument.value);
	json_line_close(line);
	sbi_format_call(text, sizeof(text), &call);
	json_line_string(line, "text", text);
	if (call.bytes) {
		json_line_bytes(line, "bytes", (const char *)call.bytes, call.length);
		json_line_bool(line, "bytes_cut", call.cut);
	}
	if (call.timebase)
		json_line_hex(line, "guest_time", call.now);
	if (!exit->unfinished)
		json_line_string(line, "by", exit_answered_by(exit));
	if (result.known)
		put_result(line, &call, &result);
}

static void put_access(struct json_line *line, const struct trace_view *view,
		       const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;
	uint64_t address = exit_access_address(record), data;
	const char access[] = {exit_access(record), '\0'};
	char device[64];

	json_line_string(line, "access", access);
	if (address)
		json_line_hex(line, "address", address);
	if (exit_access_width(record))
		json_line_uint(line, "width", exit_access_width(record));
	if (exit_class(record->row) != CLASS_MMIO)
		return;
	if (address && view->device &&
	    view->device(view->opaque, exit->who.pid, address, device, sizeof(device)))
		json_line_string(line, "device", device);
	if (exit_access_data(record, &data))
		json_line_hex(line, "data", data);
}

static void put_csr(struct json_line *line, const struct exit_record *record)
{
	uint64_t data;

	json_line_hex(line, "csr", exit_csr(record));
	json_line_string(line, "csr_name", csr_name(exit_csr(record)));
	if (exit_csr_data(record, &data))
		json_line_hex(line, "data", data);
}

static void put_lcofi(struct json_line *line, const struct exit_lcofi *lcofi)
{
	if (lcofi->overflowed)
		json_line_uint(line, "overflow_ns", lcofi->overflowed);
	if (lcofi->injected) {
		json_line_uint(line, "injected_ns", lcofi->injected);
		json_line_string(line, "injected_by", lcofi->by == LCOFI_BY_KVM ? "kvm" : "vmm");
		if (lcofi->by != LCOFI_BY_KVM)
			json_line_string(line, "way", exit_lcofi_way(lcofi->by));
		json_line_bool(line, "taken", lcofi->taken);
	}
}

static void put_what(struct json_line *line, const struct trace_view *view,
		     const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;

	switch (exit_class(record->row)) {
	case CLASS_SBI: put_call(line, exit); return;
	case CLASS_MMIO:
	case CLASS_FAULT: put_access(line, view, exit); return;
	case CLASS_CSR: put_csr(line, record); return;
	default: return;
	}
}

void trace_json(FILE *out, const struct trace_view *view, const struct trace_exit *exit,
		enum trace_part part)
{
	const struct exit_record *record = exit->record;
	const struct exit_name name = exit_name(record->row);
	const char mode[] = {exit_mode(record), '\0'};
	struct trace_object object;
	struct json_line *line = &object.line;
	char symbol[160];

	begin(&object, part == TRACE_BEGIN ? "unfinished" : "exit");
	json_line_uint(line, "t_ns", record->exited);
	put_who(line, &exit->who);
	json_line_string(line, "mode", mode);
	json_line_hex(line, "pc", record->pc);
	if (view->symbol &&
	    view->symbol(view->opaque, exit->who.pid, record->pc, symbol, sizeof(symbol)))
		json_line_string(line, "symbol", symbol);
	json_line_string(line, "reason", name.reason);
	json_line_string(line, "sub", name.sub);
	put_what(line, view, exit);
	if (record->known & RECORD_LCOFI)
		put_lcofi(line, &record->lcofi);
	json_line_bool(line, "to_vmm", record->to_vmm);
	json_line_uint(line, "ns", record->ns);
	if (part != TRACE_BEGIN) {
		json_line_uint(line, "vmm_ns", record->vmm_ns);
		json_line_uint(line, "halted_ns", record->halted_ns);
		json_line_uint(line, "entered_ns", record->entered);
	}
	end(&object, out);
}

/* ---- beside them ---- */

void trace_json_header(FILE *out, const char *way, uint64_t resolution)
{
	struct trace_object object;

	begin(&object, "trace");
	json_line_uint(&object.line, "version", TRACE_JSON_VERSION);
	json_line_string(&object.line, "way", way);
	json_line_string(&object.line, "clock", "CLOCK_MONOTONIC");
	json_line_uint(&object.line, "clock_ns", resolution);
	end(&object, out);
}

void trace_json_lost(FILE *out, const struct trace_who *who, uint64_t lost)
{
	struct trace_object object;

	begin(&object, "lost");
	put_who(&object.line, who);
	json_line_uint(&object.line, "n", lost);
	end(&object, out);
}
