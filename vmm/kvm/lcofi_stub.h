/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LCOFI made pending by the vCPU itself: between two KVM_RUNs of the guest it executes three
 * instructions of the VMM's, which set bit 13 of sip.
 *
 * Where KVM lets a guest take LCOFI it has bit 13 set in hvien and clear in hideleg (aia.c), and
 * then the guest itself may write the bit in its sip (AIA, section 6.3.2); KVM keeps what it finds
 * in hvip (kvm_arch_vcpu_put()) and knows that the guest clears it
 * (kvm_riscv_vcpu_sync_interrupts()). This is so on every kernel with AIA and Sscofpmf, also where
 * KVM puts the bit into the wrong place when it is written from outside (6.12).
 *
 * An interrupt of the host's between the write and KVM_RUN's return makes KVM enter the vCPU again
 * with the hvip that it knows (kvm_riscv_update_hvip()), and the bit is gone. So they tell what was
 * pending before, and are executed until that has the bit: then KVM has it, and keeps it.
 *
 * The instructions are in a page that the guest is told nothing of and cannot write. They run in
 * VS-mode, without translation and with interrupts off, and end with a store to where nothing is.
 * All that they change is saved before and put back afterwards: pc, a0, the mode, sstatus, satp.
 * What else they could disturb:
 * - A reservation of LR is gone by then: KVM_RUN has returned, and the host executes SC when it
 *   returns from a trap. They make none.
 * - A completion of KVM's that waits (MMIO, SBI, CSR) is committed first.
 * - A hart that is stopped and started anew (HSM) in between forgets them: KVM resets its
 *   registers. That it is still in them is looked at when KVM_RUN has returned.
 *
 * Threads: on the vCPU's.
 */
#ifndef VHART_LCOFI_STUB_H
#define VHART_LCOFI_STUB_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

struct lcofi_stub {
	int vcpu_fd;
	struct kvm_run *run;
	bool entered;	     /* the vCPU is to execute them, or does */
	uint64_t exits;	     /* that were theirs: KVM counts them among the guest's */
	unsigned int rounds; /* of this time */
	uint64_t pc, a0, mode, sstatus, satp; /* the guest's, while entered */
};

/* The page, as a memory slot of the VM, once. 0 or -errno. */
int lcofi_stub_add_page(int vm_fd);

enum lcofi_stub_end {
	LCOFI_STUB_DONE,     /* LCOFI is pending, the vCPU is as it was */
	LCOFI_STUB_RETURNED, /* KVM_RUN returned something else: see RESULT */
	LCOFI_STUB_FAILED,   /* -errno in RESULT; nothing is pending, the vCPU is as it was */
};

/*
 * Goes on with making LCOFI pending, from wherever it is. RETURNED: RESULT is KVM_RUN's, to be
 * handled as that of any other: -EINTR, and it is to be called again; or 0, and the exit is the
 * guest's, whose hart has been reset and has no LCOFI pending.
 */
enum lcofi_stub_end lcofi_stub_raise(struct lcofi_stub *stub, int *result);

/* Nothing will be raised any more: the vCPU is as it was. */
void lcofi_stub_abandon(struct lcofi_stub *stub);

#endif
