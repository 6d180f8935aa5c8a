/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that stop and start a hart, as its HSM state has it, and the machine's statistics. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm/control/statistics.h"
#include "vmm/control/verbs.h"
#include "vmm/machine/machine_private.h"

static bool set_state(struct verb_call *call, const char *verb, uint32_t mp_state)
{
	const struct vcpu *vcpu = &call->machine->vcpus[call->args[0].number];
	struct kvm_mp_state state = {.mp_state = mp_state};

	return ioctl(vcpu->fd, KVM_SET_MP_STATE, &state) == 0 ||
	       verb_fail(call, verb, "KVM_SET_MP_STATE: %s", strerror(errno));
}

bool verb_hart_stop(struct verb_call *call)
{
	return set_state(call, "hart-stop", KVM_MP_STATE_STOPPED);
}

bool verb_hart_start(struct verb_call *call)
{
	return set_state(call, "hart-start", KVM_MP_STATE_RUNNABLE);
}

/* ---- statistics ---- */

bool verb_statistics(struct verb_call *call)
{
	struct machine *machine = call->machine;
	struct statistics_hart *harts = calloc(machine->vcpu_count, sizeof(*harts));

	if (!harts)
		return verb_fail(call, "statistics", "no memory");
	for (unsigned int i = 0; i < machine->vcpu_count; i++) {
		harts[i].exits = machine->vcpus[i].exits;
		kvm_stats_add(&harts[i].kvm, machine->vcpus[i].fd);
	}
	statistics_add(call->result, harts, machine->vcpu_count,
		       atomic_load(&machine->guest_errors));
	free(harts);
	return true;
}
