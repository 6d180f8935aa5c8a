/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUSP, system suspend (SBI 3.0, chapter 13). Where KVM forwards it, KVM has made all checks and
 * arranged the resume before; the same checks here are for whatever else hands the call over.
 */
#include <stddef.h>

#include "sbi/sbi.h"

enum { SUSP_SYSTEM_SUSPEND };
enum { SLEEP_SUSPEND_TO_RAM };

void sbi_susp(struct sbi_context *context, struct sbi_call *call)
{
	/* sleep_type is a uint32_t. */
	uint32_t type = (uint32_t)call->args[0];

	if (call->fid != SUSP_SYSTEM_SUSPEND)
		return;
	/* All others are reserved, or platform-specific and not implemented. */
	if (type != SLEEP_SUSPEND_TO_RAM) {
		call->error = SBI_ERR_INVALID_PARAM;
		return;
	}
	if (!context->suspend)
		return;
	/* Room for the shortest instruction. */
	if (!guest_memory_at(machine_memory(context->machine), call->args[1], 2)) {
		call->error = SBI_ERR_INVALID_ADDRESS;
		return;
	}
	call->error = SBI_SUCCESS;
	context->suspend(context->machine, call->hart);
}
