/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/names/sbi_format.h"

#include <inttypes.h>

#include "trace/names/sbi_value.h"
#include "trace/names/text.h"

static const struct sbi_register unknown_arguments[SBI_ARGUMENTS_MAX] = {
	{"a0", SBI_HEX}, {"a1", SBI_HEX}, {"a2", SBI_HEX},
	{"a3", SBI_HEX}, {"a4", SBI_HEX}, {"a5", SBI_HEX},
};

/* NULL: CALL has no argument INDEX. */
static const struct sbi_register *argument_register(const struct sbi_traced_call *call,
						    unsigned int index)
{
	const struct sbi_function *function = sbi_find_function(call->eid, call->fid);
	const struct sbi_register *arguments = function ? function->arguments : unknown_arguments;

	return index < SBI_ARGUMENTS_MAX && arguments[index].name ? &arguments[index] : NULL;
}

static void add_argument(struct text *text, const struct sbi_traced_call *call, unsigned int index,
			 enum sbi_kind kind)
{
	struct sbi_surroundings around = {
		.before = index > 0 ? call->args[index - 1] : 0,
		.after = index + 1 < SBI_ARGUMENTS_MAX ? call->args[index + 1] : 0,
		.now = call->now,
		.timebase = call->timebase,
	};

	sbi_add_value(text, kind, call->args[index], &around);
}

static void add_bytes(struct text *text, const struct sbi_traced_call *call)
{
	text_add(text, " \"");
	text_add_escaped(text, call->bytes, call->length);
	text_add(text, call->cut ? "\"..." : "\"");
}

static void add_fid(struct text *text, uint32_t fid)
{
	text_add(text, fid <= INT16_MAX ? "%" PRIu32 : "%#" PRIx32, fid);
}

static void add_name(struct text *text, uint64_t eid, uint64_t fid)
{
	const struct sbi_named_extension *extension = sbi_find_extension(eid);
	const struct sbi_function *function = sbi_find_function(eid, fid);

	if (function) {
		text_add(text, "%s", function->name);
		return;
	}
	if (extension && extension->function_count)
		text_add(text, "%s.", extension->name);
	else
		text_add(text, "0x%08" PRIx32 ".", (uint32_t)eid);
	add_fid(text, (uint32_t)(sbi_is_legacy(eid) ? eid : fid));
}

size_t sbi_format_name(char *out, size_t size, uint64_t eid, uint64_t fid)
{
	struct text text;

	text_init(&text, out, size);
	add_name(&text, eid, fid);
	return text.length;
}

size_t sbi_format_call(char *out, size_t size, const struct sbi_traced_call *call)
{
	const struct sbi_function *function = sbi_find_function(call->eid, call->fid);
	bool bare = !function || function->bare;
	const struct sbi_register *argument;
	struct text text;

	text_init(&text, out, size);
	add_name(&text, call->eid, call->fid);
	text_add(&text, "(");
	for (unsigned int i = 0; (argument = argument_register(call, i)) != NULL; i++) {
		if (argument->kind == SBI_HIGH)
			continue;
		if (i > 0)
			text_add(&text, bare ? ", " : " ");
		if (!bare)
			text_add(&text, "%s=", argument->name);
		add_argument(&text, call, i, argument->kind);
		if (argument->kind == SBI_BYTES_LOW && call->bytes)
			add_bytes(&text, call);
	}
	text_add(&text, ")");
	return text.length;
}

/* What a1, of legacy functions a0, holds. */
static enum sbi_kind value_kind(const struct sbi_traced_call *call)
{
	const struct sbi_function *function = sbi_find_function(call->eid, call->fid);

	if (function)
		return function->value;
	return sbi_is_legacy(call->eid) ? SBI_DECIMAL : SBI_HEX;
}

bool sbi_has_value(const struct sbi_traced_call *call, const struct sbi_traced_result *result)
{
	const struct sbi_function *function = sbi_find_function(call->eid, call->fid);

	if (!result->known || sbi_is_legacy(call->eid) || value_kind(call) == SBI_NOTHING)
		return false;
	/* Chapter 3: unspecified with an error, unless the function says something else. */
	if (result->error != 0)
		return function && function->value_of_error;
	return function || result->value != 0;
}

size_t sbi_format_result(char *out, size_t size, const struct sbi_traced_call *call,
			 const struct sbi_traced_result *result)
{
	const struct sbi_surroundings none = {0};
	const char *error = sbi_error_name(result->error);
	struct text text;

	text_init(&text, out, size);
	text_add(&text, "= ");
	if (!result->known) {
		text_add(&text, "?");
	} else if (sbi_is_legacy(call->eid)) {
		sbi_add_value(&text, value_kind(call), (uint64_t)result->error, &none);
	} else {
		text_add(&text, "%" PRId64, result->error);
		if (result->error != 0 && error)
			text_add(&text, " %s", error);
	}
	if (sbi_has_value(call, result)) {
		text_add(&text, ", ");
		sbi_add_value(&text, value_kind(call), result->value, &none);
	}
	return text.length;
}

bool sbi_argument(const struct sbi_traced_call *call, unsigned int index,
		  struct sbi_argument *argument)
{
	const struct sbi_register *holds = argument_register(call, index);
	struct text text;

	if (!holds)
		return false;
	argument->name = holds->name;
	argument->value = call->args[index];
	text_init(&text, argument->text, sizeof(argument->text));
	add_argument(&text, call, index, holds->kind);
	return true;
}
