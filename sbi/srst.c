/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SRST, system reset (SBI 3.0, chapter 10). KVM answers it and tells us with KVM_EXIT_SYSTEM_EVENT;
 * sbi_reset_end() is what that exit and this handler have in common.
 */
#include "sbi/sbi.h"

enum { SRST_SYSTEM_RESET };
enum { RESET_SHUTDOWN, RESET_COLD_REBOOT, RESET_WARM_REBOOT };
enum { REASON_NONE, REASON_SYSTEM_FAILURE };

void sbi_srst(struct sbi_context *context, struct sbi_call *call)
{
	/* Both are uint32_t: only the low halves count. */
	uint32_t type = (uint32_t)call->args[0], reason = (uint32_t)call->args[1];

	if (call->fid != SRST_SYSTEM_RESET)
		return;
	/* What is above is reserved, or platform-specific and not implemented: the same error. */
	if (type > RESET_WARM_REBOOT || reason > REASON_SYSTEM_FAILURE) {
		call->error = SBI_ERR_INVALID_PARAM;
		return;
	}
	call->error = SBI_SUCCESS;
	machine_request_end(context->machine, sbi_reset_end(type != RESET_SHUTDOWN, reason));
}

enum machine_end sbi_reset_end(bool reboot, uint64_t reason)
{
	if (reason == REASON_SYSTEM_FAILURE)
		return END_PANIC;
	return reboot ? END_RESET : END_POWEROFF;
}
