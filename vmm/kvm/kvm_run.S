/* SPDX-License-Identifier: Apache-2.0 */
/* KVM_RUN, and how a signal leaves it without the way back through the kernel. See kvm.h. */
#include <asm/unistd.h>

#define KVM_RUN	 0xae80 /* _IO(KVMIO, 0x80) */
#define UC_PC	 176 /* offsets in ucontext_t: checked in kvm.c */
#define UC_RA	 184
#define UC_SP	 192
#define UC_A0	 256

	.text
/* int kvm_run(int vcpu_fd) */
	.globl kvm_run
	.type kvm_run, @function
kvm_run:
	li	a1, KVM_RUN
	li	a2, 0
	li	a7, __NR_ioctl
	ecall
kvm_run_returned:
	ret
	.size kvm_run, . - kvm_run

/*
 * void kvm_run_leave(int number, siginfo_t *info, void *ucontext), a signal handler. kvm_run keeps
 * nothing on the stack, and the kernel leaves all registers that a function must preserve as they
 * were, but for sp and ra. So where the signal came between the ecall and the ret, what sigreturn
 * would do is to set these two and a0.
 */
	.globl kvm_run_leave
	.type kvm_run_leave, @function
kvm_run_leave:
#ifdef __SANITIZE_THREAD__
	/* Its runtime calls handlers from one of its own, and has to be returned to. */
	ret
#endif
	ld	t0, UC_PC(a2)
	lla	t1, kvm_run_returned
	bne	t0, t1, 1f
	ld	a0, UC_A0(a2)
	ld	ra, UC_RA(a2)
	ld	sp, UC_SP(a2)
1:	ret
	.size kvm_run_leave, . - kvm_run_leave

	.section .note.GNU-stack, "", @progbits
