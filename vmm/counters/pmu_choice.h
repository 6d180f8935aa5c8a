/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers the guest's SBI PMU: decided from what the host can do. Pure. */
#ifndef VHART_PMU_CHOICE_H
#define VHART_PMU_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/config.h"

/* What the host has. A reason is NULL where the thing works, else why it does not. */
struct pmu_host {
	bool kvm_pmu;		 /* KVM answers the extension */
	bool kvm_sscofpmf;	 /* and its guests can take overflow interrupts */
	const char *kvm_exposes; /* what a guest could do to the host if KVM answered */
	const char *no_forward;	 /* BPF: calls of unmodified guests reach this process */
	const char *no_perf;	 /* perf_event_open counts a guest */
	const char *no_lcofi;	 /* this process can raise LCOFI */
	const char
		*other_irq; /* by which way a guest that knows it hears of overflows; NULL: none */
};

struct pmu_choice {
	enum config_pmu answers; /* never CONFIG_PMU_AUTO */
	bool forward;		 /* the standard EID comes to this process */
	bool mend_restart;	 /* of KVM's PMU: Linux's restart with base 4096 */
	bool sscofpmf;		 /* shown to the guest */
	char line[640];		 /* which, and why: for the user */
	char danger[320];	 /* what the user should know of it; empty: nothing */
};

/* False: what was asked for cannot be had; the line is then the error. */
bool pmu_choose(const struct config *config, const struct pmu_host *host,
		struct pmu_choice *choice);

#endif
