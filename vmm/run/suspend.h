/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system suspend of a machine (SBI 3.0, chapter 13). KVM has seen to it that all other harts
 * are stopped, and resets the calling one when its vCPU runs next; to wait is left to us.
 */
#ifndef VHART_SUSPEND_H
#define VHART_SUSPEND_H

struct machine;
struct vcpu;

/*
 * Waits, on the thread of HART, without the machine's lock, until an interrupt is pending that the
 * hart has enabled, a device raises one, or the machine ends.
 */
void suspend_hart(struct machine *machine, unsigned int hart);

/* On the vCPU's thread, after KVM_RUN was interrupted. */
void suspend_interrupted(struct vcpu *vcpu);

#endif
