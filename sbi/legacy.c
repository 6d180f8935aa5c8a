/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The legacy console (SBI 3.0, chapter 5): putchar (EID 1) and getchar (EID 2), the only two of the
 * legacy calls that KVM forwards. What they return is call->error, which goes to a0; call->value is
 * a1 and stays as the dispatcher set it, the guest's own.
 */
#include "sbi/sbi.h"

#define LEGACY_PUTCHAR 1

static int64_t getchar_or_minus_one(struct sbi_context *context)
{
	uint8_t byte;

	machine_lock(context->machine);
	size_t got = machine_console_read(context->machine, &byte, 1);
	machine_unlock(context->machine);
	return got == 1 ? byte : -1;
}

void sbi_legacy_console(struct sbi_context *context, struct sbi_call *call)
{
	if (call->eid == LEGACY_PUTCHAR)
		call->error = sbi_console_put(context, (uint8_t)call->args[0]) ? SBI_SUCCESS
									       : SBI_ERR_FAILED;
	else
		call->error = getchar_or_minus_one(context);
}
