/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest memory for a debugger: by guest-physical address, or by virtual address as a hart sees it
 * through its satp. Only RAM: a device's registers are not read, which could change the device.
 * Pure.
 *
 * Threads: any. Where the guest runs meanwhile, what is read may be torn.
 */
#ifndef VHART_DEBUG_MEMORY_H
#define VHART_DEBUG_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/guest_memory.h"

/* The satp of physical addresses: translation is off (Bare). */
#define DEBUG_PHYSICAL 0ull

/*
 * LEN bytes from ADDRESS on, page by page. Both return how many bytes were moved: fewer than LEN
 * where a page is not mapped, or not in RAM; what is in front of it was moved. What the pages allow
 * (R, W, X, U) does not count: a debugger writes to code.
 *
 * A write also makes the harts fetch what was written: a RISC-V hart may keep old instructions
 * until a FENCE.I (unprivileged spec, "Zifencei"), and the guest does not know that it needs one.
 * The kernel does that FENCE.I on all CPUs where threads of this process run, now or when they come
 * there (riscv_flush_icache(2)), and a guest's fetches go through the CPU's same cache.
 */
size_t debug_memory_read(const struct guest_memory *memory, uint64_t satp, uint64_t address,
			 void *bytes, size_t len);
size_t debug_memory_write(const struct guest_memory *memory, uint64_t satp, uint64_t address,
			  const void *bytes, size_t len);

#endif
