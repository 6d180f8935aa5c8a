/* SPDX-License-Identifier: Apache-2.0 */
/* SRST, system reset (SBI 3.0, chapter 10). KVM answers it itself and ends KVM_RUN with a system
 * event (vmm/run/vcpu_exits.c); this is for whatever else hands the call over. */
#include "base/exit_status.h"
#include "sbi/sbi.h"

enum { SRST_SYSTEM_RESET };
void sbi_srst(struct sbi_context *context, struct sbi_call *call)
{
	/* Both are uint32_t: only the low halves count. */
	uint32_t type = (uint32_t)call->args[0], reason = (uint32_t)call->args[1];

	if (call->fid != SRST_SYSTEM_RESET)
		return;
	/* What is between is reserved; types of the vendor's there are none. */
	if (type > SRST_WARM_REBOOT || (reason > SRST_SYSTEM_FAILURE && reason < SRST_STATUS)) {
		call->error = SBI_ERR_INVALID_PARAM;
		return;
	}
	call->error = SBI_SUCCESS;
	machine_system_reset(context->machine, type, reason);
}
