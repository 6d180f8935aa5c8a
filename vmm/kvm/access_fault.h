/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses that neither RAM nor a device can answer: atomics, floating point or odd addresses on
 * MMIO, jumps into nothing. KVM gives up on them (KVM_RUN fails); real hardware raises an access
 * fault in the hart that did it, and so does vhart. This is the pure part: which fault.
 */
#ifndef VHART_ACCESS_FAULT_H
#define VHART_ACCESS_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/guest_memory.h"

/* Translates VA as the guest's SATP says (Sv39, Sv48, Sv57 or bare). False: not mapped, or the
 * tables lie outside RAM. Permissions are not checked: the hart has just executed from there. */
bool guest_translate(const struct guest_memory *memory, uint64_t satp, uint64_t va, uint64_t *gpa);

/* Reads the instruction at VA, which may lie on two pages; a 16-bit one in the low half. False: it
 * is not in RAM. */
bool guest_fetch(const struct guest_memory *memory, uint64_t satp, uint64_t va, uint32_t *insn);

/* The cause that fits the instruction at PC: a fetch fault when PC does not lead into RAM. */
uint64_t access_fault_cause(const struct guest_memory *memory, uint64_t satp, uint64_t pc);

#endif
