/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/lcofi.h"

#include "vmm/kvm.h"

#define SCAUSE_LCOFI 0x800000000000000dull
#define ROUNDS	     1000000u /* so long may it take to arrive */

static enum lcofi_end end_of_spun(uint64_t sip)
{
	if (sip == 0)
		return LCOFI_DROPPED;
	return sip == SIP_LCOFIP ? LCOFI_IGNORED : LCOFI_MISPLACED;
}

struct lcofi_trial lcofi_try_sip(struct scratch *scratch)
{
	struct lcofi_trial trial = {.end = LCOFI_UNKNOWN, .outcome = scratch_start(scratch)};
	int result;

	if (trial.outcome.end != SCRATCH_READY)
		return trial;
	result = kvm_set_reg(scratch->vcpu_fd, KVM_CSR_REG(sip), SIP_LCOFIP);
	if (result == 0)
		result = kvm_get_reg(scratch->vcpu_fd, KVM_CSR_REG(sip), &trial.sip);
	if (result < 0) {
		trial.end = LCOFI_REFUSED;
		trial.failure = -result;
		return trial;
	}
	trial.outcome = scratch_spin(scratch, ROUNDS);
	if (trial.outcome.end == SCRATCH_TRAPPED && trial.outcome.scause == SCAUSE_LCOFI)
		trial.end = LCOFI_TAKEN;
	else if (trial.outcome.end == SCRATCH_SPUN)
		trial.end = end_of_spun(trial.sip);
	return trial;
}

const char *lcofi_why_not(const struct lcofi_trial *trial)
{
	static const char *const reasons[] = {
		[LCOFI_TAKEN] = NULL,
		[LCOFI_REFUSED] = "KVM refuses the bit",
		[LCOFI_DROPPED] = "KVM drops the bit",
		[LCOFI_MISPLACED] = "KVM puts the bit in the wrong place (mended in newer kernels)",
		[LCOFI_IGNORED] = "KVM has the bit, but the hart does not take the interrupt",
		[LCOFI_UNKNOWN] = "it could not be tried",
	};

	return reasons[trial->end];
}
