/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "trace/export/json_text.h"
#include "trace/record/recording.h"

const char *const recording_type_words[RECORDING_TYPES] = {
	[RECORDING_OTHER] = "other",	 [RECORDING_HEADER] = "header",
	[RECORDING_SYMBOL] = "symbol",	 [RECORDING_SAMPLE] = "sample",
	[RECORDING_LOST] = "lost",	 [RECORDING_VCPU] = "vcpu",
	[RECORDING_REASON] = "reason",	 [RECORDING_TASKS] = "tasks",
	[RECORDING_MAPPING] = "mapping", [RECORDING_VM] = "vm",
	[RECORDING_FINDING] = "finding", [RECORDING_MODULE] = "module",
	[RECORDING_END] = "end",
};

static void header(struct json_line *json, const struct recording_header *header)
{
	json_line_string(json, "vhart", "recording");
	json_line_uint(json, "version", RECORDING_VERSION);
	json_line_string(json, "event", header->event);
	if (header->period)
		json_line_uint(json, "period", header->period);
	if (header->frequency)
		json_line_uint(json, "frequency", header->frequency);
	json_line_string(json, "vm", header->vm);
	json_line_uint(json, "pid", header->pid);
	json_line_string(json, "way", header->way);
	json_line_string(json, "clock", "CLOCK_MONOTONIC");
	json_line_uint(json, "start", header->start);
	json_line_uint(json, "realtime", header->realtime);
	if (header->why[0])
		json_line_string(json, "why", header->why);
	if (header->chains)
		json_line_uint(json, "chains", 1);
	if (header->judged)
		json_line_uint(json, "judged", 1);
	if (header->kernel[0])
		json_line_string(json, "kernel", header->kernel);
}

/* Of which VM a line is. */
static void put_vm(struct json_line *json, uint64_t vm)
{
	if (vm)
		json_line_uint(json, "vm", vm);
}

static void vm(struct json_line *json, const struct recording_vm *vm)
{
	json_line_uint(json, "vm", vm->vm);
	json_line_string(json, "name", vm->name);
	json_line_uint(json, "pid", vm->pid);
	if (vm->kernel[0])
		json_line_string(json, "kernel", vm->kernel);
}

static void symbol(struct json_line *json, const struct recording_symbol *symbol)
{
	put_vm(json, symbol->vm);
	json_line_hex(json, "start", symbol->start);
	json_line_uint(json, "size", symbol->size);
	json_line_string(json, "name", symbol->name);
	if (symbol->module[0])
		json_line_string(json, "module", symbol->module);
}

/* "0x1234 0x5678" */
static void callers(struct json_line *json, const struct recording_sample *sample)
{
	char text[RECORDING_CALLERS * 20];
	size_t used = 0;

	for (uint64_t i = 0; i < sample->depth && i < RECORDING_CALLERS; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s0x%" PRIx64,
					 i ? " " : "", sample->callers[i]);
	json_line_string(json, "callers", text);
}

static void sample(struct json_line *json, const struct recording_sample *sample)
{
	json_line_uint(json, "t", sample->time);
	json_line_uint(json, "vcpu", sample->vcpu);
	json_line_string(json, "mode", sample->user ? "u" : "g");
	json_line_hex(json, "pc", sample->pc);
	json_line_uint(json, "n", sample->count);
	json_line_uint(json, "ns", sample->ns);
	json_line_uint(json, "vmm_ns", sample->vmm_ns);
	json_line_string(json, "exit", sample->exit);
	if (sample->depth)
		callers(json, sample);
}

static void vcpu(struct json_line *json, const struct recording_vcpu *vcpu)
{
	put_vm(json, vcpu->vm);
	json_line_uint(json, "vcpu", vcpu->vcpu);
	json_line_uint(json, "overflows", vcpu->overflows);
	json_line_hex(json, "stvec", vcpu->stvec);
}

static void reason(struct json_line *json, const struct recording_reason *reason)
{
	/* Ten digits each; the number of a bucket has three. */
	char columns[RECORDING_COLUMNS * 11 + 1] = "", buckets[EXIT_BUCKETS * 15 + 1] = "";
	size_t used = 0;

	for (uint64_t i = 0; i < reason->count && i < RECORDING_COLUMNS; i++)
		used += (size_t)snprintf(columns + used, sizeof(columns) - used, "%s%" PRIu32,
					 used ? " " : "", reason->columns[i]);
	used = 0;
	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		if (reason->buckets[i])
			used += (size_t)snprintf(buckets + used, sizeof(buckets) - used,
						 "%s%" PRIu32 ":%" PRIu32, used ? " " : "", i,
						 reason->buckets[i]);
	json_line_string(json, "exit", reason->exit);
	json_line_uint(json, "from", reason->from);
	json_line_uint(json, "step", reason->step);
	json_line_uint(json, "min_ns", reason->min);
	json_line_uint(json, "max_ns", reason->max);
	json_line_string(json, "columns", columns);
	json_line_string(json, "buckets", buckets);
}

static void mapping(struct json_line *json, const struct recording_mapping *mapping)
{
	json_line_uint(json, "space", mapping->space);
	json_line_hex(json, "start", mapping->start);
	json_line_hex(json, "end", mapping->end);
	json_line_uint(json, "offset", mapping->offset);
	json_line_string(json, "file", mapping->file);
}

static void finding(struct json_line *json, const struct recording_finding *finding)
{
	json_line_string(json, "headline", finding->headline);
	json_line_string(json, "seen", finding->seen);
	json_line_string(json, "why", finding->why);
	json_line_string(json, "try", finding->help);
}

static void module(struct json_line *json, const struct recording_module *module)
{
	put_vm(json, module->vm);
	json_line_hex(json, "start", module->start);
	json_line_uint(json, "size", module->size);
	json_line_string(json, "name", module->name);
}

size_t recording_write(const struct recording_line *line, char out[RECORDING_LINE])
{
	struct json_line json;

	json_line_begin(&json, out, RECORDING_LINE);
	json_line_string(&json, "type", recording_type_words[line->type]);
	switch (line->type) {
	case RECORDING_HEADER: header(&json, &line->header); break;
	case RECORDING_SYMBOL: symbol(&json, &line->symbol); break;
	case RECORDING_SAMPLE: sample(&json, &line->sample); break;
	case RECORDING_VCPU: vcpu(&json, &line->vcpu); break;
	case RECORDING_REASON: reason(&json, &line->reason); break;
	case RECORDING_LOST:
		put_vm(&json, line->lost.vm);
		json_line_uint(&json, "vcpu", line->lost.vcpu);
		json_line_uint(&json, "records", line->lost.records);
		break;
	case RECORDING_TASKS:
		put_vm(&json, line->tasks.vm);
		json_line_string(&json, "why", line->tasks.why);
		break;
	case RECORDING_MAPPING: mapping(&json, &line->mapping); break;
	case RECORDING_VM: vm(&json, &line->vm); break;
	case RECORDING_FINDING: finding(&json, &line->finding); break;
	case RECORDING_MODULE: module(&json, &line->module); break;
	case RECORDING_END:
		json_line_uint(&json, "t", line->end.time);
		json_line_uint(&json, "samples", line->end.samples);
		break;
	case RECORDING_OTHER: break;
	}
	return json_line_end(&json);
}
