/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of a hart that makes an SBI call, on its vCPU's thread while the call is answered. The
 * hart goes on with what was set and with the answer at once.
 */
#ifndef VHART_CALLING_HART_H
#define VHART_CALLING_HART_H

#include <stdint.h>

#include "sbi/sbi.h"
#include "vmm/debug/registers.h"

struct vcpu;

/*
 * WHICH has at most 8 bytes. pc is where the hart goes on: behind the ecall, unless it is set. a0
 * and a1 are the answer's, which is written over what is set here. 0 or -errno, as
 * registers_read() and registers_write() have them; ENOENT of one that is wider, too.
 */
int calling_hart_get(const struct vcpu *vcpu, const struct sbi_call *call,
		     const struct hart_register *which, uint64_t *value);
int calling_hart_set(struct vcpu *vcpu, const struct sbi_call *call,
		     const struct hart_register *which, uint64_t value);

#endif
