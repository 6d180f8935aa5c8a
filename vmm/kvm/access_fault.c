/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/kvm/access_fault.h"

#include <endian.h>
#include <string.h>

/* Privileged specification, chapter 12: satp and the page tables. */
#define SATP_MODE_SHIFT 60
#define SATP_MODE_SV39	8u
#define SATP_MODE_SV57	10u
#define SATP_PPN	((1ull << 44) - 1)
#define PTE_V		1u
#define PTE_R		2u
#define PTE_X		8u
#define PTE_N		(1ull << 63)
#define PTE_PPN_SHIFT	10
#define NAPOT_SHIFT	16 /* chapter "Svnapot": the one size there is */
#define PAGE_SHIFT	12
#define VPN_BITS	9

bool guest_translate(const struct guest_memory *memory, uint64_t satp, uint64_t va, uint64_t *gpa)
{
	unsigned int mode = (unsigned int)(satp >> SATP_MODE_SHIFT);
	uint64_t table = (satp & SATP_PPN) << PAGE_SHIFT;

	if (mode == 0) {
		*gpa = va;
		return true;
	}
	if (mode < SATP_MODE_SV39 || mode > SATP_MODE_SV57)
		return false;
	for (int level = (int)(mode - SATP_MODE_SV39) + 2; level >= 0; level--) {
		unsigned int shift = PAGE_SHIFT + VPN_BITS * (unsigned int)level;
		uint64_t index = va >> shift & ((1u << VPN_BITS) - 1);
		const void *entry = guest_memory_at(memory, table + index * 8, 8);
		uint64_t pte;

		if (!entry)
			return false;
		memcpy(&pte, entry, sizeof(pte));
		pte = le64toh(pte);
		if (!(pte & PTE_V))
			return false;
		table = (pte >> PTE_PPN_SHIFT & SATP_PPN) << PAGE_SHIFT;
		if (pte & (PTE_R | PTE_X)) {
			/* Svnapot: the low four bits of the number say 64 KiB, and are no address.
			 */
			bool napot = level == 0 && pte & PTE_N;
			uint64_t offset = (1ull << (napot ? NAPOT_SHIFT : shift)) - 1;

			*gpa = (table & ~offset) | (va & offset);
			return true;
		}
	}
	return false;
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
