/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/kvm/lcofi_try.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/riscv.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/lcofi_stub.h"

#define SCAUSE_EXTERNAL (CAUSE_INTERRUPT | IRQ_S_EXTERNAL)
#define SCAUSE_LCOFI	(CAUSE_INTERRUPT | IRQ_LCOFI)
#define ROUNDS		1000000u /* so long may it take to arrive */

/* AIA 1.0, 3.8.1 and 4.5: numbers for siselect, and registers of the APLIC for source 1. */
#define APLIC_DOMAINCFG	 0x0000u
#define APLIC_SOURCECFG1 0x0004u
#define APLIC_SETIENUM	 0x1edcu
#define APLIC_TARGET1	 0x3004u
#define DOMAINCFG_IE	 0x100u
#define SOURCECFG_EDGE	 4u

/* Nothing came, or something: what the guest found. */
static void judge(struct lcofi_trial *trial, uint64_t scause, enum lcofi_end nothing)
{
	if (trial->outcome.end == SCRATCH_TRAPPED && trial->outcome.scause == scause)
		trial->end = LCOFI_TAKEN;
	else if (trial->outcome.end == SCRATCH_SPUN)
		trial->end = nothing;
}

static struct lcofi_trial refused(int result, const char *step)
{
	return (struct lcofi_trial){.end = LCOFI_REFUSED, .failure = -result, .step = step};
}

static enum lcofi_end end_of_written(uint64_t sip)
{
	if (sip == 0)
		return LCOFI_DROPPED;
	return sip == SIP_LCOFIP ? LCOFI_IGNORED : LCOFI_MISPLACED;
}

struct lcofi_trial lcofi_try_sip(struct scratch *scratch, bool aia)
{
	struct lcofi_trial trial = {.end = LCOFI_UNKNOWN, .outcome = scratch_start(scratch)};
	uint64_t sip;
	int result;

	(void)aia;
	if (trial.outcome.end != SCRATCH_READY)
		return trial;
	result = kvm_set_reg(scratch->vcpu_fd, KVM_CSR_REG(sip), SIP_LCOFIP);
	if (result == 0)
		result = kvm_get_reg(scratch->vcpu_fd, KVM_CSR_REG(sip), &sip);
	if (result < 0)
		return refused(result, "sip");
	trial.outcome = scratch_spin(scratch, ROUNDS);
	judge(&trial, SCAUSE_LCOFI, end_of_written(sip));
	return trial;
}

/* The guest waits for its rounds: a completion, which comes first. */
struct lcofi_trial lcofi_try_stub(struct scratch *scratch, bool aia)
{
	struct lcofi_trial trial = {.end = LCOFI_UNKNOWN, .outcome = scratch_start(scratch)};
	struct lcofi_stub stub = {.vcpu_fd = scratch->vcpu_fd, .run = scratch->run};
	int result = lcofi_stub_add_page(scratch->vm_fd);
	enum lcofi_stub_end end;

	(void)aia;
	if (result < 0)
		return refused(result, "its page");
	if (trial.outcome.end != SCRATCH_READY)
		return trial;
	scratch_answer(scratch, ROUNDS);
	do {
		end = lcofi_stub_raise(&stub, &result);
		scratch->run->immediate_exit = 0;
	} while (end == LCOFI_STUB_RETURNED && (result == -EINTR || result == -EAGAIN));
	if (result < 0)
		return refused(result, "running it");
	/* Where the guest cannot write its sip its handler has told so. */
	trial.outcome = end == LCOFI_STUB_DONE ? scratch_run(scratch) : scratch_exit(scratch);
	judge(&trial, SCAUSE_LCOFI, LCOFI_IGNORED);
	return trial;
}

/* ---- for guests that cooperate: an external interrupt ---- */

/* An AIA that lets LCOFI_TRY_IDENTITY through to the guest, and LCOFI_TRY_SOURCE become it. 0 or
 * -errno, with STEP. */
