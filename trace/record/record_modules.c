/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_modules.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* One look in so many ns. */
#define AGAIN_NS NS_PER_S

struct numbered_list {
	struct module_list list;
	uint32_t numbers[MODULES_MOST]; /* of those in the list */
};

struct record_modules {
	struct guest_modules look;
	struct numbered_list lists[2];
	struct numbered_list *now, *next; /* what is known, and news of it */
	uint32_t last;			  /* number that was given */
	bool unknown;			  /* code was seen that is in none */
	bool used;			  /* or in one of them */
	uint64_t again;			  /* when one may look again */
};

struct record_modules *record_modules_new(void)
{
	struct record_modules *modules = calloc(1, sizeof(*modules));

	if (!modules)
		return NULL;
	modules->now = &modules->lists[0];
	modules->next = &modules->lists[1];
	return modules;
}

void record_modules_free(struct record_modules *modules)
{
	if (!modules)
		return;
	guest_modules_stop(&modules->look);
	module_list_free(&modules->now->list);
	module_list_free(&modules->next->list);
	free(modules);
}

void record_modules_see(struct record_modules *modules, uint64_t address)
{
	if (module_list_find(&modules->now->list, address))
		modules->used = true;
	else
		modules->unknown = true;
}

bool record_modules_wants(const struct record_modules *modules)
{
	return modules->unknown || modules->used;
}

/* The number of the same module where it is in LIST; 0: it is not. */
static uint32_t number_of(const struct numbered_list *list, const struct guest_module *module)
{
	const struct guest_module *found = module_list_find(&list->list, module->start);

	if (!found || found->start != module->start || found->size != module->size ||
	    strcmp(found->name, module->name) != 0)
		return 0;
	return list->numbers[found - list->list.table];
}

/* Numbers what is next. */
static enum record_modules_news compare(struct record_modules *modules)
{
	struct numbered_list *next = modules->next;
	size_t same = 0;

	for (size_t i = 0; i < next->list.count; i++) {
		uint32_t number = number_of(modules->now, &next->list.table[i]);

		same += number > 0;
		next->numbers[i] = number ? number : ++modules->last;
	}
	return same == modules->now->list.count ? MODULES_ADDED : MODULES_CHANGED;
}

static enum record_modules_news forget(struct record_modules *modules)
{
	guest_modules_stop(&modules->look);
	module_list_free(&modules->next->list);
	return modules->now->list.count ? MODULES_CHANGED : MODULES_AS_BEFORE;
}

static enum record_modules_news take_end(struct record_modules *modules, enum guest_modules_end end)
{
	switch (end) {
	case MODULES_OTHER: return compare(modules);
	case MODULES_GONE: forget(modules); return MODULES_REBOOTED;
	case MODULES_SAME:
	case MODULES_NONE: break;
	}
	return MODULES_AS_BEFORE;
}

enum record_modules_news record_modules_follow(struct record_modules *modules, pid_t pid,
					       const struct task_kernel *kernel, uint64_t patience)
{
	enum guest_modules_end end;
	uint64_t now = clock_now();

	if (!kernel)
		return forget(modules);
	if (!kernel->modules.known)
		return MODULES_AS_BEFORE;
	if (!modules->look.running) {
		if (!record_modules_wants(modules) || (now < modules->again && !patience))
			return MODULES_AS_BEFORE;
		modules->unknown = modules->used = false;
		modules->again = now + AGAIN_NS;
		guest_modules_begin(&modules->look, pid, kernel, &modules->now->list);
	}
	if (!guest_modules_ended(&modules->look, patience, &end, &modules->next->list))
		return MODULES_AS_BEFORE;
	return take_end(modules, end);
}

void record_modules_take(struct record_modules *modules)
{
	struct numbered_list *before = modules->now;

	modules->now = modules->next;
	modules->next = before;
	module_list_free(&before->list);
}

bool record_modules_find(const struct record_modules *modules, uint64_t address,
			 struct record_place *place)
{
	const struct module_list *list = &modules->now->list;

	place->module = module_list_find(list, address);
	if (!place->module)
		return false;
	place->number = modules->now->numbers[place->module - list->table];
	if (!symbols_lookup(&list->symbols, address, &place->function) ||
	    place->function.start < place->module->start)
		place->function = (struct symbol_place){.name = NULL};
	return true;
}
