/* SPDX-License-Identifier: Apache-2.0 */
/* The verb for interrupts that no device raises. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm/control/verbs.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"

static bool inject_msi(struct verb_call *call, uint64_t number)
{
	const struct verb_value *hart = &call->args[2];
	const struct machine *machine = call->machine;
	int result;

	if (!machine->has_aia)
		return verb_fail(call, "inject", "the guest has no IMSICs to take an MSI (--aia)");
	if (number < 1 || number > machine->aia.imsic_ids)
		return verb_fail(call, "inject", "an MSI has an identity from 1 to %" PRIu64,
				 machine->aia.imsic_ids);
	result = aia_send_msi(machine->vm_fd, (unsigned int)hart->number, (uint32_t)number);
	return result >= 0 || verb_fail(call, "inject", "KVM_SIGNAL_MSI: %s", strerror(-result));
}

static bool inject_line(struct verb_call *call, uint64_t number)
{
	const struct verb_value *level = &call->args[3];

	if (number < 1 || number >= LINE_COUNT)
		return verb_fail(call, "inject", "a wired interrupt has a number from 1 to %u",
				 LINE_COUNT - 1);
	machine_lock(call->machine);
	machine_irq_set(call->machine, (unsigned int)number, !level->given || level->number);
	machine_unlock(call->machine);
	return true;
}

/* ---- LCOFI ---- */

struct lcofi_errand {
	struct machine *machine;
	bool done;
};

/* Due is what hart_pmu_raise() raises, before the guest goes on. */
static void make_due(struct vcpu *vcpu, void *opaque)
{
	struct lcofi_errand *errand = opaque;

	errand->done = errand->machine->sbi.pmu(errand->machine, vcpu->id) != NULL;
	vcpu->lcofi.due = errand->done;
}

/* The stub would run on a hart that is to stay where it is, and be lost by its start. */
static bool runs(const struct vcpu *vcpu)
{
	struct kvm_mp_state state;

	return !vcpu->suspended && ioctl(vcpu->fd, KVM_GET_MP_STATE, &state) == 0 &&
	       state.mp_state == KVM_MP_STATE_RUNNABLE;
}

static bool inject_lcofi(struct verb_call *call)
{
	struct machine *machine = call->machine;
	const unsigned int hart = (unsigned int)call->args[2].number;
	struct lcofi_errand errand = {.machine = machine};

	if (machine->pmu.answers != CONFIG_PMU_VMM)
		return verb_fail(call, "inject",
				 "an LCOFI is the PMU's, which this process does not answer here "
				 "(run --pmu vmm)");
	if (!machine->lcofi)
		return verb_fail(call, "inject", "this host has no way for it: %s",
				 machine->pmu.line);
	if (!runs(&machine->vcpus[hart]))
		return verb_fail(call, "inject", "hart %u is stopped or suspended", hart);
	pause_errand(machine, hart, make_due, &errand);
	return errand.done || verb_fail(call, "inject", "no memory");
}

bool verb_inject(struct verb_call *call)
{
	const struct verb_value *number = &call->args[1];

	if (!strcmp(call->args[0].text, "lcofi"))
		return number->given ? verb_fail(call, "inject",
						 "an LCOFI has no number: hart=%" PRIu64
						 " says whose it is",
						 number->number)
				     : inject_lcofi(call);
	if (!number->given)
		return verb_fail(call, "inject", "expected a number: the %s",
				 !strcmp(call->args[0].text, "msi") ? "MSI's identity"
								    : "wired interrupt's");
	return !strcmp(call->args[0].text, "msi") ? inject_msi(call, number->number)
						  : inject_line(call, number->number);
}
