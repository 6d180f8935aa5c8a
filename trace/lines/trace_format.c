/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/lines/trace_format.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/own_run.h"
#include "base/printable.h"
#include "trace/lines/trace_json.h"
#include "trace/names/exit_names.h"
#include "trace/names/text.h"
#include "trace/stat/stat_table.h"

/* An SBI call that writes RECORD_LONG_TEXT bytes, all of them escaped. */
#define CALL_LENGTH 1400
#define LINE_LENGTH 2048
#define TEXT_LENGTH 256

/* ---- what the guest did ---- */

static void add_call(struct text *text, const struct trace_exit *exit)
{
	const struct sbi_traced_call call = exit_call(exit);
	char part[CALL_LENGTH];

	sbi_format_call(part, sizeof(part), &call);
	text_add(text, "sbi %s", part);
}

static void add_access(struct text *text, const struct trace_view *view,
		       const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;
	unsigned int width = exit_access_width(record);
	uint64_t address = exit_access_address(record), data;
	char device[64];

	text_add(text, "mmio %c", exit_access(record));
	if (width)
		text_add(text, "%u", width);
	if (!address) {
		text_add(text, " ?");
		return;
	}
	text_add(text, " 0x%" PRIx64, address);
	if (view->device &&
	    view->device(view->opaque, exit->who.pid, address, device, sizeof(device)))
		text_add(text, " %s", device);
	if (exit_access(record) == 'W' && exit_access_data(record, &data))
		text_add(text, " = 0x%" PRIx64, data);
}

static void add_csr(struct text *text, const struct exit_record *record)
{
	const char *name = csr_name(exit_csr(record));

	text_add(text, "csr %s ", record->row == EXIT_CSR_READ ? "read" : "write");
	if (name)
		text_add(text, "%s", name);
	else
		text_add(text, "0x%03" PRIx32, exit_csr(record));
}

static void add_fault(struct text *text, const struct exit_record *record)
{
	uint64_t address = exit_access_address(record);

	if (record->row == EXIT_WALK_READ || record->row == EXIT_WALK_WRITE)
		text_add(text, "pt-walk %c", exit_access(record));
	else
		text_add(text, "fault %c", exit_access(record));
	if (address)
		text_add(text, " 0x%" PRIx64, address);
	else
		text_add(text, " ?");
}

static void add_begin(struct text *text, const struct trace_view *view,
		      const struct trace_exit *exit)
{
	uint32_t row = exit->record->row;
	char name[64];

	switch (exit_class(row)) {
	case CLASS_SBI: add_call(text, exit); return;
	case CLASS_MMIO: add_access(text, view, exit); return;
	case CLASS_CSR: add_csr(text, exit->record); return;
	case CLASS_WFI: text_add(text, "%s", exit_name(row).sub); return;
	case CLASS_FAULT: add_fault(text, exit->record); return;
	default: text_add(text, "%s", exit_row_text(row, name, sizeof(name))); return;
	}
}

/* As strace does: what the line at its beginning said first. */
static void add_resumed(struct text *text, const struct exit_record *record)
{
	char name[64];

	switch (exit_class(record->row)) {
	case CLASS_SBI:
		sbi_format_name(name, sizeof(name), record->args[7], record->args[6]);
		text_add(text, "sbi <... %s resumed>", name);
		return;
	case CLASS_MMIO: text_add(text, "mmio <... %c resumed>", exit_access(record)); return;
	case CLASS_CSR: text_add(text, "csr <... resumed>"); return;
	case CLASS_WFI: text_add(text, "%s <... resumed>", exit_name(record->row).sub); return;
	case CLASS_FAULT: text_add(text, "fault <... %c resumed>", exit_access(record)); return;
	default:
		text_add(text, "%s <... resumed>", exit_row_text(record->row, name, sizeof(name)));
		return;
	}
}

/* ---- the path of a sample ---- */

