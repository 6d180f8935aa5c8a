/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/vcpu_stay.h"

#include <sched.h>
#include <unistd.h>

#include "vmm/kvm/btf_names.h"
#include "vmm/machine/machine_private.h"

/* The field of struct kvm_vcpu_arch by which KVM knows that CSRs were set. */
#define SHORTCUT "csr_dirty"

bool kvm_forgets_csrs(void)
{
	return btf_kvm_names(SHORTCUT);
}

/* Asked once a machine, by whichever thread needs it first: the kernel's types are read for it. */
static bool kvm_has_shortcut(struct machine *machine)
{
	enum csr_shortcut known = atomic_load(&machine->csr_shortcut);

	if (known == CSR_SHORTCUT_UNKNOWN) {
		known = kvm_forgets_csrs() ? CSR_SHORTCUT_TAKEN : CSR_SHORTCUT_NONE;
		atomic_store(&machine->csr_shortcut, known);
	}
	return known == CSR_SHORTCUT_TAKEN;
}

/* Harts that others hold are spread: they may have slept on one CPU. -1: there is none. */
static int choose_cpu(const struct vcpu *vcpu, bool own)
{
	int count = CPU_COUNT(&vcpu->stay.allowed), nth = 0;

	if (own)
		return sched_getcpu();
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &vcpu->stay.allowed) && nth++ == (int)vcpu->id % count)
			return cpu;
	return -1;
}

void vcpu_stay(struct vcpu *vcpu)
{
	const pid_t tid = atomic_load(&vcpu->tid);
	struct vcpu_stay *stay = &vcpu->stay;
	int cpu;

	/* Before its first KVM_RUN there is nothing that could be taken for current. */
	if (stay->stays || !tid || !kvm_has_shortcut(vcpu->machine) ||
	    sched_getaffinity(tid, sizeof(stay->allowed), &stay->allowed) < 0)
		return;
	/* --affinity, or a host of one CPU. */
	if (CPU_COUNT(&stay->allowed) == 1)
		return;
	cpu = choose_cpu(vcpu, tid == gettid());
	if (cpu < 0)
		return;
	CPU_ZERO(&stay->here);
	CPU_SET(cpu, &stay->here);
	stay->stays = sched_setaffinity(tid, sizeof(stay->here), &stay->here) == 0;
}

void vcpu_may_move(struct vcpu *vcpu)
{
	struct vcpu_stay *stay = &vcpu->stay;
	cpu_set_t now;

	if (!stay->stays)
		return;
	stay->stays = false;
	if (sched_getaffinity(0, sizeof(now), &now) == 0 && CPU_EQUAL(&now, &stay->here))
		sched_setaffinity(0, sizeof(stay->allowed), &stay->allowed);
}
