/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a recording. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/record/flat_json.h"
#include "trace/record/recording.h"

const char recording_of_another_version[] = "is of another version of vhart";

static bool read_callers(const struct flat_json *json, struct recording_sample *sample)
{
	const char *text = flat_json_text(json, "callers");

	while (*text) {
		size_t len = strcspn(text, " ");

		if (sample->depth == RECORDING_CALLERS ||
		    !flat_json_parse_hex(text, len, &sample->callers[sample->depth++]))
			return false;
		text += len + (text[len] == ' ');
	}
	return true;
}

/* ---- lines ---- */

static const char *read_header(const struct flat_json *json, struct recording_header *header)
{
	if (strcmp(flat_json_text(json, "vhart"), "recording") != 0)
		return "is no recording of vhart's";
	if (flat_json_number(json, "version") - 1 >= RECORDING_VERSION)
		return recording_of_another_version;
	if (!flat_json_copy(json, "event", header->event, sizeof(header->event)) ||
	    !header->event[0])
		return "does not say what was sampled";
	if (!flat_json_copy(json, "vm", header->vm, sizeof(header->vm)) ||
	    !flat_json_copy(json, "why", header->why, sizeof(header->why)) ||
	    !flat_json_copy(json, "way", header->way, sizeof(header->way)) ||
	    !flat_json_copy(json, "kernel", header->kernel, sizeof(header->kernel)))
		return "has names that are too long";
	header->period = flat_json_number(json, "period");
	header->frequency = flat_json_number(json, "frequency");
	header->pid = flat_json_number(json, "pid");
	header->start = flat_json_number(json, "start");
	header->realtime = flat_json_number(json, "realtime");
	header->chains = flat_json_number(json, "chains") != 0;
	header->judged = flat_json_number(json, "judged") != 0;
	return NULL;
}

static const char *read_symbol(const struct flat_json *json, struct recording_symbol *symbol)
{
	if (!flat_json_hex(json, "start", &symbol->start) ||
	    !flat_json_copy(json, "name", symbol->name, sizeof(symbol->name)) || !symbol->name[0] ||
	    !flat_json_copy(json, "module", symbol->module, sizeof(symbol->module)))
		return "has a symbol without its name or address";
	symbol->vm = flat_json_number(json, "vm");
	symbol->size = flat_json_number(json, "size");
	return NULL;
}

static const char *read_sample(const struct flat_json *json, struct recording_sample *sample)
{
	const char *mode = flat_json_text(json, "mode");

	if (!flat_json_has_number(json, "vcpu") || !flat_json_hex(json, "pc", &sample->pc))
		return "has a sample without its vCPU or pc";
	if (strcmp(mode, "u") != 0 && strcmp(mode, "g") != 0)
		return "has a sample of an unknown mode";
	if (!flat_json_copy(json, "exit", sample->exit, sizeof(sample->exit)))
		return "has names that are too long";
	if (!read_callers(json, sample))
		return "has callers that are no addresses";
	sample->user = *mode == 'u';
	sample->time = flat_json_number(json, "t");
	sample->vcpu = flat_json_number(json, "vcpu");
	sample->count = flat_json_number(json, "n");
	sample->ns = flat_json_number(json, "ns");
	sample->vmm_ns = flat_json_number(json, "vmm_ns");
	return sample->vcpu <= INT32_MAX ? NULL : "has a vCPU of impossible number";
}

static const char *read_vcpu(const struct flat_json *json, struct recording_vcpu *vcpu)
{
	vcpu->vm = flat_json_number(json, "vm");
	vcpu->vcpu = flat_json_number(json, "vcpu");
	vcpu->overflows = flat_json_number(json, "overflows");
	return flat_json_hex(json, "stvec", &vcpu->stvec) ? NULL : "has a vCPU without its stvec";
}

/* A number of 32 bits at *TEXT, which goes on behind it. */
static bool parse_number(const char **text, uint32_t *number)
{
	char *end;
	const unsigned long long value = strtoull(*text, &end, 10);

	if (**text < '0' || **text > '9' || value > UINT32_MAX)
		return false;
	*text = end;
	*number = (uint32_t)value;
	return true;
}

/* Another one follows, or the end. */
static bool parse_space(const char **text)
{
	if (**text == ' ' && (*text)[1])
		return ++*text;
	return !**text;
}

static bool read_columns(const struct flat_json *json, struct recording_reason *reason)
{
	const char *text = flat_json_text(json, "columns");

	while (*text)
		if (reason->count == RECORDING_COLUMNS ||
		    !parse_number(&text, &reason->columns[reason->count++]) || !parse_space(&text))
			return false;
	return true;
}

static bool read_buckets(const struct flat_json *json, struct recording_reason *reason)
{
	const char *text = flat_json_text(json, "buckets");
	uint32_t bucket;

	while (*text)
		if (!parse_number(&text, &bucket) || bucket >= EXIT_BUCKETS || *text++ != ':' ||
		    !parse_number(&text, &reason->buckets[bucket]) || !parse_space(&text))
			return false;
	return true;
}

static const char *read_reason(const struct flat_json *json, struct recording_reason *reason)
{
	if (!flat_json_copy(json, "exit", reason->exit, sizeof(reason->exit)))
		return "has names that are too long";
	reason->from = flat_json_number(json, "from");
	reason->step = flat_json_number(json, "step");
	reason->min = flat_json_number(json, "min_ns");
	reason->max = flat_json_number(json, "max_ns");
	if (!reason->step || reason->step > UINT64_MAX / RECORDING_COLUMNS ||
	    reason->from > UINT64_MAX - RECORDING_COLUMNS * reason->step ||
	    !read_columns(json, reason))
		return "has exits without the columns of time in which they came";
	return read_buckets(json, reason) ? NULL : "has exits without how long they took";
}

