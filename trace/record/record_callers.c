/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_callers.h"

#include <string.h>

#include "trace/guest/unwind.h"

/* One stack that is unwound. */
struct unwinding {
	const struct collector *collector;
	const struct exit_stack *stack;
	const struct record_vm *vm;
	uint32_t index;
	bool user;
	uint64_t near; /* an address of the kernel, or of the process */
};

static bool read_stack(void *opaque, uint64_t address, uint64_t *value)
{
	const struct unwinding *unwinding = opaque;

	return collector_stack_word(unwinding->collector, unwinding->index, unwinding->stack,
				    address, value);
}

/* Kernel and modules are where one instruction reaches from one to the other. */
#define CODE_REACH (1ull << 31)

/* Where a function has saved its frame only half, what looks like its caller may be data. */
static bool is_data(const struct record_vm *vm, uint64_t address)
{
	return address >= vm->kernel_start && address < vm->kernel_end &&
	       !symbols_may_return_to(&vm->symbols, address);
}

static bool is_code(void *opaque, uint64_t address)
{
	const struct unwinding *unwinding = opaque;

	if (is_data(unwinding->vm, address))
		return false;
	/* Linux has itself at the top of the address space, next to the lowest of its processes. */
	return (address ^ unwinding->near) >> 63 == 0 &&
	       (unwinding->user || address - (unwinding->near - CODE_REACH) < 2 * CODE_REACH);
}

void record_callers_find(const struct collector *collector, uint32_t index,
			 const struct exit_stack *stack, const struct record_vm *vm,
			 struct recording_sample *sample)
{
	struct unwinding unwinding = {collector, stack, vm, index, sample->user, sample->pc};
	uint64_t chain[1 + RECORDING_CALLERS];
	const struct unwind unwind = {
		.pc = sample->pc,
		.ra = stack->ra,
		.sp = stack->sp,
		.fp = stack->fp,
		.read = read_stack,
		.is_code = is_code,
		.context = &unwinding,
		.exception_start = vm->exception_start,
		.exception_end = vm->exception_end,
	};

	sample->depth = unwind_chain(&unwind, chain, sizeof(chain) / sizeof(chain[0])) - 1;
	memcpy(sample->callers, chain + 1, sample->depth * sizeof(chain[0]));
}
