/* SPDX-License-Identifier: Apache-2.0 */
/* A flat JSON object (RFC 8259) on a line: strings and whole numbers; no other value is wanted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex_digit.h"
#include "trace/record/recording.h"

const char recording_of_another_version[] = "is of another version of vhart";

/* More than any type of line has. */
#define FIELDS 32u

struct field {
	const char *key, *text; /* TEXT: NULL where it is a number */
	uint64_t number;
	bool known; /* false: a value of another kind */
};

struct recording_reader {
	char *at, *end;
	struct field fields[FIELDS];
	unsigned int count;
};

static void skip_space(struct recording_reader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
					    *reader->at == '\r' || *reader->at == '\n'))
		reader->at++;
}

static bool take(struct recording_reader *reader, char wanted)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != wanted)
		return false;
	reader->at++;
	return true;
}

/* \uXXXX, behind the u. What is no character of its own (surrogates, 0) becomes '?'. */
static char *read_unicode(struct recording_reader *reader, char *to)
{
	uint32_t code = 0;

	for (int i = 0; i < 4; i++, reader->at++) {
		int digit = reader->at < reader->end ? hex_digit(*reader->at) : -1;

		if (digit < 0)
			return NULL;
		code = code << 4 | (uint32_t)digit;
	}
	if (!code || (code >= 0xD800 && code <= 0xDFFF))
		code = '?';
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xC0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3F));
	} else {
		*to++ = (char)(0xE0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3F));
		*to++ = (char)(0x80 | (code & 0x3F));
	}
	return to;
}

static char *read_escape(struct recording_reader *reader, char *to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name;
	char escape;

	if (reader->at == reader->end)
		return NULL;
	escape = *reader->at++;
	if (escape == 'u')
		return read_unicode(reader, to);
	name = escape ? strchr(names, escape) : NULL;
	if (!name)
		return NULL;
	*to++ = values[name - names];
	return to;
}

/* In place: what is read is never longer than how it was written. */
static const char *read_string(struct recording_reader *reader)
{
	char *start, *to;

	if (!take(reader, '"'))
		return NULL;
	start = to = reader->at;
	while (reader->at < reader->end) {
		char byte = *reader->at++;

		if (byte == '"') {
			*to = '\0';
			return start;
		}
		if ((unsigned char)byte < 0x20)
			return NULL;
		if (byte != '\\')
			*to++ = byte;
		else if (!(to = read_escape(reader, to)))
			return NULL;
	}
	return NULL;
}

static bool read_number(struct recording_reader *reader, uint64_t *number)
{
	char *start = reader->at;

	*number = 0;
	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
		uint64_t digit = (uint64_t)(*reader->at - '0');

		if (*number > (UINT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return reader->at > start;
}

static bool read_value(struct recording_reader *reader, struct field *field)
{
	static const char *const words[] = {"true", "false", "null"};

	skip_space(reader);
	if (reader->at == reader->end)
		return false;
	field->known = true;
	if (*reader->at == '"')
		return (field->text = read_string(reader)) != NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(reader->end - reader->at) < len ||
		    memcmp(reader->at, words[i], len) != 0)
			continue;
		reader->at += len;
		field->known = false;
		return true;
	}
	return read_number(reader, &field->number);
}

static bool read_object(struct recording_reader *reader)
{
	if (!take(reader, '{'))
		return false;
	do {
		struct field *field = &reader->fields[reader->count];

		if (reader->count == FIELDS)
			return false;
		*field = (struct field){.key = read_string(reader)};
		if (!field->key || !take(reader, ':') || !read_value(reader, field))
			return false;
		reader->count++;
	} while (take(reader, ','));
	if (!take(reader, '}'))
		return false;
	skip_space(reader);
	return reader->at == reader->end;
}

/* ---- fields ---- */

static const struct field *find(const struct recording_reader *reader, const char *key)
{
	for (unsigned int i = 0; i < reader->count; i++)
		if (reader->fields[i].known && !strcmp(reader->fields[i].key, key))
			return &reader->fields[i];
	return NULL;
}

static const char *text_of(const struct recording_reader *reader, const char *key)
{
	const struct field *field = find(reader, key);

	return field && field->text ? field->text : "";
}

static uint64_t number_of(const struct recording_reader *reader, const char *key)
{
	const struct field *field = find(reader, key);

	return field && !field->text ? field->number : 0;
}

