/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions that the VMM has a vCPU execute for itself: see lcofi_stub.h. They have a page
 * of their own, because the guest's physical memory is given to KVM by pages.
 */
	.section .rodata
	.balign 4096
	.option push
	.option norvc
	.global lcofi_stub_page
	.hidden lcofi_stub_page
lcofi_stub_page:
	lui	a0, 2			/* 1 << 13 */
	csrrs	a0, sip, a0		/* what was pending before */
	sw	a0, 0x7f8(zero)		/* LCOFI_STUB_EXIT: nothing is there, so KVM_RUN returns */
	.space	4096 - 12
	.option pop
	.section .note.GNU-stack, "", @progbits
