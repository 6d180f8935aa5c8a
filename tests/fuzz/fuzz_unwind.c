/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call chains of any registers over memory of any contents: chains end, no frame is visited twice,
 * every address is one that may be. The input: flags, four registers, then the stack, in words; a
 * word's lowest byte chooses whether it is a frame pointer into the stack, a text address or as it
 * is.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trace/guest/unwind.h"

#define STACK 0xffffffc600010000ull
#define TEXT  0xffffffff80000000ull
#define WORDS 512u
#define ROOM  40u

struct stack {
	uint64_t words[WORDS];
	unsigned int count, reads;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static bool read_stack(void *context, uint64_t address, uint64_t *value)
{
	struct stack *stack = context;

	stack->reads++;
	require(address % 8 == 0);
	if (address - STACK >= stack->count * 8ull)
		return false;
	*value = stack->words[(address - STACK) / 8];
	return true;
}

static bool is_text(void *context, uint64_t address)
{
	(void)context;
	return address - TEXT < 0x10000;
}

static uint64_t shaped(uint64_t word)
{
	switch (word & 3) {
	case 0: return STACK + (word >> 2) % (WORDS * 8);
	case 1: return STACK + (word >> 2) % WORDS * 8;
	case 2: return TEXT + (word >> 2) % 0x10000;
	default: return word;
	}
}

static uint64_t take(const uint8_t **data, size_t *size)
{
	uint64_t word = 0;
	size_t len = *size < 3 ? *size : 3;

	memcpy(&word, *data, len);
	*data += len;
	*size -= len;
	return shaped(word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stack stack;
	uint64_t chain[ROOM + 1];
	struct unwind unwind = {.read = read_stack, .context = &stack};
	size_t room, count;
	uint8_t flags;

	if (!size)
		return 0;
	flags = *data++;
	size--;
	stack.count = stack.reads = 0;
	unwind.pc = take(&data, &size);
	unwind.ra = take(&data, &size);
	unwind.sp = take(&data, &size);
	unwind.fp = take(&data, &size);
	unwind.is_code = flags & 1 ? is_text : NULL;
	if (flags & 2) {
		unwind.exception_start = TEXT + 0x100;
		unwind.exception_end = TEXT + 0x2000;
	}
	while (size && stack.count < WORDS)
		stack.words[stack.count++] = take(&data, &size);
	room = flags >> 2 & 1 ? ROOM : flags >> 3;
	chain[room] = 0x5eed;
	count = unwind_chain(&unwind, chain, room);
	require(count <= room && chain[room] == 0x5eed);
	require(room == 0 || (count >= 1 && chain[0] == unwind.pc));
	for (size_t i = 1; i < count; i++)
		require(unwind.is_code ? is_text(NULL, chain[i]) : chain[i] != 0);
	/* A few words a frame, and frames only upwards. */
	require(stack.reads <= 64 * (ROOM + 1));
	return 0;
}