struct step {
	uint64_t ns; /* 0: nobody saw it */
	const char *what;
};

static void sort_steps(struct step *steps, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && steps[j].ns < steps[j - 1].ns; j--) {
			const struct step later = steps[j - 1];

			steps[j - 1] = steps[j];
			steps[j] = later;
		}
}

/* In the order of time, from the first: "overflow, +2.40us injected by kvm, +5.50us exit". */
static void add_steps(struct text *text, struct step *steps, size_t count)
{
	uint64_t base = 0;
	char duration[16];

	sort_steps(steps, count);
	for (size_t i = 0; i < count; i++) {
		if (!steps[i].ns)
			continue;
		if (base)
			text_add(text, ", +%s", stat_duration(steps[i].ns - base, duration));
		else
			base = steps[i].ns;
		text_add(text, " %s", steps[i].what);
	}
}

static void add_lcofi(struct text *text, const struct exit_record *record)
{
	const struct exit_lcofi *lcofi = &record->lcofi;
	char injected[40] = "injected by kvm";
	struct step steps[] = {
		{lcofi->overflowed, "overflow"},
		{record->exited, "exit"},
		{lcofi->injected, injected},
		{record->entered, lcofi->taken ? "guest's handler" : "guest goes on"},
	};

	if (lcofi->by != LCOFI_BY_KVM)
		snprintf(injected, sizeof(injected), "injected by vmm (%s)",
			 exit_lcofi_way(lcofi->by));
	text_add(text, exit_class(record->row) == CLASS_LCOFI ? ":" : ", lcofi:");
	add_steps(text, steps, sizeof(steps) / sizeof(steps[0]));
	if (!lcofi->injected)
		text_add(text, ", not injected");
}

/* ---- what came of it ---- */

static void add_result(struct text *text, const struct trace_exit *exit)
{
	const struct sbi_traced_call call = exit_call(exit);
	const struct sbi_traced_result result = exit_result(exit);
	char part[256];

	sbi_format_result(part, sizeof(part), &call, &result);
	text_add(text, " %s", part);
}

static void add_outcome(struct text *text, const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;
	char halted[16];
	uint64_t data;

	switch (exit_class(record->row)) {
	case CLASS_SBI: add_result(text, exit); return;
	case CLASS_MMIO:
		if (exit_access(record) == 'W')
			return;
		if (exit_access_data(record, &data))
			text_add(text, " = 0x%" PRIx64, data);
		else
			text_add(text, " = ?");
		return;
	case CLASS_CSR:
		if (record->row == EXIT_CSR_READ && exit_csr_data(record, &data))
			text_add(text, " = 0x%" PRIx64, data);
		else if (record->row == EXIT_CSR_READ)
			text_add(text, " = ?");
		return;
	case CLASS_WFI:
		if (record->row == EXIT_WFI)
			text_add(text, " <halted %s>", stat_duration(record->halted_ns, halted));
		return;
	default: return;
	}
}

static void add_end(struct text *text, const struct trace_exit *exit)
{
	add_outcome(text, exit);
	if (exit->record->known & RECORD_LCOFI)
		add_lcofi(text, exit->record);
}

/* "<1.30us kvm>", "<22.0us vmm 20.0us>": of these the VMM took 20. */
static void add_durations(struct text *text, const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;
	const char *by = exit_class(record->row) == CLASS_SBI ? exit_answered_by(exit) : "";
	char whole[16], vmm[16];

	text_add(text, " <%s%s%s", stat_duration(record->ns, whole), *by ? " " : "", by);
	if (record->to_vmm)
		text_add(text, "%s %s", strcmp(by, "vmm") != 0 ? " vmm" : "",
			 stat_duration(record->vmm_ns, vmm));
	text_add(text, ">");
}

/* ---- lines ---- */

