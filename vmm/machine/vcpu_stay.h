/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU's thread stays on its CPU, from before CSRs of the guest are set until the guest has run.
 *
 * Linux 7.2's KVM does not load a vCPU's CSRs again on the CPU that it last left the guest on
 * (kvm_arch_vcpu_load()). That they were set meanwhile is forgotten with the next load, on whatever
 * CPU that is. When the thread is preempted there, before the guest runs, and goes on on the CPU
 * before, then what was set is lost: a trap's sepc, or that ebreak comes here (hedeleg). A thread
 * that does not move has no such load. On kernels without that shortcut these do nothing.
 */
#ifndef VHART_VCPU_STAY_H
#define VHART_VCPU_STAY_H

#include <stdbool.h>

struct vcpu;

/* Whether the running kernel's KVM has that shortcut, by its types. */
bool kvm_forgets_csrs(void);

/*
 * CSRs are set next, or what KVM makes of the guest's ebreak. On the vCPU's thread, out of KVM_RUN;
 * or on another, while the hart is held.
 */
void vcpu_stay(struct vcpu *vcpu);
/* On its thread: the guest has run since. The thread has its CPUs back, if nobody gave it others.
 */
void vcpu_may_move(struct vcpu *vcpu);

#endif
