/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What a VMM lets those know who watch its vCPUs in the kernel: in struct kvm_run, whose
 * request_interrupt_window KVM looks at on x86 only, so that it is 0 in every other VM. The guest
 * cannot write it. Also compiled for BPF.
 */
#ifndef VHART_OWN_RUN_H
#define VHART_OWN_RUN_H

/* The vCPU runs for the VMM (lcofi_stub.h): its exits are not the guest's. */
#define RUN_MARK_OWN 1u

/* By which way the overflow interrupt came that is pending since the vCPU ran last. */
enum lcofi_by {
	LCOFI_BY_KVM, /* no mark of the VMM's */
	LCOFI_BY_SIP,
	LCOFI_BY_STUB,
	LCOFI_BY_MSI,
	LCOFI_BY_WIRED,
	LCOFI_BYS,
};
#define RUN_MARK_LCOFI	  0x10u /* | enum lcofi_by */
#define RUN_MARK_LCOFI_BY 0x0fu
/* A script answered the SBI call for which the vCPU left last. */
#define RUN_MARK_SCRIPT 0x20u

#endif
