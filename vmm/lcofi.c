/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/lcofi.h"

#include <errno.h>

#include "vmm/kvm.h"

#define SCAUSE_LCOFI 0x800000000000000dull
#define ROUNDS	     1000000u /* so long may it take to arrive */
#define STUB_SLOT    1u	      /* the guest's RAM is slot 0 */

/* ---- trying ---- */

/* Nothing came, or something: what the guest found. */
static void judge(struct lcofi_trial *trial, enum lcofi_end nothing)
{
	if (trial->outcome.end == SCRATCH_TRAPPED && trial->outcome.scause == SCAUSE_LCOFI)
		trial->end = LCOFI_TAKEN;
	else if (trial->outcome.end == SCRATCH_SPUN)
		trial->end = nothing;
}

static enum lcofi_end end_of_written(uint64_t sip)
{
	if (sip == 0)
		return LCOFI_DROPPED;
	return sip == SIP_LCOFIP ? LCOFI_IGNORED : LCOFI_MISPLACED;
}

static struct lcofi_trial refused(int result)
{
	return (struct lcofi_trial){.end = LCOFI_REFUSED, .failure = -result};
}

static struct lcofi_trial try_sip(struct scratch *scratch)
{
	struct lcofi_trial trial = {.end = LCOFI_UNKNOWN, .outcome = scratch_start(scratch)};
	uint64_t sip;
	int result;

	if (trial.outcome.end != SCRATCH_READY)
		return trial;
	result = kvm_set_reg(scratch->vcpu_fd, KVM_CSR_REG(sip), SIP_LCOFIP);
	if (result == 0)
		result = kvm_get_reg(scratch->vcpu_fd, KVM_CSR_REG(sip), &sip);
	if (result < 0)
		return refused(result);
	trial.outcome = scratch_spin(scratch, ROUNDS);
	judge(&trial, end_of_written(sip));
	return trial;
}

static int prepare_stub(int vm_fd)
{
	return lcofi_stub_add_page(vm_fd, STUB_SLOT);
}

/* The guest waits for its rounds: a completion, which comes first. */
static struct lcofi_trial try_stub(struct scratch *scratch)
{
	struct lcofi_trial trial = {.end = LCOFI_UNKNOWN, .outcome = scratch_start(scratch)};
	struct lcofi_stub stub = {.vcpu_fd = scratch->vcpu_fd, .run = scratch->run};
	int result = prepare_stub(scratch->vm_fd);
	enum lcofi_stub_end end;

	if (result < 0)
		return refused(result);
	if (trial.outcome.end != SCRATCH_READY)
		return trial;
	scratch_answer(scratch, ROUNDS);
	do {
		end = lcofi_stub_raise(&stub, &result);
		scratch->run->immediate_exit = 0;
	} while (end == LCOFI_STUB_RETURNED && result == -EINTR);
	if (result < 0)
		return refused(result);
	/* Where the guest cannot write its sip its handler has told so. */
	trial.outcome = end == LCOFI_STUB_DONE ? scratch_run(scratch) : scratch_exit(scratch);
	judge(&trial, LCOFI_IGNORED);
	return trial;
}

const char *lcofi_why_not(const struct lcofi_trial *trial)
{
	static const char *const reasons[] = {
		[LCOFI_TAKEN] = NULL,
		[LCOFI_REFUSED] = "KVM refuses the bit",
		[LCOFI_DROPPED] = "KVM drops the bit",
		[LCOFI_MISPLACED] = "KVM puts the bit in the wrong place (mended in newer kernels)",
		[LCOFI_IGNORED] = "the hart does not take the interrupt",
		[LCOFI_UNKNOWN] = "it could not be tried",
	};

	return reasons[trial->end];
}

/* ---- raising ---- */

/*
 * KVM forgets what another thread made pending between the two calls; only an SBI IPI without AIA
 * travels that way.
 */
static enum lcofi_raised raise_sip(struct lcofi_port *port, int *result)
{
	uint64_t sip;

	*result = kvm_get_reg(port->stub.vcpu_fd, KVM_CSR_REG(sip), &sip);
	if (*result == 0)
		*result = kvm_set_reg(port->stub.vcpu_fd, KVM_CSR_REG(sip), sip | SIP_LCOFIP);
	return *result < 0 ? LCOFI_FAILED : LCOFI_RAISED;
}

static enum lcofi_raised raise_stub(struct lcofi_port *port, int *result)
{
	switch (lcofi_stub_raise(&port->stub, result)) {
	case LCOFI_STUB_DONE: return LCOFI_RAISED;
	case LCOFI_STUB_RETURNED: return LCOFI_RETURNED;
	default: return LCOFI_FAILED;
	}
}

enum lcofi_raised lcofi_raise(struct lcofi_port *port, int *result)
{
	enum lcofi_raised raised = port->way->raise(port, result);

	/* An exit: the hart has been reset in the meantime. */
	if (raised != LCOFI_RETURNED || *result == 0)
		port->due = false;
	return raised;
}

void lcofi_forget(struct lcofi_port *port)
{
	port->due = false;
	lcofi_stub_abandon(&port->stub);
}

void lcofi_port_init(struct lcofi_port *port, const struct lcofi_way *way, int vcpu_fd,
		     struct kvm_run *run)
{
	*port = (struct lcofi_port){.way = way, .stub = {.vcpu_fd = vcpu_fd, .run = run}};
}

/* ---- the ways ---- */

const struct lcofi_way lcofi_ways[] = {
	{"sip", try_sip, NULL, raise_sip},
	{"stub", try_stub, prepare_stub, raise_stub},
	{0},
};

const struct lcofi_way *lcofi_choose(int kvm_fd, const char **why)
{
	const char *step;

	*why = NULL;
	for (const struct lcofi_way *way = lcofi_ways; way->name; way++) {
		struct lcofi_trial trial = {.end = LCOFI_UNKNOWN};
		struct scratch scratch;

		if (scratch_open(&scratch, kvm_fd, &step) == 0)
			trial = way->try(&scratch);
		scratch_close(&scratch);
		*why = lcofi_why_not(&trial);
		if (!*why)
			return way;
	}
	return NULL;
}
