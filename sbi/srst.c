/* SPDX-License-Identifier: Apache-2.0 */
/* SRST, system reset (SBI 3.0, chapter 10). KVM answers it itself and ends KVM_RUN with a system
 * event (vmm/vcpu.c); this is for whatever else hands the call over. */
#include "sbi/sbi.h"

enum { SRST_SYSTEM_RESET };
enum { RESET_SHUTDOWN, RESET_COLD_REBOOT, RESET_WARM_REBOOT };
enum { REASON_NONE, REASON_SYSTEM_FAILURE };

static enum machine_end end_of(uint32_t type, uint32_t reason)
{
	if (reason == REASON_SYSTEM_FAILURE)
		return END_PANIC;
	return type == RESET_SHUTDOWN ? END_POWEROFF : END_RESET;
}

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
	machine_request_end(context->machine, end_of(type, reason));
}