static void add_time_of_day(struct text *text, uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	struct tm day;

	if (!localtime_r(&seconds, &day))
		day = (struct tm){0};
	text_add(text, "%02d:%02d:%02d.%06" PRIu64, day.tm_hour, day.tm_min, day.tm_sec,
		 ns % NS_PER_S / 1000);
}

static void add_time(struct text *text, const struct trace_view *view, uint64_t when)
{
	uint64_t from = view->time == TIME_RELATIVE	? view->start
			: view->time == TIME_SINCE_LAST ? view->last
							: 0;
	uint64_t ns = when > from ? when - from : 0;

	if (view->time == TIME_OF_DAY)
		add_time_of_day(text, when + view->realtime);
	else
		text_add(text, "%5" PRIu64 ".%06" PRIu64, ns / NS_PER_S, ns % NS_PER_S / 1000);
}

static void add_who(struct text *text, const struct trace_view *view, const struct trace_who *who)
{
	if (view->names)
		text_add(text, " %s", who->vm);
	text_add(text, " v%" PRIu32, who->vcpu);
}

static void add_where(struct text *text, const struct trace_view *view,
		      const struct trace_exit *exit)
{
	const struct exit_record *record = exit->record;
	char symbol[160];

	text_add(text, " %c %016" PRIx64 " ", exit_mode(record), record->pc);
	if (view->symbol &&
	    view->symbol(view->opaque, exit->who.pid, record->pc, symbol, sizeof(symbol)))
		text_add(text, "%s ", symbol);
}

static void print_text(FILE *out, const struct trace_view *view, const struct trace_exit *exit,
		       enum trace_part part)
{
	char line[LINE_LENGTH], shown[4 * LINE_LENGTH], taken[16];
	struct text text;
	size_t length;

	text_init(&text, line, sizeof(line));
	add_time(&text, view, part == TRACE_END ? exit->record->entered : exit->record->exited);
	add_who(&text, view, &exit->who);
	add_where(&text, view, exit);
	if (part == TRACE_END)
		add_resumed(&text, exit->record);
	else
		add_begin(&text, view, exit);
	if (part != TRACE_BEGIN) {
		add_end(&text, exit);
		if (view->durations)
			add_durations(&text, exit);
	} else if (view->durations && exit->record->ns) {
		text_add(&text, " <unfinished ... %s>", stat_duration(exit->record->ns, taken));
	} else {
		text_add(&text, " <unfinished ...>");
	}
	/* In one piece: a warning of the VM's may come to the same terminal. */
	printable(shown, sizeof(shown) - 1, line);
	length = strlen(shown);
	shown[length] = '\n';
	fwrite(shown, 1, length + 1, out);
}

void trace_print_header(FILE *out, const struct trace_view *view, const char *way,
			uint64_t resolution)
{
	char duration[16];

	if (view->json)
		trace_json_header(out, way, resolution);
	else
		fprintf(out, "# exits by %s, clock %s\n", way, stat_duration(resolution, duration));
}

void trace_begin_at(struct trace_view *view, uint64_t when)
{
	if (when >= view->start)
		return;
	view->start = when;
	view->last = when;
}

void trace_print_lost(FILE *out, const struct trace_view *view, const struct trace_who *who,
		      uint64_t lost)
{
	char vm[TEXT_LENGTH] = "";

	if (!lost)
		return;
	if (view->names)
		printable(vm, sizeof(vm), who->vm);
	if (view->json)
		trace_json_lost(out, who, lost);
	else
		fprintf(out, "***%s%s v%" PRIu32 ": %" PRIu64 " event%s lost ***\n",
			view->names ? " " : "", vm, who->vcpu, lost, lost == 1 ? "" : "s");
}

void trace_print(FILE *out, struct trace_view *view, const struct trace_exit *exit,
		 enum trace_part part)
{
	if (view->json)
		trace_json(out, view, exit, part);
	else
		print_text(out, view, exit, part);
	view->last = part == TRACE_END ? exit->record->entered : exit->record->exited;
}
