/* SPDX-License-Identifier: Apache-2.0 */

#include "base/echo.h"

#include "sbi/sbi.h"

typedef bool count_function(struct sbi_context *context, unsigned int hart, unsigned int what,
			    uint64_t *count);

static void answer_count(struct sbi_context *context, count_function *count, struct sbi_call *call)
{
	if (count &&
	    count(context, (unsigned int)call->args[1], (unsigned int)call->args[0], &call->value))
		call->error = SBI_SUCCESS;
	else
		call->error = SBI_ERR_INVALID_PARAM;
}

void sbi_echo(struct sbi_context *context, struct sbi_call *call)
{
	uint64_t mixed = echo_mix(call->hart, call->args);

	switch (call->fid) {
	case ECHO_VALUE:
		call->error = SBI_SUCCESS;
		call->value = mixed;
		break;
	case ECHO_BOTH:
		call->error = (int64_t)~mixed;
		call->value = mixed;
		break;
	case ECHO_ERROR: call->error = (int64_t)mixed; break;
	case ECHO_PASS:
		call->eid = SBI_EID_BASE;
		call->fid = SBI_BASE_PROBE_EXTENSION;
		call->args[0] = call->args[1];
		call->pass = true;
		break;
	case ECHO_FIRMWARE: answer_count(context, context->count_firmware, call); break;
	case ECHO_PLATFORM: answer_count(context, context->count_platform, call); break;
	default: break;
	}
}

/* In place of a PMU: a value that depends on hart and CSR. */
void sbi_echo_counter(struct sbi_context *context, struct counter_read *read)
{
	const uint64_t args[6] = {read->csr};

	(void)context;
	read->answered = counter_read_allowed(read);
	read->value = echo_mix(read->hart, args);
}
