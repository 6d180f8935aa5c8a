/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/where.h"

#include <endian.h>
#include <string.h>

#include "trace/guest/unwind.h"
#include "vmm/debug/memory.h"

struct stack {
	const struct guest_memory *memory;
	struct debug_names *names;
	uint64_t satp;
};

static bool read_stack(void *context, uint64_t address, uint64_t *value)
{
	const struct stack *stack = context;

	if (debug_memory_read(stack->memory, stack->satp, address, value, sizeof(*value)) !=
	    sizeof(*value))
		return false;
	*value = le64toh(*value);
	return true;
}

static bool is_code(void *context, uint64_t address)
{
	const struct stack *stack = context;

	return debug_names_is_code(stack->names, address);
}

/* With names for where the hart is, the functions around it are known too. */
static void follow(const struct guest_memory *memory, struct debug_names *names,
		   struct hart_where *where)
{
	struct stack stack = {memory, names, where->state.satp};
	struct unwind unwind = {
		.pc = where->state.pc,
		.ra = where->state.ra,
		.sp = where->sp,
		.fp = where->fp,
		.read = read_stack,
		.is_code = *where->state.pc_symbol ? is_code : NULL,
		.context = &stack,
	};
	uint64_t chain[HART_CHAIN_MOST];

	debug_names_address(names, "handle_exception", &unwind.exception_start);
	debug_names_address(names, "ret_from_exception_end", &unwind.exception_end);
	where->depth = (unsigned int)unwind_chain(&unwind, chain, HART_CHAIN_MOST);
	for (unsigned int i = 0; i < where->depth; i++) {
		where->chain[i].address = chain[i];
		(i ? debug_names_put_return : debug_names_put)(names, chain[i],
							       where->chain[i].symbol);
	}
}

void where_follow(const struct guest_memory *memory, struct debug_names *names,
		  struct hart_where *where)
{
	struct hart_state *state = &where->state;

	debug_names_move(names, state->stvec);
	debug_names_put(names, state->pc, state->pc_symbol);
	debug_names_put(names, state->ra, state->ra_symbol);
	debug_names_put(names, state->sepc, state->sepc_symbol);
	/* A stopped hart has the registers that it was reset to. */
	if (state->activity != HART_UNKNOWN && state->activity != HART_STOPPED)
		follow(memory, names, where);
}
