/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest whose page tables are anything. The input: satp's mode and the address, then writes into
 * RAM; the root is RAM's first page, and entries can be made to point into RAM, so that walks go
 * somewhere. What a walk finds must be the same when it is done again, of the same page, and an
 * instruction must be where its address leads.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/riscv.h"
#include "vmm/kvm/access_fault.h"

#define BASE  0x80000000ull
#define PAGES 8u
#define PAGE  4096u

static void require(int condition)
{
	if (!condition)
		abort();
}

struct input {
	const uint8_t *bytes;
	size_t left;
};

static uint64_t take(struct input *input, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < count && input->left; i++, input->left--)
		value |= (uint64_t)*input->bytes++ << i * 8;
	return value;
}

/* A page table entry to a page of RAM, or any eight bytes. */
static void poke(struct input *input, uint8_t *ram)
{
	uint8_t kind = (uint8_t)take(input, 1);
	uint64_t at = take(input, 2) % (PAGES * PAGE - 8), value;

	if (kind & 1)
		at &= ~7ull;
	if (kind & 2)
		at = kind >> 5 & (PAGES - 1) ? at : at % PAGE; /* the root's page */
	if (kind & 4)
		value = ((BASE / PAGE + take(input, 1) % (PAGES + 2)) << 10) | take(input, 1);
	else
		value = take(input, 8);
	memcpy(ram + at, &value, sizeof(value));
}

static void check(const struct guest_memory *memory, uint64_t satp, uint64_t va)
{
	uint64_t gpa = 0, again = 0, cause;
	uint32_t insn = 0;
	uint16_t half;
	const void *there;

	if (guest_translate(memory, satp, va, &gpa)) {
		require(guest_translate(memory, satp, va & ~4095ull, &again));
		require(gpa == again + (va & 4095));
	}
	cause = access_fault_cause(memory, satp, va);
	require(cause == CAUSE_FETCH_ACCESS_FAULT || cause == CAUSE_LOAD_ACCESS_FAULT ||
		cause == CAUSE_STORE_ACCESS_FAULT);
	if (!guest_fetch(memory, satp, va, &insn)) {
		require(cause == CAUSE_FETCH_ACCESS_FAULT);
		return;
	}
	there = guest_memory_at(memory, gpa, sizeof(half));
	require(there != NULL);
	memcpy(&half, there, sizeof(half));
	require(half == (insn & 0xffff) && ((half & 3) == 3 || insn >> 16 == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t modes[] = {0, 8, 9, 10, 1, 11, 15, 8};
	struct input input = {data, size};
	uint8_t *ram = calloc(PAGES, PAGE);
	struct guest_memory memory = {.base = BASE, .size = PAGES * PAGE, .host = ram};
	uint64_t satp, va;

	require(ram != NULL);
	satp = modes[take(&input, 1) & 7] << 60 | BASE / PAGE;
	va = take(&input, 8);
	if (va & 1) /* where bare mode leads, and small tables */
		va = (va & 2 ? BASE : 0) + (va >> 2) % (PAGES * PAGE);
	while (input.left)
		poke(&input, ram);
	check(&memory, satp, va);
	check(&memory, satp, va + 2);
	free(ram);
	return 0;
}
