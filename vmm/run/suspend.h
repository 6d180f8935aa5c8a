/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system suspend of a machine (SBI 3.0, chapter 13). KVM has seen to it that all other harts
 * are stopped, and resets the calling one when its vCPU runs next; to wait is left to us.
 */
#ifndef VHART_SUSPEND_H
#define VHART_SUSPEND_H

#include <stdbool.h>
#include <stdint.h>

struct machine;
struct vcpu;

/*
 * Waits, on the thread of HART, without the machine's lock, until an interrupt is pending that the
 * hart has enabled, a device raises one, or the machine ends.
 */
void suspend_hart(struct machine *machine, unsigned int hart);

/*
 * What KVM's reset at the resume takes and should not, put back once it was made: the timer and
 * what is pending, without which the guest would not see what woke it. And a kindness to guests, of
 * --pmu-profile best: Linux sets scounteren when a hart starts, not when it resumes, and leaves it
 * as KVM's reset has it.
 */
struct suspend_resume {
	bool pending;
	uint64_t sip, compare;
	bool keep_scounteren;
	uint64_t scounteren;
	unsigned int tries;
};
/* On the vCPU's thread, after KVM_RUN was interrupted. */
void suspend_interrupted(struct vcpu *vcpu);

#endif
