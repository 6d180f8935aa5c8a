/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/trace_format.h"

#include <inttypes.h>
#include <string.h>

#include "trace/exit_names.h"
#include "trace/sbi_format.h"
#include "trace/stat_table.h"
#include "trace/text.h"

#define LINE_MAX_LENGTH 1024
#define SSTATUS_SPP	(1u << 8)
#define NOT_SUPPORTED	(-2)

/* ---- what an exit was ---- */

static struct sbi_traced_call call_of(const struct exit_record *record)
{
	struct sbi_traced_call call = {.eid = record->args[7], .fid = record->args[6]};

	memcpy(call.args, record->args, sizeof(call.args));
	return call;
}

/* The guest went on behind its ecall: else a trap, a reset or a start came in between. */
static struct sbi_traced_result result_of(const struct exit_record *record)
{
	return (struct sbi_traced_result){
		.known = record->next_pc == record->pc + 4,
		.error = (int64_t)record->result[0],
		.value = record->result[1],
	};
}

bool trace_failed(const struct exit_record *record)
{
	const struct sbi_traced_result result = result_of(record);

	return exit_class(record->row) == CLASS_SBI && result.known && record->args[7] > 0xF &&
	       result.error != 0;
}

/* Who gave the answer: "kvm", "vmm" or "nobody". */
static const char *answered_by(const struct exit_record *record)
{
	const struct sbi_traced_result result = result_of(record);

	if (result.known && result.error == NOT_SUPPORTED)
		return "nobody";
	return record->to_vmm ? "vmm" : "kvm";
}

/* Hypervisor spec, transformed instructions; 0: the hardware did not say. */
static unsigned int access_width(const struct exit_record *record)
{
	return record->htinst & 1 ? 1u << (record->htinst >> 12 & 3) : 0;
}

static bool was_written(const struct exit_record *record)
{
	return record->row == EXIT_STORE_MMIO || record->row == EXIT_STORE_FAULT ||
	       record->row == EXIT_WALK_WRITE;
}

static char access_letter(const struct exit_record *record)
{
	if (record->row == EXIT_FETCH_FAULT)
		return 'X';
	return was_written(record) ? 'W' : 'R';
}

/* htval of 0 says nothing; so does the address then. */
static uint64_t address_of(const struct exit_record *record)
{
	return exit_guest_address(record->htval, record->stval);
}

static uint64_t data_of(const struct exit_record *record)
{
	unsigned int width = access_width(record);

	return width && width < 8 ? record->data & ((1ull << width * 8) - 1) : record->data;
}

/* ---- text ---- */

static void add_sbi(struct text *text, const struct exit_record *record)
{
	const struct sbi_traced_call call = call_of(record);
	const struct sbi_traced_result result = result_of(record);
	char part[512];

	sbi_format_call(part, sizeof(part), &call);
	text_add(text, "sbi %s ", part);
	sbi_format_result(part, sizeof(part), &call, &result);
	text_add(text, "%s", part);
}

static void add_mmio(struct text *text, const struct trace_view *view, const struct trace_who *who,
		     const struct exit_record *record)
{
	unsigned int width = access_width(record);
	char device[64];

	text_add(text, "mmio %c", access_letter(record));
	if (width)
		text_add(text, "%u", width);
	text_add(text, " 0x%" PRIx64, address_of(record));
	if (view->device &&
	    view->device(view->opaque, who->pid, address_of(record), device, sizeof(device)))
		text_add(text, " %s", device);
	if (record->known & RECORD_DATA)
		text_add(text, " = 0x%" PRIx64, data_of(record));
	else
		text_add(text, " = ?");
}

static void add_csr(struct text *text, const struct exit_record *record)
{
	uint32_t csr = record->stval >> 20 & 0xFFF;
	const char *name = csr_name(csr);

	text_add(text, "csr %s ", record->row == EXIT_CSR_READ ? "read" : "write");
	if (name)
		text_add(text, "%s", name);
	else
		text_add(text, "0x%03" PRIx32, csr);
	/* Where KVM redirected a trap, nothing was read. */
	if (record->known & RECORD_DATA && record->next_pc == record->pc + 4)
		text_add(text, " = 0x%" PRIx64, record->data);
}

static void add_what(struct text *text, const struct trace_view *view, const struct trace_who *who,
		     const struct exit_record *record)
{
	char name[64], halted[16];

	switch (exit_class(record->row)) {
	case CLASS_SBI: add_sbi(text, record); return;
	case CLASS_MMIO: add_mmio(text, view, who, record); return;
	case CLASS_CSR: add_csr(text, record); return;
	case CLASS_WFI:
		text_add(text, "%s <halted %s>", exit_name(record->row).sub,
			 stat_duration(record->halted_ns, halted));
		return;
	case CLASS_FAULT:
		text_add(text, "fault %c 0x%" PRIx64, access_letter(record), address_of(record));
		if (record->row == EXIT_WALK_READ || record->row == EXIT_WALK_WRITE)
			text_add(text, " of the guest's page tables");
		return;
	default: text_add(text, "%s", exit_row_text(record->row, name, sizeof(name))); return;
	}
}

static void add_time(struct text *text, const struct trace_view *view, uint64_t when)
{
	uint64_t from = view->time == TIME_RELATIVE	? view->start
			: view->time == TIME_SINCE_LAST ? view->last
							: 0;
	uint64_t ns = when > from ? when - from : 0;

	text_add(text, "%5" PRIu64 ".%06" PRIu64, ns / 1000000000u, ns % 1000000000u / 1000);
}

static void add_who(struct text *text, const struct trace_view *view, const struct trace_who *who)
{
	if (view->names)
		text_add(text, " %s", who->vm);
	text_add(text, " v%" PRIu32, who->vcpu);
}

