/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/kvm/lcofi.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/board.h"
#include "base/machine.h"
#include "base/riscv.h"
#include "vmm/kvm/kvm.h"

/*
 * KVM forgets what another thread made pending between the two calls. Only an SBI IPI without AIA
 * travels that way, so this is not used without AIA.
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

/* Blocked by the guest, or its IMSIC is off: as lost as on hardware. */
static enum lcofi_raised raise_msi(struct lcofi_port *port, int *result)
{
	*result = aia_send_msi(port->hart.vm_fd, port->hart.hart, port->hart.identity);
	return *result < 0 ? LCOFI_FAILED : LCOFI_RAISED;
}

/* A rising edge; a PLIC keeps what it has seen until it is claimed. */
static enum lcofi_raised raise_wired(struct lcofi_port *port, int *result)
{
	struct machine *machine = port->hart.machine;
	unsigned int line = LINE_PMU + port->hart.hart;

	machine_lock(machine);
	machine_irq_set(machine, line, true);
	machine_irq_set(machine, line, false);
	machine_unlock(machine);
	*result = 0;
	return LCOFI_RAISED;
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

bool lcofi_is_masked(const struct lcofi_port *port)
{
	int fd = port->stub.vcpu_fd;
	uint64_t mode, sstatus, sie;

	return port->way->any_guest && kvm_get_reg(fd, KVM_CSR_REG(sstatus), &sstatus) == 0 &&
	       !(sstatus & SSTATUS_SIE) && kvm_get_reg(fd, KVM_CORE_REG(mode), &mode) == 0 &&
	       mode == KVM_RISCV_MODE_S && kvm_get_reg(fd, KVM_CSR_REG(sie), &sie) == 0 &&
	       sie & SIP_LCOFIP;
}

void lcofi_port_init(struct lcofi_port *port, const struct lcofi_way *way,
		     const struct lcofi_hart *hart)
{
	*port = (struct lcofi_port){
		.hart = *hart, .way = way, .stub = {.vcpu_fd = hart->vcpu_fd, .run = hart->run}};
}

/* ---- the ways ---- */

const struct lcofi_way lcofi_ways[] = {
	/*
	 * Where both work (7.2) fewer are lost by this one: of 756 samples due to each of two
	 * processes with one event, in the lab, all came, and by sip 400 to 803.
	 */
	{.name = "stub",
	 .option = PMU_IRQ_STUB,
	 .by = LCOFI_BY_STUB,
	 .any_guest = true,
	 .runs = true,
	 .try = lcofi_try_stub,
	 .prepare = lcofi_stub_add_page,
	 .raise = raise_stub},
	{.name = "sip",
	 .option = PMU_IRQ_SIP,
	 .by = LCOFI_BY_SIP,
	 .any_guest = true,
	 .needs_aia = true,
	 .try = lcofi_try_sip,
	 .raise = raise_sip},
	{.name = "msi",
	 .option = PMU_IRQ_MSI,
	 .by = LCOFI_BY_MSI,
	 .needs_aia = true,
	 .try = lcofi_try_msi,
	 .raise = raise_msi},
	{.name = "wired",
	 .option = PMU_IRQ_WIRED,
	 .by = LCOFI_BY_WIRED,
	 .try = lcofi_try_wired,
	 .raise = raise_wired},
	{0},
};

static enum lcofi_end try_here(const struct lcofi_way *way, const struct lcofi_host *host)
{
	struct lcofi_trial trial = {.end = LCOFI_UNKNOWN};
	struct scratch scratch;
	const char *step;

	if (scratch_open(&scratch, host->kvm_fd, &step) == 0)
		trial = way->try(&scratch, host->aia);
	scratch_close(&scratch);
	return trial.end;
}

/*
 * In a process of its own: whoever watches this one would take the vCPU of a trial for one of the
 * VM's.
 */
static enum lcofi_end try_apart(const struct lcofi_way *way, const struct lcofi_host *host)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(try_here(way, host));
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return LCOFI_UNKNOWN;
	return WEXITSTATUS(status);
}

/* NULL: it works. */
static const char *why_not(const struct lcofi_way *way, const struct lcofi_host *host)
{
	struct lcofi_trial trial;

	if (way->any_guest && !host->sscofpmf)
		return "this host's guests have no Sscofpmf (it takes AIA and Sscofpmf)";
	if (way->needs_aia && !host->aia)
		return "it takes AIA";
	if (way->by == LCOFI_BY_WIRED && host->harts > LINE_PMU_COUNT)
		return "there are lines for 64 harts only";
	trial = (struct lcofi_trial){.end = try_apart(way, host)};
	return lcofi_why_not(&trial);
}

struct lcofi_choice lcofi_choose(const struct lcofi_host *host, enum config_pmu_irq wanted)
{
	struct lcofi_choice choice = {.way = NULL};

	for (const struct lcofi_way *way = lcofi_ways; way->name; way++) {
		if (wanted != PMU_IRQ_AUTO && wanted != way->option)
			continue;
		choice.why = why_not(way, host);
		if (!choice.why) {
			choice.way = way;
			break;
		}
		if (way->any_guest && !choice.no_lcofi) /* the best one's */
			choice.no_lcofi = choice.why;
	}
	if (choice.way && choice.way->any_guest)
		choice.no_lcofi = NULL;
	else if (!choice.no_lcofi)
		choice.no_lcofi = choice.way ? "--pmu-irq is for another way" : choice.why;
	return choice;
}
