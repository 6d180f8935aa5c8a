/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that say where harts and symbols are. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "vmm/control/verbs.h"
#include "vmm/debug/where.h"
#include "vmm/machine/machine_private.h"

bool verb_fail(struct verb_call *call, const char *name, const char *format, ...)
{
	size_t used = (size_t)snprintf(call->error, sizeof(call->error), "%s: ", name);
	va_list args;

	va_start(args, format);
	vsnprintf(call->error + used, sizeof(call->error) - used, format, args);
	va_end(args);
	return false;
}

void verb_add_hex(struct verb_call *call, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_object_object_add(call->result, name, json_object_new_string(text));
}

/* ---- where ---- */

static void add_line(void *lines, const char *line)
{
	json_object_array_add(lines, json_object_new_string(line));
}

bool verb_where(struct verb_call *call)
{
	unsigned int count = call->machine->vcpu_count;
	struct hart_where *harts = calloc(count, sizeof(*harts));
	json_object *lines, *objects;

	if (!harts)
		return verb_fail(call, "where", "no memory");
	lines = json_object_new_array();
	objects = json_object_new_array();
	where_all(call->machine, harts);
	for (unsigned int i = 0; i < count; i++) {
		hart_where_tell(&harts[i], add_line, lines);
		json_object_array_add(objects, hart_where_json(&harts[i]));
	}
	free(harts);
	json_object_object_add(call->result, "lines", lines);
	json_object_object_add(call->result, "harts", objects);
	return true;
}

/* ---- symbols ---- */

static bool no_such_symbol(struct verb_call *call, const char *text)
{
	char near[HART_SYMBOL_MAX], shown[64];

	printable(shown, sizeof(shown), text);
	debug_names_suggest(call->machine->names, text, near);
	snprintf(call->error, sizeof(call->error), "the guest has no symbol '%s'%s%.96s", shown,
		 *near ? ": did you mean " : "", near);
	return false;
}

bool verb_address(struct verb_call *call, unsigned int index, uint64_t *address)
{
	const struct verb_value *value = &call->args[index];

	*address = value->number;
	if (!value->text)
		return true;
	if (!where_names(call->machine)) {
		snprintf(call->error, sizeof(call->error),
			 "the guest's symbols are not known: it is neither an ELF file nor a Linux "
			 "that has them");
		return false;
	}
	return debug_names_read(call->machine->names, value->text, address) ||
	       no_such_symbol(call, value->text);
}

bool verb_symbol(struct verb_call *call)
{
	char symbol[HART_SYMBOL_MAX];
	uint64_t address;

	if (!verb_address(call, 0, &address))
		return false;
	where_names(call->machine);
	debug_names_put(call->machine->names, address, symbol);
	verb_add_hex(call, "address", address);
	json_object_object_add(call->result, "symbol",
			       *symbol ? json_object_new_string(symbol) : NULL);
	return true;
}