static void add_durations(struct text *text, const struct exit_record *record)
{
	char whole[16], vmm[16];

	text_add(text, " <%s", stat_duration(record->ns, whole));
	if (exit_class(record->row) == CLASS_SBI)
		text_add(text, " %s", answered_by(record));
	if (record->to_vmm)
		text_add(text, "%s %s", exit_class(record->row) == CLASS_SBI ? "" : " vmm",
			 stat_duration(record->vmm_ns, vmm));
	text_add(text, ">");
}

static void print_text(FILE *out, const struct trace_view *view, const struct trace_who *who,
		       const struct exit_record *record)
{
	char line[LINE_MAX_LENGTH], symbol[160];
	struct text text;

	text_init(&text, line, sizeof(line));
	add_time(&text, view, record->exited);
	add_who(&text, view, who);
	text_add(&text, " %c %016" PRIx64 " ", record->sstatus & SSTATUS_SPP ? 'S' : 'U',
		 record->pc);
	if (view->symbol &&
	    view->symbol(view->opaque, who->pid, record->pc, symbol, sizeof(symbol)))
		text_add(&text, "%s ", symbol);
	add_what(&text, view, who, record);
	if (view->durations)
		add_durations(&text, record);
	else if (exit_class(record->row) == CLASS_SBI && record->to_vmm)
		text_add(&text, " [%s]", answered_by(record));
	fprintf(out, "%s\n", line);
}

/* ---- JSON ---- */

/* Of names that users give. */
static void print_string(FILE *out, const char *string)
{
	fputc('"', out);
	for (; *string; string++) {
		unsigned char byte = (unsigned char)*string;

		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < 0x20 || byte == 0x7F)
			fprintf(out, "\\u%04x", byte);
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

static void print_json_call(FILE *out, const struct exit_record *record)
{
	const struct sbi_traced_call call = call_of(record);
	const struct sbi_traced_result result = result_of(record);
	struct sbi_argument argument;
	char name[96];

	sbi_format_name(name, sizeof(name), call.eid, call.fid);
	fprintf(out, ",\"eid\":%" PRIu64 ",\"fid\":%" PRIu64 ",\"call\":\"%s\",\"args\":{",
		call.eid, call.fid, name);
	for (unsigned int i = 0; sbi_argument(&call, i, &argument); i++)
		fprintf(out, "%s\"%s\":%" PRIu64, i ? "," : "", argument.name, argument.value);
	fprintf(out, "},\"by\":\"%s\"", answered_by(record));
	if (result.known)
		fprintf(out, ",\"error\":%" PRId64, result.error);
	if (result.known && sbi_has_value(&call, &result))
		fprintf(out, ",\"value\":%" PRIu64, result.value);
}

static void print_json(FILE *out, const struct trace_view *view, const struct trace_who *who,
		       const struct exit_record *record)
{
	const struct exit_name name = exit_name(record->row);
	char place[160];

	fprintf(out, "{\"type\":\"exit\",\"t_ns\":%" PRIu64 ",\"vm\":", record->exited);
	print_string(out, who->vm);
	fprintf(out, ",\"pid\":%" PRIu32 ",\"vcpu\":%" PRIu32 ",\"mode\":\"%c\",\"pc\":%" PRIu64,
		who->pid, who->vcpu, record->sstatus & SSTATUS_SPP ? 'S' : 'U', record->pc);
	if (view->symbol &&
	    view->symbol(view->opaque, who->pid, record->pc, place, sizeof(place))) {
		fprintf(out, ",\"symbol\":");
		print_string(out, place);
	}
	fprintf(out, ",\"reason\":\"%s\",\"sub\":\"%s\"", name.reason, name.sub);
	switch (exit_class(record->row)) {
	case CLASS_SBI: print_json_call(out, record); break;
	case CLASS_MMIO:
	case CLASS_FAULT:
		fprintf(out, ",\"address\":%" PRIu64 ",\"width\":%u", address_of(record),
			access_width(record));
		break;
	case CLASS_CSR: fprintf(out, ",\"csr\":%" PRIu64, record->stval >> 20 & 0xFFF); break;
	default: break;
	}
	if (record->known & RECORD_DATA && exit_class(record->row) != CLASS_FAULT)
		fprintf(out, ",\"data\":%" PRIu64, data_of(record));
	fprintf(out, ",\"ns\":%" PRIu64 ",\"vmm_ns\":%" PRIu64 ",\"halted_ns\":%" PRIu64 "}\n",
		record->ns, record->vmm_ns, record->halted_ns);
}

/* ---- both ---- */

void trace_print_lost(FILE *out, const struct trace_view *view, const struct trace_who *who,
		      uint64_t lost)
{
	if (!lost)
		return;
	if (view->json) {
		fprintf(out, "{\"type\":\"lost\",\"vm\":");
		print_string(out, who->vm);
		fprintf(out, ",\"pid\":%" PRIu32 ",\"vcpu\":%" PRIu32 ",\"n\":%" PRIu64 "}\n",
			who->pid, who->vcpu, lost);
	} else {
		fprintf(out, "***%s%s v%" PRIu32 ": %" PRIu64 " event%s lost ***\n",
			view->names ? " " : "", view->names ? who->vm : "", who->vcpu, lost,
			lost == 1 ? "" : "s");
	}
}

void trace_print(FILE *out, struct trace_view *view, const struct trace_who *who,
		 const struct exit_record *record)
{
	trace_print_lost(out, view, who, record->lost);
	if (view->json)
		print_json(out, view, who, record);
	else
		print_text(out, view, who, record);
	view->last = record->exited;
}
