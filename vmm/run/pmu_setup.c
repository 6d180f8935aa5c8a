/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's PMU at bring-up: what the host can do, who answers, and KVM told so. */

#include "vmm/run/pmu_setup.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/host.h"
#include "base/log.h"
#include "base/sbi_spec.h"
#include "vmm/counters/perf_counters.h"
#include "vmm/counters/pmu_choice.h"
#include "vmm/kvm/isa.h"
#include "vmm/kvm/kernel_holes.h"
#include "vmm/kvm/lcofi.h"
#include "vmm/machine/machine_private.h"
#include "vmm/run/forwarding.h"
#include "vmm/run/hart_pmu.h"
#include "vmm/run/overriding.h"

#define MEND_NS 100000000ull

/* ---- what the host can do ---- */

/* NULL when perf counts a guest's cycles for this user. */
static const char *why_no_perf(char *text, size_t size)
{
	const struct pmu_event cycles = {.type = 0, .code = 1};
	struct perf_event_attr attr;
	int fd;

	perf_counters_attr(&cycles, &attr);
	fd = perf_calls_kernel.open(NULL, &attr, 0);
	if (fd >= 0) {
		perf_calls_kernel.close(NULL, fd);
		return NULL;
	}
	snprintf(text, size, "perf_event_open: %s%s", strerror(-fd),
		 fd == -EACCES || fd == -EPERM ? "; sysctl kernel.perf_event_paranoid=1 allows it"
					       : "");
	return text;
}

/* NULL when this process may load BPF programs; the rest is seen when they are loaded. */
static const char *why_no_forward(void)
{
	if (host_has_capability(CAP_SYS_ADMIN) ||
	    (host_has_capability(CAP_BPF) && host_has_capability(CAP_PERFMON)))
		return NULL;
	return "no right to load BPF programs: run vhart as root (sudo)";
}

static struct pmu_host look(const struct machine *machine, char *perf, size_t perf_size,
			    struct lcofi_choice *irq)
{
	int vcpu_fd = machine->vcpus[0].fd;
	uint64_t value = 0;
	struct pmu_host host = {0};
	struct utsname name;

	host.no_forward = why_no_forward();
	host.kvm_exposes =
		uname(&name) < 0 ? "perhaps hurt this host, whose kernel does not tell its version"
				 : kernel_pmu_exposes(name.release);
	host.kvm_pmu = kvm_get_reg(vcpu_fd, KVM_SBI_REG(KVM_RISCV_SBI_EXT_PMU), &value) == 0;
	host.kvm_sscofpmf =
		kvm_get_reg(vcpu_fd, KVM_ISA_REG(ISA_EXT_SSCOFPMF), &value) == 0 && value == 1;
	/* What is not needed for the choice is not tried: it takes its time at every start. */
	if (machine->config->pmu == CONFIG_PMU_OFF || machine->config->pmu == CONFIG_PMU_KVM ||
	    (machine->config->pmu == CONFIG_PMU_AUTO && host.no_forward))
		return host;
	host.no_perf = why_no_perf(perf, perf_size);
	if (host.no_perf)
		return host;
	*irq = lcofi_choose(&(struct lcofi_host){.kvm_fd = machine->kvm_fd,
						 .aia = machine->has_aia,
						 .sscofpmf = host.kvm_sscofpmf,
						 .harts = machine->vcpu_count},
			    machine->config->pmu_irq);
	host.no_lcofi = irq->no_lcofi;
	if (irq->way && !irq->way->any_guest)
		host.other_irq = irq->way->name;
	return host;
}

/* ---- who answers ---- */

/* Made when the guest first calls: most never do, and it takes its time at every start. */
static struct pmu *pmu_of_hart(struct machine *machine, unsigned int hart)
{
	struct vcpu *vcpu = &machine->vcpus[hart];

	if (!vcpu->pmu)
		vcpu->pmu = hart_pmu_new(vcpu, machine->config->pmu_profile);
	return vcpu->pmu ? &vcpu->pmu->pmu : NULL;
}

