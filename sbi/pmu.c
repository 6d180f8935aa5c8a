/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PMU extension (SBI 3.0, chapter 11), answered by pmu/. At its own EID for guests that do not
 * know us, where calls of that EID reach this process; and at the same number inside the
 * experimental range, which every KVM hands over.
 */
#include "pmu/pmu.h"

#include "sbi/sbi.h"

bool sbi_pmu_present(const struct sbi_context *context)
{
	return context->pmu != NULL;
}

/*
 * Linux restarts its counters after an overflow with counter_idx_base 64 * 64: the loop variable of
 * pmu_sbi_start_ovf_ctrs_snapshot() has run out. It means 0, and then KVM takes it.
 */
static void mend(struct sbi_call *call)
{
	call->args[0] = 0;
	call->pass = true;
}

void sbi_pmu(struct sbi_context *context, struct sbi_call *call)
{
	struct pmu_result result;
	struct pmu *pmu;

	if (context->mend_restart && call->eid == SBI_EID_PMU) {
		mend(call);
		return;
	}
	pmu = context->pmu(context->machine, call->hart);
	if (!pmu) {
		call->error = SBI_ERR_FAILED;
		return;
	}
	result = pmu_call(pmu, call->fid, call->args);
	call->error = result.error;
	call->value = result.value;
}

void sbi_pmu_read_counter(struct sbi_context *context, struct counter_read *read)
{
	struct pmu *pmu = context->pmu(context->machine, read->hart);

	if (!pmu)
		return;
	if (read->supervisor)
		read->answered = pmu_read_csr(pmu, read->csr, &read->value);
	else
		read->answered = pmu_user_read_csr(pmu, read->csr, read->scounteren, &read->value);
}
