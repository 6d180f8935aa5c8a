/* SPDX-License-Identifier: Apache-2.0 */
/* DBCN, the debug console (SBI 3.0, chapter 12). */
#include "sbi/sbi.h"

enum { DBCN_WRITE, DBCN_READ, DBCN_WRITE_BYTE };

/* Partial writes are the text's own; this one bounds how long one call holds the machine's lock. */
#define WRITE_MAX (1u << 20)

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The memory of a call: length in a0, address in a1 (low) and a2 (high, above the 64 bits). */
static void *call_memory(struct sbi_context *context, const struct sbi_call *call)
{
	if (call->args[2] != 0)
		return NULL;
	return guest_memory_at(machine_memory(context->machine), call->args[1], call->args[0]);
}

static void console_write(struct sbi_context *context, struct sbi_call *call)
{
	const void *bytes = call_memory(context, call);

	if (!bytes) {
		call->error = SBI_ERR_INVALID_PARAM;
		return;
	}
	call->error = SBI_SUCCESS;
	if (call->args[0] == 0)
		return;
	machine_lock(context->machine);
	call->value =
		machine_console_write(context->machine, bytes, least(call->args[0], WRITE_MAX));
	machine_unlock(context->machine);
}

static void console_read(struct sbi_context *context, struct sbi_call *call)
{
	void *bytes = call_memory(context, call);

	if (!bytes) {
		call->error = SBI_ERR_INVALID_PARAM;
		return;
	}
	call->error = SBI_SUCCESS;
	if (call->args[0] == 0)
		return;
	machine_lock(context->machine);
	call->value = machine_console_read(context->machine, bytes, call->args[0]);
	machine_unlock(context->machine);
}

bool sbi_console_put(struct sbi_context *context, uint8_t byte)
{
	struct machine *machine = context->machine;
	size_t taken;

	machine_lock(machine);
	do {
		taken = machine_console_write(machine, &byte, 1);
	} while (!taken && machine_console_wait(machine));
	machine_unlock(machine);
	return taken == 1;
}

void sbi_dbcn(struct sbi_context *context, struct sbi_call *call)
{
	switch (call->fid) {
	case DBCN_WRITE: console_write(context, call); break;
	case DBCN_READ: console_read(context, call); break;
	case DBCN_WRITE_BYTE:
		call->error = sbi_console_put(context, (uint8_t)call->args[0]) ? SBI_SUCCESS
									       : SBI_ERR_FAILED;
		break;
	default: break;
	}
}
