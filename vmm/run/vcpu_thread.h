/* SPDX-License-Identifier: Apache-2.0 */
/* A vCPU's thread: its KVM_RUN loop. */
#ifndef VHART_VCPU_THREAD_H
#define VHART_VCPU_THREAD_H

#include <stdbool.h>

struct vcpu;

bool vcpu_start(struct vcpu *vcpu); /* its thread; false after error() */
/* After machine->stopping was set: takes it out of KVM_RUN and waits for its thread. */
void vcpu_stop(struct vcpu *vcpu);

#endif
