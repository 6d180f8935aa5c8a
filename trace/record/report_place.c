/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "function", "function [module]", by pc "function+0x1c". */
static void name_place(const struct report_places *places, const struct symbol_place *place,
		       bool returns, const char *module, struct profile_frame *frame,
		       char out[PROFILE_NAME])
{
	char offset[24] = "";

	if (places->by_pc)
		snprintf(offset, sizeof(offset), "+0x%" PRIx64, place->offset + returns);
	else
		frame->address = place->start;
	snprintf(out, PROFILE_NAME, "%s%s%s%s%s", place->name, offset, *module ? " [" : "", module,
		 *module ? "]" : "");
}

/* Whether code at an address of no file may be what a process made: where nothing is known of it,
 * that it is mapped, or a file that has no name. */
static bool may_be_made(const char *file)
{
	return !file || !*file || !strncmp(file, "/memfd:", 7);
}

/* Code of a process, by its function where that is known, also of what it made itself
 * ("function [JIT]"), else by the file that it is of: "[libc.so.6]", by pc "libc.so.6+0x1c", where
 * that is in the file. */
static void name_user(const struct report_places *places, bool returns,
		      const struct recording_task *task, struct profile_frame *frame,
		      char out[PROFILE_NAME])
{
	struct symbol_place place;
	uint64_t address = frame->address, offset = 0;
	const char *file = report_maps_find(places->maps, task->space, address, &offset);
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (!may_be_made(file) && places->users &&
	    user_symbols_find(places->users, file, offset - returns, &place)) {
		name_place(places, &place, returns, slash ? slash + 1 : file, frame, out);
		return;
	}
	if (may_be_made(file) && places->users && task->known &&
	    user_symbols_find_made(places->users, task->process, address - returns, &place)) {
		name_place(places, &place, returns, "JIT", frame, out);
		return;
	}
	if (slash)
		file = slash + 1;
	if (!places->by_pc)
		frame->address = 0;
	if (!file && places->by_pc)
		snprintf(out, PROFILE_NAME, "0x%016" PRIx64, address);
	else if (!file)
		snprintf(out, PROFILE_NAME, "[user]");
	else if (!*file)
		snprintf(out, PROFILE_NAME, "[no file]");
	else if (places->by_pc)
		snprintf(out, PROFILE_NAME, "%s+0x%" PRIx64, file, offset);
	else
		snprintf(out, PROFILE_NAME, "[%s]", file);
}

/* Code of the guest's kernel, that is none of the kernel itself: by its function in a module where
 * that is known, else "[virtiofs]", by pc "virtiofs+0x1c". What is nobody's is its address. */
static void name_module(const struct report_places *places, bool returns,
			struct profile_frame *frame, char out[PROFILE_NAME])
{
	struct symbol_place place;
	uint64_t address = frame->address;
	const struct recording_module *module =
		report_modules_find(places->modules, address - returns, &place);

	if (module && place.name) {
		name_place(places, &place, returns, module->name, frame, out);
	} else if (module && places->by_pc) {
		snprintf(out, PROFILE_NAME, "%s+0x%" PRIx64, module->name, address - module->start);
	} else if (module) {
		frame->address = module->start;
		snprintf(out, PROFILE_NAME, "[%s]", module->name);
	} else {
		snprintf(out, PROFILE_NAME, "0x%016" PRIx64, address);
	}
}

void report_place_name(const struct report_places *places, uint64_t address, bool returns,
		       const struct recording_task *task, struct profile_frame *frame,
		       char out[PROFILE_NAME])
{
	struct symbol_place place;

	frame->name = out;
	frame->address = address;
	/* A call may be the last instruction of its function. */
	if (!symbols_lookup(places->symbols, address - returns, &place)) {
		if (frame->kind == PROFILE_GUEST_USER)
			name_user(places, returns, task, frame, out);
		else
			name_module(places, returns, frame, out);
		return;
	}
	name_place(places, &place, returns, place.module, frame, out);
}
