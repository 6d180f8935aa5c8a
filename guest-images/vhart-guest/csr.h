/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSRs of this hart, by name or by number: csr_read(sstatus), csr_write(CSR_STIMECMP, time). One
 * instruction each, and a barrier for the compiler. One that the hart has not is an illegal
 * instruction: see trap.h.
 */
#ifndef GUEST_CSR_H
#define GUEST_CSR_H

#include <stdint.h>

#include "base/riscv.h"

#define CSR_NAME(csr) #csr

#define csr_read(csr)                                                                              \
	__extension__({                                                                            \
		uint64_t csr_read_;                                                                \
		__asm__ volatile("csrr %0, " CSR_NAME(csr) : "=r"(csr_read_) : : "memory");        \
		csr_read_;                                                                         \
	})
/* Writes VALUE and gives what was there. */
#define csr_swap(csr, value)                                                                       \
	__extension__({                                                                            \
		uint64_t csr_swap_;                                                                \
		__asm__ volatile("csrrw %0, " CSR_NAME(csr) ", %1"                                 \
				 : "=r"(csr_swap_)                                                 \
				 : "r"((uint64_t)(value))                                          \
				 : "memory");                                                      \
		csr_swap_;                                                                         \
	})
#define csr_write(csr, value)                                                                      \
	__asm__ volatile("csrw " CSR_NAME(csr) ", %0" : : "r"((uint64_t)(value)) : "memory")
/* Sets, or clears, the bits that are 1 in BITS. */
#define csr_set(csr, bits)                                                                         \
	__asm__ volatile("csrs " CSR_NAME(csr) ", %0" : : "r"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits)                                                                       \
	__asm__ volatile("csrc " CSR_NAME(csr) ", %0" : : "r"((uint64_t)(bits)) : "memory")

#endif