static bool take_from_kvm(const struct machine *machine)
{
	int result = 0;

	for (unsigned int i = 0; i < machine->vcpu_count && result == 0; i++)
		result = kvm_set_reg(machine->vcpus[i].fd, KVM_SBI_REG(KVM_RISCV_SBI_EXT_PMU), 0);
	/* Not there: nothing to take. */
	if (result == 0 || result == -ENOENT)
		return true;
	error("KVM does not let vhart answer the SBI PMU: %s: try --pmu kvm", strerror(-result));
	return false;
}

/* What the forward has to bring for CHOICE. */
static void add_rules(const struct pmu_choice *choice, struct forward_rules *rules)
{
	rules->mend_restart = choice->mend_restart;
	if (!choice->forward)
		return;
	rules->probes |= 1u << rules->count;
	rules->rules[rules->count++] =
		(struct forward_rule){.eid = SBI_EID_PMU, .fids = FORWARD_ALL_FIDS};
	if (choice->answers == CONFIG_PMU_VMM)
		rules->counter_reads = rules->hart_stops = 1;
}

/* The way that --pmu-irq names, if it names one. False after error(). */
static bool has_wanted_irq(const struct machine *machine, const struct pmu_host *host,
			   const struct lcofi_choice *irq)
{
	const char *why = host->no_perf ? host->no_perf : irq->why;

	if (machine->config->pmu_irq == PMU_IRQ_AUTO)
		return true;
	if (machine->pmu.answers != CONFIG_PMU_VMM) {
		error("--pmu-irq is for a PMU that this process answers: add --pmu vmm");
		return false;
	}
	if (!irq->way)
		error("--pmu-irq: that way does not work here: %s: try --pmu-irq auto",
		      why ? why : "it was not tried");
	return irq->way != NULL;
}

static void set_port(struct machine *machine, const struct lcofi_way *way, struct vcpu *vcpu)
{
	const struct lcofi_hart hart = {
		.machine = machine,
		.hart = vcpu->id,
		.vm_fd = machine->vm_fd,
		.vcpu_fd = vcpu->fd,
		.run = vcpu->run,
		.identity = (uint32_t)machine->aia.imsic_ids,
	};

	lcofi_port_init(&vcpu->lcofi, way, &hart);
}

static bool raise_by(struct machine *machine, const struct lcofi_way *way)
{
	int result = way->prepare ? way->prepare(machine->vm_fd) : 0;

	if (result < 0) {
		error("pmu: KVM refuses what overflow interrupts by way '%s' need: %s: try --pmu "
		      "kvm",
		      way->name, strerror(-result));
		return false;
	}
	verbose("pmu: overflow interrupts by way '%s'", way->name);
	machine->lcofi = way;
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		set_port(machine, way, &machine->vcpus[i]);
	return true;
}

static void answer(struct machine *machine, const struct pmu_choice *choice)
{
	if (choice->answers != CONFIG_PMU_OFF || choice->forward)
		machine->sbi.pmu = pmu_of_hart;
	if (choice->answers == CONFIG_PMU_VMM && !machine->sbi.read_counter)
		machine->sbi.read_counter = sbi_pmu_read_counter;
	machine->sbi.mend_restart = choice->mend_restart;
}

/* Once: a guest that restarts in a loop must not fill the user's log. */
static void tell(const struct machine *machine, const struct pmu_choice *choice)
{
	if (!machine->first_life)
		return;
	/* Standard error is CMD's, where there is one. */
	if (machine->config->command)
		verbose("pmu: %s", choice->line);
	else
		note("pmu: %s", choice->line);
	if (*choice->danger)
		warning("%s", choice->danger);
}

/* Of CHOICE and of whatever else is forwarded. False after error(). */
static bool rules_for(struct machine *machine, const struct pmu_choice *choice,
		      struct forward_rules *rules)
{
	*rules = forwarding_rules(machine);
	add_rules(choice, rules);
	return overriding_add_rules(machine, choice->forward, rules);
}

