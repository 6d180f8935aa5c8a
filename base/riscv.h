/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of the RISC-V privileged specification that more than one file needs. Also compiled
 * for BPF and for guests: plain constants only.
 */
#ifndef VHART_RISCV_H
#define VHART_RISCV_H

/* scause, "Supervisor Cause Register"; 10 and 20 to 23 are the hypervisor extension's. */
#define CAUSE_INTERRUPT		       (1ull << 63)
#define CAUSE_FETCH_ACCESS_FAULT       1u
#define CAUSE_ILLEGAL_INSTRUCTION      2u
#define CAUSE_BREAKPOINT	       3u
#define CAUSE_LOAD_ACCESS_FAULT	       5u
#define CAUSE_STORE_ACCESS_FAULT       7u
#define CAUSE_USER_ECALL	       8u
#define CAUSE_VIRTUAL_SUPERVISOR_ECALL 10u
#define CAUSE_FETCH_PAGE_FAULT	       12u
#define CAUSE_LOAD_PAGE_FAULT	       13u
#define CAUSE_STORE_PAGE_FAULT	       15u
#define CAUSE_FETCH_GUEST_PAGE_FAULT   20u
#define CAUSE_LOAD_GUEST_PAGE_FAULT    21u
#define CAUSE_VIRTUAL_INSTRUCTION      22u
#define CAUSE_STORE_GUEST_PAGE_FAULT   23u

/* Interrupts: their numbers in scause, and their bits in sie and sip. */
#define IRQ_S_SOFT     1u
#define IRQ_S_TIMER    5u
#define IRQ_S_EXTERNAL 9u
#define IRQ_LCOFI      13u /* Sscofpmf */
#define SIP_SSIP       (1ull << IRQ_S_SOFT)
#define SIP_STIP       (1ull << IRQ_S_TIMER)
#define SIP_SEIP       (1ull << IRQ_S_EXTERNAL)
#define SIP_LCOFIP     (1ull << IRQ_LCOFI)

#define SSTATUS_SIE  (1ull << 1)
#define SSTATUS_SPIE (1ull << 5)
#define SSTATUS_SPP  (1ull << 8)
#define SSTATUS_VS   (3ull << 9)
#define SSTATUS_FS   (3ull << 13)
#define SSTATUS_SUM  (1ull << 18)
#define SSTATUS_MXR  (1ull << 19)

/* satp of 64-bit harts, and page tables: "Virtual Address Translation Process". */
#define PAGE_SHIFT	12
#define SATP_MODE_SHIFT 60
#define SATP_MODE_SV39	8u
#define SATP_MODE_SV48	9u
#define SATP_MODE_SV57	10u
#define SATP_PPN	((1ull << 44) - 1)
#define PTE_V		(1ull << 0)
#define PTE_R		(1ull << 1)
#define PTE_W		(1ull << 2)
#define PTE_X		(1ull << 3)
#define PTE_U		(1ull << 4)
#define PTE_A		(1ull << 6)
#define PTE_D		(1ull << 7)
#define PTE_PPN_SHIFT	10
/* Bits 60 and 59 are software's with Svrsw60t59b. */
#define PTE_RESERVED (0x1full << 54)
#define PTE_PBMT     (3ull << 61) /* Svpbmt */
#define PTE_N	     (1ull << 63) /* Svnapot, whose one size is 64 KiB: */
#define NAPOT_SHIFT  16

/* CSRs. */
#define CSR_SEED	    0x015u
#define CSR_CYCLE	    0xC00u /* and 31 more: the counters that a user can read */
#define CSR_TIME	    0xC01u
#define CSR_HPMCOUNTER_LAST 0xC1Fu

/* CSRs that assembly names: without a suffix. */
#define CSR_STIMECMP  0x14D /* Sstc */
#define CSR_SISELECT  0x150 /* AIA */
#define CSR_SIREG     0x151
#define CSR_STOPEI    0x15C
#define CSR_SCOUNTOVF 0xDA0 /* Sscofpmf */

/* AIA 1.0, chapter 3: registers of an IMSIC interrupt file. */
#define IMSIC_EIDELIVERY  0x70u
#define IMSIC_EITHRESHOLD 0x72u
#define IMSIC_EIP0	  0x80u
#define IMSIC_EIE0	  0xC0u

#endif