static const char *read_mapping(const struct flat_json *json, struct recording_mapping *mapping)
{
	mapping->space = flat_json_number(json, "space");
	mapping->offset = flat_json_number(json, "offset");
	if (!flat_json_hex(json, "start", &mapping->start) ||
	    !flat_json_hex(json, "end", &mapping->end) || mapping->start >= mapping->end ||
	    mapping->space - 1 >= RECORDING_SPACES_MAX)
		return "has a mapping without its place";
	return flat_json_copy(json, "file", mapping->file, sizeof(mapping->file))
		       ? NULL
		       : "has names that are too long";
}

static const char *read_module(const struct flat_json *json, struct recording_module *module)
{
	module->vm = flat_json_number(json, "vm");
	module->size = flat_json_number(json, "size");
	if (!flat_json_hex(json, "start", &module->start) || !module->size ||
	    module->size > UINT32_MAX || module->start > UINT64_MAX - module->size ||
	    !flat_json_copy(json, "name", module->name, sizeof(module->name)) || !module->name[0])
		return "has a module without its place or name";
	return NULL;
}

static const char *read_finding(const struct flat_json *json, struct recording_finding *finding)
{
	if (!flat_json_copy(json, "headline", finding->headline, sizeof(finding->headline)) ||
	    !flat_json_copy(json, "seen", finding->seen, sizeof(finding->seen)) ||
	    !flat_json_copy(json, "why", finding->why, sizeof(finding->why)) ||
	    !flat_json_copy(json, "try", finding->help, sizeof(finding->help)))
		return "has words that are too long";
	return finding->headline[0] ? NULL : "has a finding without what it is";
}

static const char *read_vm(const struct flat_json *json, struct recording_vm *vm)
{
	vm->vm = flat_json_number(json, "vm");
	vm->pid = flat_json_number(json, "pid");
	if (!vm->vm)
		return "has a VM without its number";
	return flat_json_copy(json, "name", vm->name, sizeof(vm->name)) &&
			       flat_json_copy(json, "kernel", vm->kernel, sizeof(vm->kernel))
		       ? NULL
		       : "has names that are too long";
}

static const char *read_tasks(const struct flat_json *json, struct recording_tasks *tasks)
{
	tasks->vm = flat_json_number(json, "vm");
	return flat_json_copy(json, "why", tasks->why, sizeof(tasks->why))
		       ? NULL
		       : "has names that are too long";
}

static const char *read_lost(const struct flat_json *json, struct recording_lost *lost)
{
	lost->vm = flat_json_number(json, "vm");
	lost->vcpu = flat_json_number(json, "vcpu");
	lost->records = flat_json_number(json, "records");
	return NULL;
}

static const char *read_end(const struct flat_json *json, struct recording_end *end)
{
	end->time = flat_json_number(json, "t");
	end->samples = flat_json_number(json, "samples");
	return NULL;
}

static enum recording_type type_of(const char *word)
{
	for (size_t i = 0; i < RECORDING_TYPES; i++)
		if (!strcmp(recording_type_words[i], word))
			return (enum recording_type)i;
	return RECORDING_OTHER;
}

/* Of a VM that there can be. */
static bool is_of_a_vm(const struct recording_line *line)
{
	switch (line->type) {
	case RECORDING_SYMBOL: return line->symbol.vm <= RECORDING_VMS;
	case RECORDING_LOST: return line->lost.vm <= RECORDING_VMS;
	case RECORDING_VCPU: return line->vcpu.vm <= RECORDING_VMS;
	case RECORDING_TASKS: return line->tasks.vm <= RECORDING_VMS;
	case RECORDING_VM: return line->vm.vm <= RECORDING_VMS;
	case RECORDING_MODULE: return line->module.vm <= RECORDING_VMS;
	default: return true;
	}
}

static const char *read_type(const struct flat_json *json, struct recording_line *line)
{
	switch (line->type) {
	case RECORDING_HEADER: return read_header(json, &line->header);
	case RECORDING_SYMBOL: return read_symbol(json, &line->symbol);
	case RECORDING_SAMPLE: return read_sample(json, &line->sample);
	case RECORDING_LOST: return read_lost(json, &line->lost);
	case RECORDING_VCPU: return read_vcpu(json, &line->vcpu);
	case RECORDING_REASON: return read_reason(json, &line->reason);
	case RECORDING_TASKS: return read_tasks(json, &line->tasks);
	case RECORDING_MAPPING: return read_mapping(json, &line->mapping);
	case RECORDING_VM: return read_vm(json, &line->vm);
	case RECORDING_FINDING: return read_finding(json, &line->finding);
	case RECORDING_MODULE: return read_module(json, &line->module);
	case RECORDING_END: return read_end(json, &line->end);
	case RECORDING_OTHER: break;
	}
	return NULL;
}

static const char *read_line(const struct flat_json *json, struct recording_line *line)
{
	const char *why;

	memset(line, 0, sizeof(*line));
	line->type = type_of(flat_json_text(json, "type"));
	why = read_type(json, line);
	return why || is_of_a_vm(line) ? why : "has a VM of impossible number";
}

bool recording_read(char *text, size_t len, struct recording_line *line, const char **why)
{
	struct flat_json json;

	*why = "is no flat JSON object";
	if (!flat_json_read(&json, text, len))
		return false;
	*why = read_line(&json, line);
	return *why == NULL;
}
