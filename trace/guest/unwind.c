/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/guest/unwind.h"

/* The largest step to the next frame. The kernel has its stack's size here, which is 16 KiB and
 * more by configuration; user stacks have larger frames. */
static const uint64_t frame_most = 1 << 20;

/* struct pt_regs of arch/riscv/include/asm/ptrace.h. */
enum { PT_EPC = 0, PT_S0 = 64 };

struct frame {
	uint64_t fp, ra;
};

/* fp_is_valid(): a whole frame record above the last frame. */
static bool is_frame(uint64_t fp, uint64_t sp)
{
	return fp % 8 == 0 && fp > sp && fp - sp >= sizeof(struct frame) && fp - sp <= frame_most;
}

static bool read_frame(const struct unwind *unwind, uint64_t fp, struct frame *frame)
{
	return unwind->read(unwind->context, fp - 16, &frame->fp) &&
	       unwind->read(unwind->context, fp - 8, &frame->ra);
}

static bool is_code(const struct unwind *unwind, uint64_t address)
{
	return address && (!unwind->is_code || unwind->is_code(unwind->context, address));
}

static bool in_exception(const struct unwind *unwind, uint64_t address)
{
	return address >= unwind->exception_start && address < unwind->exception_end;
}

size_t unwind_chain(const struct unwind *unwind, uint64_t *chain, size_t room)
{
	uint64_t pc = unwind->pc, fp = unwind->fp, sp = unwind->sp;
	struct frame frame;
	size_t depth = 0;

	if (!room)
		return 0;
	chain[depth++] = pc;
	while (depth < room && is_frame(fp, sp) && read_frame(unwind, fp, &frame)) {
		sp = fp;
		if (depth == 1 && is_frame(frame.ra, sp)) {
			/* A leaf saves s0 alone, where others save ra. */
			fp = frame.ra;
			pc = unwind->ra;
		} else {
			fp = frame.fp;
			pc = frame.ra;
		}
		if (!is_code(unwind, pc))
			break;
		chain[depth++] = pc;
		if (!in_exception(unwind, pc))
			continue;
		/* sp is where handle_exception put the registers of what it interrupted. */
		if (depth == room || sp % 8 || !unwind->read(unwind->context, sp + PT_EPC, &pc) ||
		    !unwind->read(unwind->context, sp + PT_S0, &fp) || !is_code(unwind, pc))
			break;
		chain[depth++] = pc;
	}
	return depth;
}
