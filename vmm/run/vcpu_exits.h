/* SPDX-License-Identifier: Apache-2.0 */
/* What is done about each return of KVM_RUN. On the vCPU's thread, without the machine's lock. */
#ifndef VHART_VCPU_EXITS_H
#define VHART_VCPU_EXITS_H

#include <stdbool.h>

struct vcpu;

/* KVM_RUN returned 0: by vcpu->run->exit_reason. */
void vcpu_handle_exit(struct vcpu *vcpu);

/* KVM_RUN failed for REASON. False: the vCPU cannot go on, and the machine ends. */
bool vcpu_goes_on(struct vcpu *vcpu, int reason);

/* It failed for REASON for good: error(), and the machine ends. */
void vcpu_failed(struct vcpu *vcpu, int reason);

#endif
