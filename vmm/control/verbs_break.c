/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for breakpoints and steps. */
#include <inttypes.h>
#include <stdio.h>

#include "vmm/control/verbs.h"
#include "vmm/machine/machine_private.h"

static void add_number(json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

static bool is_pending(struct control *control, uint32_t id)
{
	struct breakpoint one;

	for (unsigned int i = 0; breakpoints_get(&control->breakpoints, i, &one); i++)
		if (one.id == id)
			return !one.inserted;
	return false;
}

bool verb_breakpoint(struct verb_call *call)
{
	struct breakpoint wanted = {.owner = BREAK_BY_VERB,
				    .hart = call->args[1].given ? (uint32_t)call->args[1].number
								: ANY_HART,
				    .physical = call->args[2].number != 0};
	uint32_t id;

	if (!verb_address(call, 0, &wanted.address))
		return false;
	id = breakpoints_add(&call->control->breakpoints, call->machine, &wanted);
	if (!id)
		return verb_fail(call, "breakpoint",
				 "there are %u breakpoints already, or this kernel's KVM has none",
				 BREAKPOINTS_MAX);
	add_number(call->result, "breakpoint", id);
	verb_add_hex(call, "address", wanted.address);
	json_object_object_add(call->result, "pending",
			       json_object_new_boolean(is_pending(call->control, id)));
	return true;
}

bool verb_unbreak(struct verb_call *call)
{
	const uint64_t id = call->args[0].number;

	if (id <= UINT32_MAX &&
	    breakpoints_remove(&call->control->breakpoints, call->machine, (uint32_t)id))
		return true;
	return verb_fail(call, "unbreak", "there is no breakpoint %" PRIu64, id);
}

static json_object *breakpoint_object(const struct breakpoint *one)
{
	json_object *object = json_object_new_object();
	char address[24];

	snprintf(address, sizeof(address), "0x%" PRIx64, one->address);
	add_number(object, "breakpoint", one->id);
	json_object_object_add(object, "address", json_object_new_string(address));
	json_object_object_add(object, "physical", json_object_new_boolean(one->physical));
	json_object_object_add(object, "pending", json_object_new_boolean(!one->inserted));
	if (one->hart != ANY_HART)
		add_number(object, "hart", one->hart);
	return object;
}

bool verb_breakpoints(struct verb_call *call)
{
	json_object *array = json_object_new_array();
	struct breakpoint one;

	for (unsigned int i = 0; breakpoints_get(&call->control->breakpoints, i, &one); i++)
		if (one.owner == BREAK_BY_VERB)
			json_object_array_add(array, breakpoint_object(&one));
	json_object_object_add(call->result, "breakpoints", array);
	return true;
}

static void add_pc(struct verb_call *call, unsigned int hart)
{
	struct machine *machine = control_take(call->control);
	uint64_t pc = 0;

	if (!machine)
		return;
	kvm_get_reg(machine->vcpus[hart].fd, KVM_CORE_REG(regs.pc), &pc);
	control_release(call->control);
	verb_add_hex(call, "pc", pc);
}

bool verb_step(struct verb_call *call)
{
	unsigned int hart = (unsigned int)call->args[0].number;
	enum step_end end;

	if (!control_step(call->control, &hart, &end, call->error))
		return false;
	add_number(call->result, "hart", hart);
	add_pc(call, hart);
	return true;
}