/* A script that does not get the calls that it is about proves nothing. */
static bool refuse_override(struct machine *machine, const struct forward_refusal *refusal)
{
	error("SBI calls that KVM keeps to itself do not get to the script: %s: %s", refusal->why,
	      refusal->way_out);
	machine->bad_input = true;
	return false;
}

/* Chooses again into CHOICE, of a HOST that has no forward. */
static bool choose_without(const struct machine *machine, struct pmu_host host,
			   const struct forward_refusal *refusal, struct pmu_choice *choice)
{
	char no_forward[320];

	if (machine->config->sbi_echo != SBI_ECHO_OFF)
		warning("SBI calls that KVM keeps to itself do not get here: %s: %s", refusal->why,
			refusal->way_out);
	snprintf(no_forward, sizeof(no_forward), "%s: %s", refusal->why, refusal->way_out);
	host.no_forward = no_forward;
	return pmu_choose(machine->config, &host, choice);
}

/*
 * ---- mending needs the forward, but not when the guest starts ----
 *
 * Loading the programs takes ten times as long as all the rest of a start, and no guest samples in
 * its first tenth of a second.
 */

static void *mender_thread(void *opaque)
{
	struct machine *machine = opaque;
	const struct forward_rules rules = {.mend_restart = machine->pmu.mend_restart};
	struct pmu_host host = {.kvm_pmu = true, .kvm_sscofpmf = true};
	struct forward_refusal refusal;
	struct pmu_choice without;

	if (!forwarding_open(machine, &rules, &refusal)) {
		/* Only for its words: the guest runs, and machine->pmu stays as it is. */
		choose_without(machine, host, &refusal, &without);
		tell(machine, &without);
		return NULL;
	}
	pthread_mutex_lock(&machine->lock);
	forwarding_watch(machine);
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		vcpu_kick(&machine->vcpus[i]);
	pthread_mutex_unlock(&machine->lock);
	return NULL;
}

static void start_mender(struct loop_timer *timer)
{
	struct machine *machine = timer->opaque;
	int result = pthread_create(&machine->mender, NULL, mender_thread, machine);

	machine->has_mender = result == 0;
	if (result != 0)
		warning("pmu: no thread to load BPF programs: %s: sampling in the guest gets few "
			"samples",
			strerror(result));
}

static void mend_later(struct machine *machine)
{
	machine->mend_timer = (struct loop_timer){.expired = start_mender, .opaque = machine};
	loop_timer_set(machine->loop, &machine->mend_timer, MEND_NS);
}

void pmu_setup_finish(struct machine *machine)
{
	if (machine->has_mender)
		pthread_join(machine->mender, NULL);
	machine->has_mender = false;
}

bool pmu_setup(struct machine *machine)
{
	struct pmu_choice *choice = &machine->pmu;
	struct forward_refusal refusal;
	struct forward_rules rules;
	char no_perf[160];
	struct lcofi_choice irq = {.way = NULL};
	struct pmu_host host = look(machine, no_perf, sizeof(no_perf), &irq);
	bool good = pmu_choose(machine->config, &host, choice);

	if (good && !rules_for(machine, choice, &rules)) {
		machine->bad_input = true;
		return false;
	}
	if (good && rules.count == 0 && rules.mend_restart) {
		mend_later(machine);
	} else if (good && rules.count > 0) {
		if (forwarding_open(machine, &rules, &refusal))
			forwarding_watch(machine);
		else if (overriding_needs_forward(machine))
			return refuse_override(machine, &refusal);
		else
			good = choose_without(machine, host, &refusal, choice);
	}
	if (!good) {
		error("%s", choice->line);
		machine->bad_input = true;
		return false;
	}
	if (!has_wanted_irq(machine, &host, &irq)) {
		machine->bad_input = true;
		return false;
	}
	tell(machine, choice);
	answer(machine, choice);
	/* Beside KVM's PMU the guest's Sscofpmf is KVM's, and so is what sip has of it. */
	if (choice->answers != CONFIG_PMU_VMM)
		return choice->answers == CONFIG_PMU_KVM || take_from_kvm(machine);
	return (!irq.way || raise_by(machine, irq.way)) && take_from_kvm(machine);
}
