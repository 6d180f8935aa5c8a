/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_chain.h"

#include <string.h>

#include "trace/guest/unwind.h"

static bool read_stack(void *opaque, uint64_t address, uint64_t *value)
{
	const struct record_chain *chain = opaque;

	return collector_stack_word(chain->collector, chain->index, chain->stack, address, value);
}

/* Kernel and modules are where one instruction reaches from one to the other. */
#define CODE_REACH (1ull << 31)

static bool is_code(void *opaque, uint64_t address)
{
	const struct record_chain *chain = opaque;

	/* Linux has itself at the top of the address space, next to the lowest of its processes. */
	return (address ^ chain->near) >> 63 == 0 &&
	       address - (chain->near - CODE_REACH) < 2 * CODE_REACH;
}

bool record_chain_find(struct record_chain *chain, const struct exit_stack *stack,
		       struct recording_sample *sample)
{
	uint64_t addresses[1 + RECORDING_CALLERS];

	if (!stack)
		return false;
	const struct unwind unwind = {
		.pc = sample->pc,
		.ra = stack->ra,
		.sp = stack->sp,
		.fp = stack->fp,
		.read = read_stack,
		.is_code = is_code,
		.context = chain,
		.exception_start = chain->exception_start,
		.exception_end = chain->exception_end,
	};

	chain->stack = stack;
	chain->near = sample->pc;
	sample->depth =
		unwind_chain(&unwind, addresses, sizeof(addresses) / sizeof(addresses[0])) - 1;
	memcpy(sample->callers, addresses + 1, sample->depth * sizeof(addresses[0]));
	return true;
}
