/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/kvm/access_fault.h"

#include <endian.h>
#include <string.h>

#include "base/guest_walk.h"
#include "base/riscv.h"

static bool read_entry(void *context, uint64_t physical, uint64_t *value)
{
	const void *entry = guest_memory_at(context, physical, sizeof(*value));

	if (!entry)
		return false;
	memcpy(value, entry, sizeof(*value));
	*value = le64toh(*value);
	return true;
}

bool guest_translate(const struct guest_memory *memory, uint64_t satp, uint64_t va, uint64_t *gpa)
{
	const struct guest_space space = {satp, read_entry, (void *)(uintptr_t)memory};
	struct guest_page page;

	if (guest_walk(&space, va, &page) != GUEST_WALK_OK)
		return false;
	*gpa = page.physical;
	return true;
}

/* Reads the 16 bits of an instruction at VA: a 32-bit one may cross into another page. */
static bool fetch_half(const struct guest_memory *memory, uint64_t satp, uint64_t va,
		       uint16_t *half)
{
	const void *host = NULL;
	uint64_t gpa;

	if (guest_translate(memory, satp, va, &gpa))
		host = guest_memory_at(memory, gpa, sizeof(*half));
	if (!host)
		return false;
	memcpy(half, host, sizeof(*half));
	*half = le16toh(*half);
	return true;
}

/* Compressed loads and stores: quadrants 0 and 2; in both, funct3 4 and up are the stores. */
static uint64_t compressed_cause(uint16_t insn)
{
	return insn >> 13 >= 4 ? CAUSE_STORE_ACCESS_FAULT : CAUSE_LOAD_ACCESS_FAULT;
}

static uint64_t full_cause(uint32_t insn)
{
	enum { STORE = 0x23, STORE_FP = 0x27, AMO = 0x2f, FUNCT5_LR = 2 };

	switch (insn & 0x7f) {
	case STORE:
	case STORE_FP: return CAUSE_STORE_ACCESS_FAULT;
	case AMO:
		return insn >> 27 == FUNCT5_LR ? CAUSE_LOAD_ACCESS_FAULT : CAUSE_STORE_ACCESS_FAULT;
	default: return CAUSE_LOAD_ACCESS_FAULT;
	}
}

bool guest_fetch(const struct guest_memory *memory, uint64_t satp, uint64_t va, uint32_t *insn)
{
	uint16_t low, high = 0;

	if (!fetch_half(memory, satp, va, &low))
		return false;
	if ((low & 3) == 3 && !fetch_half(memory, satp, va + 2, &high))
		return false;
	*insn = (uint32_t)high << 16 | low;
	return true;
}

uint64_t access_fault_cause(const struct guest_memory *memory, uint64_t satp, uint64_t pc)
{
	uint32_t insn;

	if (!guest_fetch(memory, satp, pc, &insn))
		return CAUSE_FETCH_ACCESS_FAULT;
	return (insn & 3) == 3 ? full_cause(insn) : compressed_cause((uint16_t)insn);
}
