/* SPDX-License-Identifier: Apache-2.0 */
/* The object that a handler of an SBI call gets: call.a0, call.hart, call:delay(), ... */
#ifndef VHART_SBI_CALL_H
#define VHART_SBI_CALL_H

#include <lua5.4/lua.h>

#include "sbi/sbi.h"

struct hart_register;

/* What a call needs of the machine beside its memory; NULL where there is no machine. */
struct script_guest_ops {
	/* Waits on the thread of HART, NS at most, or until the machine is to end. */
	void (*delay)(struct machine *machine, unsigned int hart, uint64_t ns);
	/* A register of at most 8 bytes of the hart that makes CALL, on its thread. pc is where it
	 * goes on after the call. 0 or -errno, as registers_read() has them (vmm/debug/). */
	int (*get)(struct machine *machine, const struct sbi_call *call,
		   const struct hart_register *which, uint64_t *value);
	int (*set)(struct machine *machine, const struct sbi_call *call,
		   const struct hart_register *which, uint64_t value);
};

/* One for each hart, used for all of its calls. */
struct script_call {
	const struct script_guest_ops *ops;
	int machine; /* of Lua's registry: what call.machine is */
	struct sbi_context *context;
	struct sbi_call *call; /* NULL: it is over */
	bool passed;	       /* to whom the script stands before */
	bool answered;	       /* the handler said how */
	char wrong[160];       /* what is wrong with the registers that it gave back */
};

/* Puts a new one on the stack, and the function pass() that belongs to it. */
struct script_call *script_call_push(lua_State *lua);

/* Has CALL answered by whom the script stands before, as it is now. False: KVM's answer cannot be
 * had. */
bool script_call_pass(struct sbi_context *context, struct sbi_call *call);

#endif