static bool has_number(const struct recording_reader *reader, const char *key)
{
	const struct field *field = find(reader, key);

	return field && !field->text;
}

/* "0x1f" at the LEN bytes TEXT. */
static bool parse_hex(const char *text, size_t len, uint64_t *value)
{
	*value = 0;
	if (len < 3 || len > 18 || text[0] != '0' || text[1] != 'x')
		return false;
	for (size_t i = 2; i < len; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		*value = *value << 4 | (uint64_t)digit;
	}
	return true;
}

static bool read_hex(const struct recording_reader *reader, const char *key, uint64_t *value)
{
	const char *text = text_of(reader, key);

	return parse_hex(text, strlen(text), value);
}

static bool read_callers(const struct recording_reader *reader, struct recording_sample *sample)
{
	const char *text = text_of(reader, "callers");

	while (*text) {
		size_t len = strcspn(text, " ");

		if (sample->depth == RECORDING_CALLERS ||
		    !parse_hex(text, len, &sample->callers[sample->depth++]))
			return false;
		text += len + (text[len] == ' ');
	}
	return true;
}

static bool copy(const struct recording_reader *reader, const char *key, char *to, size_t size)
{
	return (size_t)snprintf(to, size, "%s", text_of(reader, key)) < size;
}

/* ---- lines ---- */

static const char *read_header(const struct recording_reader *reader,
			       struct recording_header *header)
{
	if (strcmp(text_of(reader, "vhart"), "recording") != 0)
		return "is no recording of vhart's";
	if (number_of(reader, "version") - 1 >= RECORDING_VERSION)
		return recording_of_another_version;
	if (!copy(reader, "event", header->event, sizeof(header->event)) || !header->event[0])
		return "does not say what was sampled";
	if (!copy(reader, "vm", header->vm, sizeof(header->vm)) ||
	    !copy(reader, "why", header->why, sizeof(header->why)) ||
	    !copy(reader, "way", header->way, sizeof(header->way)) ||
	    !copy(reader, "kernel", header->kernel, sizeof(header->kernel)))
		return "has names that are too long";
	header->period = number_of(reader, "period");
	header->frequency = number_of(reader, "frequency");
	header->pid = number_of(reader, "pid");
	header->start = number_of(reader, "start");
	header->realtime = number_of(reader, "realtime");
	header->chains = number_of(reader, "chains") != 0;
	return NULL;
}

static const char *read_symbol(const struct recording_reader *reader,
			       struct recording_symbol *symbol)
{
	if (!read_hex(reader, "start", &symbol->start) ||
	    !copy(reader, "name", symbol->name, sizeof(symbol->name)) || !symbol->name[0] ||
	    !copy(reader, "module", symbol->module, sizeof(symbol->module)))
		return "has a symbol without its name or address";
	symbol->size = number_of(reader, "size");
	return NULL;
}

static const char *read_sample(const struct recording_reader *reader,
			       struct recording_sample *sample)
{
	const char *mode = text_of(reader, "mode");

	if (!has_number(reader, "vcpu") || !read_hex(reader, "pc", &sample->pc))
		return "has a sample without its vCPU or pc";
	if (strcmp(mode, "u") != 0 && strcmp(mode, "g") != 0)
		return "has a sample of an unknown mode";
	if (!copy(reader, "exit", sample->exit, sizeof(sample->exit)))
		return "has names that are too long";
	if (!read_callers(reader, sample))
		return "has callers that are no addresses";
	sample->user = *mode == 'u';
	sample->time = number_of(reader, "t");
	sample->vcpu = number_of(reader, "vcpu");
	sample->count = number_of(reader, "n");
	sample->ns = number_of(reader, "ns");
	sample->vmm_ns = number_of(reader, "vmm_ns");
	return sample->vcpu <= INT32_MAX ? NULL : "has a vCPU of impossible number";
}

