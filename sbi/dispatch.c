/* SPDX-License-Identifier: Apache-2.0 */
#include "sbi/sbi.h"

#include <inttypes.h>
#include <stddef.h>

#include "sbi/echo.h"

#define LEGACY_LAST 0x0full

/* SBI 3.0: the chapter of each is named in its file. */
const struct sbi_extension sbi_extensions[] = {
	{"DBCN", 0x4442434e, 0x4442434e, sbi_dbcn, NULL},
	{"PMU", PMU_EID, PMU_EID, sbi_pmu, sbi_pmu_present},
	{"PMU, experimental", 0x08504d55, 0x08504d55, sbi_pmu, sbi_pmu_present},
	{"BASE", 0x10, 0x10, sbi_base, NULL},
	{"legacy console", 0x01, 0x02, sbi_legacy_console, NULL},
	{"SRST", 0x53525354, 0x53525354, sbi_srst, NULL},
	{"SUSP", 0x53555350, 0x53555350, sbi_susp, NULL},
	{"ECHO", ECHO_EID, ECHO_EID, sbi_echo, NULL},
	{"ECHO", ECHO_EID_FORWARDED, ECHO_EID_FORWARDED, sbi_echo, NULL},
	{NULL, 0, 0, NULL, NULL},
};

const struct sbi_extension *sbi_find(const struct sbi_context *context, uint64_t eid)
{
	for (const struct sbi_extension *extension = sbi_extensions; extension->name; extension++) {
		if (eid >= extension->first && eid <= extension->last)
			return !extension->present || extension->present(context) ? extension
										  : NULL;
	}
	return NULL;
}

/*
 * A guest may repeat a call that nobody claims a million times; only the first of a row is
 * reported, so that the others cost no more than their exit.
 */
static void unclaimed(struct sbi_context *context, const struct sbi_call *call)
{
	uint64_t before = __atomic_fetch_add(&context->unclaimed, 1, __ATOMIC_RELAXED);
	uint64_t last = __atomic_exchange_n(&context->last_unclaimed, call->eid, __ATOMIC_RELAXED);

	if (before == 0 || last != call->eid)
		machine_guest_error(context->machine, "sbi",
				    "hart %u made a call that nobody answers: EID 0x%" PRIx64
				    ", FID 0x%" PRIx64,
				    call->hart, call->eid, call->fid);
}

void sbi_dispatch(struct sbi_context *context, struct sbi_call *call)
{
	const struct sbi_extension *extension = sbi_find(context, call->eid);

	call->pass = false;
	call->error = SBI_ERR_NOT_SUPPORTED;
	call->value = call->eid <= LEGACY_LAST ? call->args[1] : 0;
	if (!extension) {
		unclaimed(context, call);
		return;
	}
	__atomic_fetch_add(&context->answered, 1, __ATOMIC_RELAXED);
	extension->handle(context, call);
}
