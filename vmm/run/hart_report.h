/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the harts of a machine are, for the user: on SIGQUIT, at the guest's first access to
 * nothing, and at an end that the guest did not mean. A vCPU's registers can be read only by its
 * own thread or when that has stopped: whoever asks kicks it, and it reads them itself.
 */
#ifndef VHART_HART_REPORT_H
#define VHART_HART_REPORT_H

#include "vmm/machine/hart_state.h"

struct machine;
struct run_account;
struct vcpu;

/* At the guest's access to what is not there: the first has a report made. Any thread. */
void hart_report_hole(struct machine *machine);
/* Prints it; on the signal thread. Takes at most a second, and the machine's lock in between. */
void hart_report_live(struct machine *machine);
/* On the vCPU's thread, out of KVM_RUN, at a point where it is often. */
void hart_report_look(struct vcpu *vcpu);

/*
 * Looks every now and then, ever more seldom, whether a vCPU that is busy takes one trap for ever:
 * such a machine ends as one whose guest failed. With the machine's lock held.
 */
void hart_report_watch(struct machine *machine);
/* KVM cannot give VCPU even the instruction at PC, which is its trap handler's first. Ends the
 * machine. On the vCPU's thread. */
void hart_report_no_handler(struct vcpu *vcpu);

/* After the vCPUs stopped: into ACCOUNT where they were, and on standard error when the guest
 * failed, did not end, or cannot run. */
void hart_report_end(struct machine *machine, struct run_account *account);

#endif