static int set_up_aia(int vm_fd, struct aia *aia, const char **step)
{
	*step = "an AIA";
	if (!aia_create(vm_fd, aia))
		return -errno;
	int result = aia_init(aia, 1, AIA_AUTO, step);

	*step = result < 0 ? *step : "the IMSIC's registers";
	if (result == 0)
		result = aia_set_imsic(aia, IMSIC_EIDELIVERY, 1);
	if (result == 0)
		result = aia_set_imsic(aia, IMSIC_EIE0, 1ull << LCOFI_TRY_IDENTITY);
	*step = result < 0 ? *step : "the APLIC's registers";
	if (result == 0)
		result = aia_set_aplic(aia, APLIC_SOURCECFG1, SOURCECFG_EDGE);
	if (result == 0)
		result = aia_set_aplic(aia, APLIC_TARGET1, LCOFI_TRY_IDENTITY);
	if (result == 0)
		result = aia_set_aplic(aia, APLIC_SETIENUM, LCOFI_TRY_SOURCE);
	if (result == 0)
		result = aia_set_aplic(aia, APLIC_DOMAINCFG, DOMAINCFG_IE);
	return result;
}

static int pulse(const struct scratch *scratch)
{
	struct kvm_irq_level line = {.irq = LCOFI_TRY_SOURCE, .level = 1};
	int result = ioctl(scratch->vm_fd, KVM_IRQ_LINE, &line) < 0 ? -errno : 0;

	line.level = 0;
	return result < 0 || ioctl(scratch->vm_fd, KVM_IRQ_LINE, &line) == 0 ? result : -errno;
}

static int send_msi(const struct scratch *scratch)
{
	int result = aia_send_msi(scratch->vm_fd, 0, LCOFI_TRY_IDENTITY);

	return result < 0 ? result : 0;
}

static int interrupt(const struct scratch *scratch)
{
	struct kvm_interrupt set = {.irq = (uint32_t)KVM_INTERRUPT_SET};

	return ioctl(scratch->vcpu_fd, KVM_INTERRUPT, &set) < 0 ? -errno : 0;
}

static struct lcofi_trial
try_external(struct scratch *scratch, int (*raise)(const struct scratch *scratch), const char *step)
{
	struct lcofi_trial trial = {.end = LCOFI_UNKNOWN, .outcome = scratch_start(scratch)};
	int result;

	if (trial.outcome.end != SCRATCH_READY)
		return trial;
	result = raise(scratch);
	if (result < 0)
		return refused(result, step);
	trial.outcome = scratch_spin(scratch, ROUNDS);
	judge(&trial, SCAUSE_EXTERNAL, LCOFI_IGNORED);
	return trial;
}

struct lcofi_trial lcofi_try_by_aia(struct scratch *scratch,
				    int (*raise)(const struct scratch *scratch), const char *what)
{
	struct lcofi_trial trial;
	struct aia aia;
	const char *step;
	int result = set_up_aia(scratch->vm_fd, &aia, &step);

	trial = result < 0 ? refused(result, step) : try_external(scratch, raise, what);
	if (aia.fd >= 0)
		close(aia.fd);
	return trial;
}

struct lcofi_trial lcofi_try_msi(struct scratch *scratch, bool aia)
{
	(void)aia;
	return lcofi_try_by_aia(scratch, send_msi, "KVM_SIGNAL_MSI");
}

struct lcofi_trial lcofi_try_wired(struct scratch *scratch, bool aia)
{
	return aia ? lcofi_try_by_aia(scratch, pulse, "KVM_IRQ_LINE")
		   : try_external(scratch, interrupt, "KVM_INTERRUPT");
}

const char *lcofi_why_not(const struct lcofi_trial *trial)
{
	static const char *const reasons[] = {
		[LCOFI_TAKEN] = NULL,
		[LCOFI_REFUSED] = "KVM refuses it",
		[LCOFI_DROPPED] = "KVM drops the bit",
		[LCOFI_MISPLACED] = "KVM puts the bit in the wrong place (mended in newer kernels)",
		[LCOFI_IGNORED] = "the hart does not take the interrupt",
		[LCOFI_UNKNOWN] = "it could not be tried",
	};

	return reasons[trial->end];
}