static const char *read_vcpu(const struct recording_reader *reader, struct recording_vcpu *vcpu)
{
	vcpu->vcpu = number_of(reader, "vcpu");
	vcpu->overflows = number_of(reader, "overflows");
	return read_hex(reader, "stvec", &vcpu->stvec) ? NULL : "has a vCPU without its stvec";
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

static bool read_columns(const struct recording_reader *reader, struct recording_reason *reason)
{
	const char *text = text_of(reader, "columns");

	while (*text)
		if (reason->count == RECORDING_COLUMNS ||
		    !parse_number(&text, &reason->columns[reason->count++]) || !parse_space(&text))
			return false;
	return true;
}

static bool read_buckets(const struct recording_reader *reader, struct recording_reason *reason)
{
	const char *text = text_of(reader, "buckets");
	uint32_t bucket;

	while (*text)
		if (!parse_number(&text, &bucket) || bucket >= EXIT_BUCKETS || *text++ != ':' ||
		    !parse_number(&text, &reason->buckets[bucket]) || !parse_space(&text))
			return false;
	return true;
}

static const char *read_reason(const struct recording_reader *reader,
			       struct recording_reason *reason)
{
	if (!copy(reader, "exit", reason->exit, sizeof(reason->exit)))
		return "has names that are too long";
	reason->from = number_of(reader, "from");
	reason->step = number_of(reader, "step");
	reason->min = number_of(reader, "min_ns");
	reason->max = number_of(reader, "max_ns");
	if (!reason->step || reason->step > UINT64_MAX / RECORDING_COLUMNS ||
	    reason->from > UINT64_MAX - RECORDING_COLUMNS * reason->step ||
	    !read_columns(reader, reason))
		return "has exits without the columns of time in which they came";
	return read_buckets(reader, reason) ? NULL : "has exits without how long they took";
}

static const char *read_mapping(const struct recording_reader *reader,
				struct recording_mapping *mapping)
{
	mapping->space = number_of(reader, "space");
	mapping->offset = number_of(reader, "offset");
	if (!read_hex(reader, "start", &mapping->start) ||
	    !read_hex(reader, "end", &mapping->end) || mapping->start >= mapping->end ||
	    mapping->space - 1 >= RECORDING_SPACES_MAX)
		return "has a mapping without its place";
	return copy(reader, "file", mapping->file, sizeof(mapping->file))
		       ? NULL
		       : "has names that are too long";
}

static const char *read_module(const struct recording_reader *reader,
			       struct recording_module *module)
{
	module->size = number_of(reader, "size");
	if (!read_hex(reader, "start", &module->start) || !module->size ||
	    module->size > UINT32_MAX || module->start > UINT64_MAX - module->size ||
	    !copy(reader, "name", module->name, sizeof(module->name)) || !module->name[0])
		return "has a module without its place or name";
	return NULL;
}

static const char *read_line(const struct recording_reader *reader, struct recording_line *line)
{
	const char *type = text_of(reader, "type");

	memset(line, 0, sizeof(*line));
	if (!strcmp(type, "header")) {
		line->type = RECORDING_HEADER;
		return read_header(reader, &line->header);
	}
	if (!strcmp(type, "symbol")) {
		line->type = RECORDING_SYMBOL;
		return read_symbol(reader, &line->symbol);
	}
	if (!strcmp(type, "sample")) {
		line->type = RECORDING_SAMPLE;
		return read_sample(reader, &line->sample);
	}
	if (!strcmp(type, "vcpu")) {
		line->type = RECORDING_VCPU;
		return read_vcpu(reader, &line->vcpu);
	}
	if (!strcmp(type, "reason")) {
		line->type = RECORDING_REASON;
		return read_reason(reader, &line->reason);
	}
	if (!strcmp(type, "mapping")) {
		line->type = RECORDING_MAPPING;
		return read_mapping(reader, &line->mapping);
	}
	if (!strcmp(type, "module")) {
		line->type = RECORDING_MODULE;
		return read_module(reader, &line->module);
	}
	if (!strcmp(type, "tasks")) {
		line->type = RECORDING_TASKS;
		return copy(reader, "why", line->tasks.why, sizeof(line->tasks.why))
			       ? NULL
			       : "has names that are too long";
	}
	if (!strcmp(type, "lost")) {
		line->type = RECORDING_LOST;
		line->lost.vcpu = number_of(reader, "vcpu");
		line->lost.records = number_of(reader, "records");
	} else if (!strcmp(type, "end")) {
		line->type = RECORDING_END;
		line->end.time = number_of(reader, "t");
		line->end.samples = number_of(reader, "samples");
	}
	return NULL;
}

bool recording_read(char *text, size_t len, struct recording_line *line, const char **why)
{
	struct recording_reader reader = {.at = text, .end = text + len};

	*why = "is no flat JSON object";
	if (!read_object(&reader))
		return false;
	*why = read_line(&reader, line);
	return *why == NULL;
}
