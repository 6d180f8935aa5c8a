/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instruction of one hart, the others held. KVM on RISC-V has no single step, so temporary
 * breakpoints stand wherever the hart can be afterwards (next_pc.h), and the guest's interrupts
 * wait (its sie is 0, but for an instruction that reads or writes CSRs).
 *
 * Where the instruction traps, into a page fault or a system call, the handler may need all harts,
 * its interrupts, and time: then the machine runs until a hart comes to one of these places, for
 * ten seconds at most. The breakpoints of others at the instruction itself are out for so long.
 */
#ifndef VHART_STEP_H
#define VHART_STEP_H

#include <stdint.h>

struct breakpoints;
struct machine;

enum step_end {
	STEP_DONE,
	STEP_BREAKPOINT, /* somebody's breakpoint was hit on the way */
	STEP_LATE,	 /* its trap did not come back: the harts are held where they are */
	STEP_IMPOSSIBLE, /* its code cannot be read, or there are too many breakpoints */
	STEP_ENDED,	 /* the machine ends */
};

/* All harts are held, and are again after it. HART becomes the one that arrived. Any thread but a
 * vCPU's. */
enum step_end step_hart(struct breakpoints *breakpoints, struct machine *machine,
			unsigned int *hart);

#endif
