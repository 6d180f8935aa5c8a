/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for the machine as a whole. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "vmm/control/event_json.h"
#include "vmm/control/verbs.h"
#include "vmm/machine/machine_private.h"

static void add_text(struct verb_call *call, const char *name, const char *text)
{
	json_object_object_add(call->result, name, json_object_new_string(text));
}

static void add_number(struct verb_call *call, const char *name, uint64_t number)
{
	json_object_object_add(call->result, name, json_object_new_uint64(number));
}

bool verb_status(struct verb_call *call)
{
	struct control *control = call->control;
	const struct config *config = control->config;
	uint64_t started_ns;

	pthread_mutex_lock(&control->lock);
	started_ns = control->started_ns;
	json_object_object_add(call->result, "name",
			       json_of_bytes(config->name, strlen(config->name)));
	add_number(call, "pid", (uint64_t)getpid());
	add_text(call, "state",
		 !control->machine		 ? "down"
		 : atomic_load(&control->paused) ? "paused"
						 : "running");
	add_number(call, "lives", control->lives);
	pthread_mutex_unlock(&control->lock);
	json_object_object_add(
		call->result, "seconds",
		json_of_seconds(started_ns ? (double)(clock_now() - started_ns) / 1e9 : 0));
	add_number(call, "harts", config->cpus);
	add_number(call, "memory", config->memory);
	return true;
}

bool verb_pause(struct verb_call *call)
{
	return control_pause(call->control, call->error);
}

bool verb_resume(struct verb_call *call)
{
	return control_resume(call->control, NULL, call->error);
}

bool verb_stop(struct verb_call *call)
{
	machine_request_end(call->machine, END_QUIT);
	return true;
}

bool verb_power_key(struct verb_call *call)
{
	const char *why = "the guest has none: start it with --power-key on";

	if (atomic_load(&call->control->paused))
		return verb_fail(call, "power-key", "the machine is paused: resume it first");
	machine_lock(call->machine);
	if (call->machine->power_key)
		why = power_key_press(call->machine->power_key);
	machine_unlock(call->machine);
	return !why || verb_fail(call, "power-key", "%s", why);
}

bool verb_reset(struct verb_call *call)
{
	event_hub_forget(&call->control->hub, EVENT_STARTED);
	machine_request_end(call->machine, END_RESET);
	control_wait_life(call->control);
	return true;
}

bool verb_type(struct verb_call *call)
{
	const struct verb_value *text = &call->args[0];
	size_t typed;

	machine_lock(call->machine);
	typed = console_type(&call->machine->console, text->text, text->len);
	machine_unlock(call->machine);
	add_number(call, "typed", typed);
	if (typed == text->len)
		return true;
	snprintf(call->error, sizeof(call->error),
		 "type: only %zu of %zu bytes were taken: the guest does not read its console",
		 typed, text->len);
	return false;
}
