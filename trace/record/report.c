/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- lines, and packed records between them ---- */

/* Of a file that does not say in its first line what it is, nothing else is said. */
static void refuse(const struct report *report, const char *why, char message[REPORT_MESSAGE_MAX])
{
	if (report->number > 1)
		snprintf(message, REPORT_MESSAGE_MAX, "%s %" PRIu64 " %s",
			 report->packed ? "record" : "line", report->number, why);
	else
		snprintf(message, REPORT_MESSAGE_MAX, "%s",
			 why == recording_of_another_version ? why
							     : "is no recording of 'vhart record'");
}

enum next { NEXT_LINE, NEXT_END, NEXT_BAD };

/* False with WHY, or without where the file ends in the middle of it: its writer was stopped then.
 */
static bool read_packed(struct report *report, uint8_t tag, const char **why)
{
	uint8_t bytes[RECORDING_PACKED_MAX];
	uint64_t len = 0;
	int byte;

	*why = NULL;
	report->packed = true;
	for (unsigned int shift = 0; shift <= 14; shift += 7) {
		byte = getc(report->in);
		if (byte == EOF)
			return false;
		len |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	if (len > sizeof(bytes) || (byte & 0x80)) {
		*why = "is too long";
		return false;
	}
	return fread(bytes, 1, len, report->in) == len &&
	       recording_unpack(report->unpacker, tag, bytes, len, &report->line, why);
}

/* As above. */
static bool read_line(struct report *report, const char **why)
{
	char text[RECORDING_LINE];
	size_t len;

	*why = NULL;
	if (!fgets(text, sizeof(text), report->in))
		return false;
	len = strlen(text);
	if (len && text[len - 1] == '\n') {
		if (!recording_read(text, len, &report->line, why))
			return false;
		if ((report->line.type == RECORDING_HEADER) == (report->number == 1))
			return true;
		*why = "is a second header";
	} else if (report->number == 1 || !feof(report->in)) {
		*why = "is too long, or cut off";
	}
	return false;
}

static enum next next_line(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	int first = getc(report->in);
	const char *why = NULL;

	if (first != EOF) {
		report->number++;
		if (first >= RECORDING_TAGS && report->number > 1) {
			if (read_packed(report, (uint8_t)first, &why))
				return NEXT_LINE;
		} else {
			ungetc(first, report->in);
			if (read_line(report, &why))
				return NEXT_LINE;
		}
	}
	if (!why && !ferror(report->in))
		return NEXT_END;
	if (why)
		refuse(report, why, message);
	else
		snprintf(message, REPORT_MESSAGE_MAX, "%s", strerror(errno));
	return NEXT_BAD;
}

static bool begin(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	rewind(report->in);
	report->number = 0;
	report->packed = false;
	switch (next_line(report, message)) {
	case NEXT_LINE: return true;
	case NEXT_END: snprintf(message, REPORT_MESSAGE_MAX, "is empty"); break;
	case NEXT_BAD: break;
	}
	return false;
}

static bool read_all(struct report *report, void (*take)(struct report *report),
		     char message[REPORT_MESSAGE_MAX])
{
	enum next next;

	report->unpacker = recording_unpacker_new();
	if (!report->unpacker) {
		snprintf(message, REPORT_MESSAGE_MAX, "no memory");
		return false;
	}
	while ((next = next_line(report, message)) == NEXT_LINE)
		take(report);
	recording_unpacker_free(report->unpacker);
	report->unpacker = NULL;
	return next == NEXT_END;
}

bool report_read(struct report *report, void (*take)(struct report *report),
		 char message[REPORT_MESSAGE_MAX])
{
	return begin(report, message) && read_all(report, take, message);
}

/* ---- all but samples ---- */

/* One that it has no memory for is as the header's. */
static struct report_vm *vm_of(struct report *report, uint64_t number)
{
	struct report_vm *vm = report_vms_at(&report->vms, number);

	report->no_memory |= !vm;
	return vm ? vm : report->vms.vms[0];
}

static void add_symbol(struct report *report, const struct recording_symbol *symbol)
{
	struct report_vm *vm = vm_of(report, symbol->vm);

	if (!report_modules_add_symbol(&vm->modules, symbol))
		symbols_add(&vm->symbols, symbol->start, symbol->size, 't', symbol->name,
			    strlen(symbol->name), symbol->module, strlen(symbol->module));
}

static void take_time(struct report *report, uint64_t time)
{
	if (time > report->until)
		report->until = time;
}

static void take_sample_of(struct report *report, const struct recording_sample *sample)
{
	struct report_vm *vm = vm_of(report, sample->vm);

	take_time(report, sample->time);
	if (!sample->task.known)
		vm->strange = profile_sum(vm->strange, sample->count);
}

static void take_vcpu(struct report *report, const struct recording_vcpu *vcpu)
{
	struct report_vm *vm = vm_of(report, vcpu->vm);

	report->overflows = profile_sum(report->overflows, vcpu->overflows);
	if (!vm->stvec)
		vm->stvec = vcpu->stvec;
}

static void take_line(struct report *report)
{
	const struct recording_line *line = &report->line;

	switch (line->type) {
	case RECORDING_SYMBOL: add_symbol(report, &line->symbol); break;
	case RECORDING_LOST: report->lost = profile_sum(report->lost, line->lost.records); break;
	case RECORDING_END:
		report->whole = true;
		take_time(report, line->end.time);
		break;
	case RECORDING_VCPU: take_vcpu(report, &line->vcpu); break;
	case RECORDING_SAMPLE: take_sample_of(report, &line->sample); break;
	case RECORDING_MAPPING: report_maps_add(&report->maps, &line->mapping); break;
	case RECORDING_TASKS: vm_of(report, line->tasks.vm)->tasks = line->tasks; break;
	case RECORDING_FINDING: report_findings_add(&report->findings, &line->finding); break;
	case RECORDING_MODULE:
		report_modules_add(&vm_of(report, line->module.vm)->modules, &line->module);
		break;
	case RECORDING_VM: vm_of(report, line->vm.vm)->is = line->vm; break;
	case RECORDING_HEADER:
	case RECORDING_REASON:
	case RECORDING_OTHER: break;
	}
}

static bool take_header(struct report *report)
{
	const struct recording_header *header = &report->header;
	struct report_vm *vm = report_vms_at(&report->vms, 0);

	report->exits = !strcmp(header->event, "exits");
	if (!vm)
		return false;
	memcpy(vm->is.name, header->vm, sizeof(vm->is.name));
	memcpy(vm->is.kernel, header->kernel, sizeof(vm->is.kernel));
	vm->is.pid = header->pid;
	return true;
}

bool report_read_frame(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	if (!begin(report, message))
		return false;
	report->header = report->line.header;
	report->no_memory = !take_header(report);
	if (!report->no_memory && !read_all(report, take_line, message))
		return false;
	if (report->no_memory) {
		snprintf(message, REPORT_MESSAGE_MAX, "no memory");
		return false;
	}
	report_maps_finish(&report->maps);
	report->several = report_vms_count(&report->vms) > 1;
	return report_vms_finish(&report->vms, message);
}

/* ---- its life ---- */

void report_free(struct report *report)
{
	report_maps_free(&report->maps);
	report_findings_free(&report->findings);
	report_vms_free(&report->vms);
}

/* ---- sums ---- */

uint64_t report_lost(const struct report *report)
{
	return profile_sum(report->lost, profile_lost(report->profile).count);
}

uint64_t report_duration(const struct report *report)
{
	uint64_t start = report->header.start;

	return start && report->until > start ? report->until - start : 0;
}
