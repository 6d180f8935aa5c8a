/* SPDX-License-Identifier: Apache-2.0 */
/* The verb for the memory balloon. */
#include "base/saturate.h"
#include "devices/balloon.h"
#include "vmm/control/verbs.h"
#include "vmm/machine/machine_private.h"

#define PAGE	   4096u
#define LEAST_LEFT (16ull << 20)

/* By tag, as Linux's drivers/virtio/virtio_balloon.c fills them. */
static const char *const names[BALLOON_STATISTICS] = {
	"swapped-in",	     "swapped-out",    "major-faults",
	"minor-faults",	     "free",	       "total",
	"available",	     "caches",	       "huge-pages",
	"huge-pages-failed", "oom-kills",      "allocation-stalls",
	"async-scanned",     "direct-scanned", "async-reclaimed",
	"direct-reclaimed",
};

static void add_number(json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

/* NULL: its driver said nothing. */
static json_object *guest_says(const struct balloon_statistics *statistics)
{
	json_object *object = NULL;

	for (unsigned int tag = 0; tag < BALLOON_STATISTICS; tag++) {
		if (!statistics->known[tag])
			continue;
		if (!object)
			object = json_object_new_object();
		add_number(object, names[tag], statistics->values[tag]);
	}
	return object;
}

static void ask(struct machine *machine)
{
	const unsigned int *asked = balloon_ask(machine->balloon);

	if (asked)
		machine_wait_answers(machine, asked);
}

bool verb_balloon(struct verb_call *call)
{
	struct machine *machine = call->machine;
	const uint64_t all = machine->config->memory;
	const struct verb_value *memory = &call->args[0];
	struct balloon_state state;

	if (!machine->balloon)
		return verb_fail(call, "balloon", "this VM has none: vhart run --balloon");
	if (memory->given && (memory->number < LEAST_LEFT || memory->number > all))
		return verb_fail(call, "balloon", "expected from 16M to the guest's %lluM",
				 (unsigned long long)(all >> 20));
	machine_lock(machine);
	if (memory->given)
		balloon_want(machine->balloon, (uint32_t)((all - memory->number) / PAGE));
	ask(machine);
	balloon_look(machine->balloon, &state);
	machine_unlock(machine);
	if (!state.driven)
		return verb_fail(call, "balloon",
				 "no driver of the guest serves it (Linux: virtio_balloon)");
	/* What the driver says may be anything. */
	add_number(call->result, "memory", saturating_sub(all, (uint64_t)state.actual * PAGE));
	add_number(call->result, "asked", all - (uint64_t)state.wanted * PAGE);
	add_number(call->result, "returned", state.returned);
	json_object_object_add(call->result, "guest", guest_says(&state.statistics));
	return true;
}
