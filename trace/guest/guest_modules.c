/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/guest_modules.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "trace/guest/process_memory.h"

/* A look takes so long at most. */
#define PATIENCE (10 * NS_PER_S)

/* What comes first; behind it modules, symbols and names, where they are others. */
struct answer {
	enum guest_modules_end end;
	size_t modules, symbols, names_len;
};

/* ---- in the helper ---- */

struct request {
	struct process_memory memory;
	const struct task_kernel *kernel;
	const struct module_list *known;
};

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	return process_memory_read(&((const struct request *)opaque)->memory, address, out, size);
}

static bool is_same(const struct module_list *list, const struct module_list *known)
{
	return list->count == known->count &&
	       !memcmp(list->table, known->table, list->count * sizeof(*list->table));
}

static enum guest_modules_end look_at(struct request *request, struct module_list *list)
{
	const struct task_places *places = &request->kernel->places;
	const struct module_reader reader = {.places = places,
					     .modules = &request->kernel->modules,
					     .read = read_memory,
					     .opaque = request};
	uint64_t proof;

	if (!read_memory(request, places->proof_at, &proof, sizeof(proof)) ||
	    proof != places->proof)
		return MODULES_GONE;
	if (!module_list_read(&reader, list))
		return MODULES_NONE;
	if (is_same(list, request->known))
		return MODULES_SAME;
	module_list_read_symbols(&reader, list);
	return MODULES_OTHER;
}

/* All is there before anything is written: whoever reads it does not wait in between. */
static void read_modules(void *opaque, int out)
{
	struct module_list *list = calloc(1, sizeof(*list));
	struct answer answer = {.end = MODULES_NONE};

	if (list)
		answer.end = look_at(opaque, list);
	if (answer.end == MODULES_OTHER) {
		answer.modules = list->count;
		answer.symbols = list->symbols.count;
		answer.names_len = list->symbols.names_len;
	}
	if (!helper_write(out, &answer, sizeof(answer)) || answer.end != MODULES_OTHER)
		return;
	if (helper_write(out, list->table, list->count * sizeof(*list->table)) &&
	    helper_write(out, list->symbols.table, answer.symbols * sizeof(struct symbol)))
		helper_write(out, list->symbols.names, answer.names_len);
}

/* ---- in this process ---- */

void guest_modules_begin(struct guest_modules *look, pid_t pid, const struct task_kernel *kernel,
			 const struct module_list *known)
{
	struct request request = {.kernel = kernel, .known = known};
	bool open = process_memory_open(pid, &request.memory);

	look->running = open && helper_start(&look->helper, read_modules, &request, PATIENCE);
	process_memory_close(&request.memory);
}

/* SIZE bytes of it in memory of their own; NULL: there are none. */
static void *read_array(const struct helper *helper, size_t size)
{
	void *array = size ? malloc(size) : NULL;

	if (array && !helper_read(helper, array, size)) {
		free(array);
		return NULL;
	}
	return array;
}

static enum guest_modules_end read_answer(const struct helper *helper, struct module_list *list)
{
	struct symbols *symbols = &list->symbols;
	struct answer answer;

	list->count = 0;
	*symbols = (struct symbols){0};
	if (!helper_read(helper, &answer, sizeof(answer)))
		return MODULES_NONE;
	if (answer.end != MODULES_OTHER)
		return answer.end;
	if (answer.modules > MODULES_MOST ||
	    !helper_read(helper, list->table, answer.modules * sizeof(*list->table)))
		return MODULES_NONE;
	symbols->table = read_array(helper, answer.symbols * sizeof(*symbols->table));
	symbols->names = symbols->table ? read_array(helper, answer.names_len) : NULL;
	if (answer.symbols && !symbols->names) {
		symbols_free(symbols);
		return MODULES_NONE;
	}
	list->count = answer.modules;
	symbols->count = symbols->room = answer.symbols;
	symbols->names_len = symbols->names_room = symbols->names ? answer.names_len : 0;
	return MODULES_OTHER;
}

bool guest_modules_ended(struct guest_modules *look, uint64_t patience, enum guest_modules_end *end,
			 struct module_list *list)
{
	const struct helper *helper = &look->helper;

	*end = MODULES_NONE;
	if (!look->running)
		return true;
	if (!helper_await(helper, patience) && clock_now() < helper->deadline)
		return false;
	*end = read_answer(helper, list);
	guest_modules_stop(look);
	return true;
}

void guest_modules_stop(struct guest_modules *look)
{
	if (look->running)
		helper_end(&look->helper);
	look->running = false;
}
