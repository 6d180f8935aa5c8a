/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What KVM does to a hart whose instruction it does not emulate: the illegal-instruction exception
 * is taken (arch/riscv/kvm/vcpu_exit.c, kvm_riscv_vcpu_trap_redirect()). And the way back. Pure.
 */
#ifndef VHART_REDIRECT_H
#define VHART_REDIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/riscv.h"

struct redirected_hart {
	uint64_t pc, sstatus;
	bool supervisor;
};

/*
 * HART, redirected from the 4-byte instruction at PC, goes on behind it as if it had not trapped.
 *
 * What the redirect overwrote stays lost: sepc, scause, stval, and the SPP and SPIE of before. A
 * hart uses these between the entry of a trap, which sets all of them, and the moment in which its
 * handler has saved them, or from when it has restored sepc, SPP and SPIE to its sret. So they are
 * dead for a guest that reads no counter in the first and the last instructions of its trap
 * handler; Linux's (arch/riscv/kernel/entry.S) has there only its loads and stores.
 */
static inline void redirect_undo(struct redirected_hart *hart, uint64_t pc)
{
	hart->supervisor = hart->sstatus & SSTATUS_SPP;
	if (hart->sstatus & SSTATUS_SPIE)
		hart->sstatus |= SSTATUS_SIE;
	hart->pc = pc + 4;
}

#endif
