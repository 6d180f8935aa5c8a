/* SPDX-License-Identifier: Apache-2.0 */
/* SBI calls that a script answers, or wraps: KVM told so, and the forward. */
#ifndef VHART_OVERRIDING_H
#define VHART_OVERRIDING_H

#include <stdbool.h>

#include "vmm/forward/forward.h"

struct machine;
struct vcpu;

/*
 * Adds to RULES what the override of MACHINE needs to see of the calls that KVM keeps to itself,
 * and takes extensions from KVM that it answers. PMU_HERE: this process answers the PMU, so its
 * calls come anyway. Before the vCPUs run. False after error().
 */
bool overriding_add_rules(struct machine *machine, bool pmu_here, struct forward_rules *rules);

/* Whether it has calls that come by the forward only. */
bool overriding_needs_forward(const struct machine *machine);

/* Who asks KVM again about a call that it keeps: for one call, on the vCPU's thread. */
struct vcpu_asks {
	struct sbi_kvm kvm;
	struct vcpu *vcpu;
	struct forwarded *forwarded;
};
void vcpu_asks_init(struct vcpu_asks *asks, struct vcpu *vcpu, struct forwarded *forwarded);

/* On the vCPU's thread, without a lock: waits NS, or until the machine is to end. */
void vcpu_delay(struct vcpu *vcpu, uint64_t ns);

#endif
