/* SPDX-License-Identifier: Apache-2.0 */
/* How a verb is done. */
#include <stdio.h>

#include "vmm/control/verbs.h"

static bool run_with_machine(const struct verb *verb, struct verb_call *call)
{
	bool done;

	if (verb->when == WHEN_HELD) {
		call->machine = control_hold(call->control, call->error);
		if (!call->machine)
			return false;
		done = verb->run(call);
		control_let_go(call->control);
		return done;
	}
	call->machine = control_take(call->control);
	if (!call->machine) {
		snprintf(call->error, sizeof(call->error),
			 "the machine has ended, or does not start");
		return false;
	}
	done = verb->run(call);
	control_release(call->control);
	return done;
}

json_object *verb_do(const struct verb *verb, json_object *args, struct verb_call *call)
{
	bool done = verb_take_arguments(verb, args, call->control->config->cpus, call->args,
					call->error);

	if (!done)
		return NULL;
	call->machine = NULL;
	call->result = json_object_new_object();
	done = verb->when == WHEN_EVER ? verb->run(call) : run_with_machine(verb, call);
	if (done)
		return call->result;
	json_object_put(call->result);
	return NULL;
}
