/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/counters/pmu_choice.h"

#include <stdio.h>

#include "pmu/pmu.h"

static void choose_kvm(const struct config *config, const struct pmu_host *host,
		       struct pmu_choice *choice)
{
	choice->answers = CONFIG_PMU_KVM;
	choice->sscofpmf = host->kvm_sscofpmf;
	if (host->kvm_exposes)
		snprintf(choice->danger, sizeof(choice->danger),
			 "--pmu kvm: a guest can %s (vhart probe lists all)", host->kvm_exposes);
	if (!host->kvm_sscofpmf) {
		snprintf(choice->line, sizeof(choice->line),
			 "kvm: the kernel counts; no sampling: its guests get no overflow "
			 "interrupt (it takes AIA and Sscofpmf)");
		return;
	}
	if (pmu_profile_is_linux(config->pmu_profile)) {
		snprintf(choice->line, sizeof(choice->line),
			 "kvm: the kernel counts and samples, as it is (--pmu-profile %s)",
			 pmu_profile_name(config->pmu_profile));
		return;
	}
	choice->mend_restart = !host->no_forward;
	if (choice->mend_restart)
		snprintf(choice->line, sizeof(choice->line),
			 "kvm: the kernel counts and samples; Linux's restart after an overflow is "
			 "mended");
	else
		snprintf(choice->line, sizeof(choice->line),
			 "kvm: the kernel counts and samples; Linux's restart after an overflow "
			 "is not mended, so few samples come (%s)",
			 host->no_forward);
}

/* This process, NAMED so by the user: what it can do. */
static void choose_ours(const struct config *config, const struct pmu_host *host, const char *named,
			struct pmu_choice *choice)
{
	const char *profile = pmu_profile_name(config->pmu_profile);

	choice->answers = CONFIG_PMU_VMM;
	choice->sscofpmf = !host->no_perf && !host->no_lcofi;
	if (host->no_perf)
		snprintf(choice->line, sizeof(choice->line),
			 "%s this process answers, profile %s; firmware events only (%s)", named,
			 profile, host->no_perf);
	else if (host->no_lcofi && host->other_irq)
		snprintf(choice->line, sizeof(choice->line),
			 "vmm: this process counts, profile %s; sampling for guests that know how: "
			 "overflow interrupts by way '%s' (no LCOFI: %s)",
			 profile, host->other_irq, host->no_lcofi);
	else if (host->no_lcofi)
		snprintf(choice->line, sizeof(choice->line),
			 "%s this process counts, profile %s; no sampling: no overflow "
			 "interrupt: %s",
			 named, profile, host->no_lcofi);
	else
		snprintf(choice->line, sizeof(choice->line),
			 "%s this process counts and samples, profile %s", named, profile);
}

/*
 * False: without the forward. A Linux guest would have lost KVM's PMU and not found this one; its
 * legacy driver then counts by CSRs that trap.
 */
static bool choose_vmm(const struct config *config, const struct pmu_host *host,
		       struct pmu_choice *choice)
{
	if (host->no_forward) {
		snprintf(choice->line, sizeof(choice->line),
			 "--pmu vmm: no guest would find this process's PMU (%s); else try --pmu "
			 "auto, or --pmu exit for a guest that calls EID 0x08504D55",
			 host->no_forward);
		return false;
	}
	choose_ours(config, host, "vmm:", choice);
	choice->forward = true;
	return true;
}

static bool choose_exit(const struct config *config, const struct pmu_host *host,
			struct pmu_choice *choice)
{
	choose_ours(config, host,
		    "exit: at EID 0x08504D55 only, where Linux does not look:", choice);
	return true;
}

static void choose_off(const struct pmu_host *host, struct pmu_choice *choice)
{
	choice->answers = CONFIG_PMU_OFF;
	/*
	 * Hidden altogether it would not be safe on a KVM that has one: Linux's legacy driver then
	 * reads the counter CSRs in the kernel, and gets an illegal instruction there. With no
	 * counter at all the SBI driver reads through a null pointer. So it has counters that can
	 * count nothing.
	 */
	choice->forward = host->kvm_pmu && !host->no_forward;
	if (choice->forward)
		snprintf(choice->line, sizeof(choice->line), "off: the guest's PMU has no events");
	else if (host->kvm_pmu)
		snprintf(choice->line, sizeof(choice->line),
			 "off: the guest finds no PMU; a Linux that counts all the same crashes "
			 "(%s)",
			 host->no_forward);
	else
		snprintf(choice->line, sizeof(choice->line), "off: the guest finds no PMU");
}

/* The host's safety first: KVM's PMU only where the kernel is known to be mended. */
static void choose_auto(const struct config *config, const struct pmu_host *host,
			struct pmu_choice *choice)
{
	if (!host->no_forward)
		choose_vmm(config, host, choice);
	else if (host->kvm_pmu && !host->kvm_exposes)
		choose_kvm(config, host, choice);
	else
		choose_off(host, choice);
}

bool pmu_choose(const struct config *config, const struct pmu_host *host, struct pmu_choice *choice)
{
	*choice = (struct pmu_choice){0};
	switch (config->pmu) {
	case CONFIG_PMU_AUTO: choose_auto(config, host, choice); return true;
	case CONFIG_PMU_VMM: return choose_vmm(config, host, choice);
	case CONFIG_PMU_EXIT: return choose_exit(config, host, choice);
	case CONFIG_PMU_OFF: choose_off(host, choice); return true;
	case CONFIG_PMU_KVM: break;
	}
	if (!host->kvm_pmu) {
		snprintf(choice->line, sizeof(choice->line),
			 "--pmu kvm: this host's KVM has no PMU for guests (it takes Sscofpmf and "
			 "the SBI PMU driver): try --pmu auto");
		return false;
	}
	choose_kvm(config, host, choice);
	return true;
}
