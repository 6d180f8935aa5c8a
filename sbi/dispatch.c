/* SPDX-License-Identifier: Apache-2.0 */
#include "sbi/sbi.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/echo.h"

/* SBI 3.0: the chapter of each is named in its file. */
const struct sbi_extension sbi_extensions[] = {
	{"DBCN", SBI_EID_DBCN, SBI_EID_DBCN, sbi_dbcn, NULL},
	{"PMU", SBI_EID_PMU, SBI_EID_PMU, sbi_pmu, sbi_pmu_present},
	{"PMU, experimental", SBI_EID_PMU_EXIT, SBI_EID_PMU_EXIT, sbi_pmu, sbi_pmu_present},
	{"BASE", SBI_EID_BASE, SBI_EID_BASE, sbi_base, NULL},
	{"legacy console", SBI_EID_LEGACY_PUTCHAR, SBI_EID_LEGACY_GETCHAR, sbi_legacy_console,
	 NULL},
	{"SRST", SBI_EID_SRST, SBI_EID_SRST, sbi_srst, NULL},
	{"SUSP", SBI_EID_SUSP, SBI_EID_SUSP, sbi_susp, NULL},
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
	uint64_t before = atomic_fetch_add_explicit(&context->unclaimed, 1, memory_order_relaxed);
	uint64_t last =
		atomic_exchange_explicit(&context->last_unclaimed, call->eid, memory_order_relaxed);

	if (before == 0 || last != call->eid)
		machine_guest_error(context->machine, "sbi",
				    "hart %u made a call that nobody answers: EID 0x%" PRIx64
				    ", FID 0x%" PRIx64,
				    call->hart, call->eid, call->fid);
}

void sbi_answer(struct sbi_context *context, struct sbi_call *call)
{
	const struct sbi_extension *extension = sbi_find(context, call->eid);

	call->pass = false;
	call->error = SBI_ERR_NOT_SUPPORTED;
	call->value = call->eid <= SBI_EID_LEGACY_LAST ? call->args[1] : 0;
	if (!extension) {
		unclaimed(context, call);
		return;
	}
	atomic_fetch_add_explicit(&context->answered, 1, memory_order_relaxed);
	extension->handle(context, call);
}

void sbi_dispatch(struct sbi_context *context, struct sbi_call *call)
{
	struct sbi_override *override = context->override;

	if (override && override->handle(override, context, call))
		atomic_fetch_add_explicit(&context->answered, 1, memory_order_relaxed);
	else
		sbi_answer(context, call);
}
