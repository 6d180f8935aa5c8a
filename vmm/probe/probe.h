/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `vhart probe`: what this host can do. Each check is one row of a table; it leaves a finding, and
 * a check that cannot look says so and lets the others go on.
 */
#ifndef VHART_PROBE_H
#define VHART_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/probe/exit_cost.h"
#include "vmm/probe/finding.h"
#include "vmm/probe/probe_call.h"

struct probe;
struct probe_check;
typedef void probe_function(struct probe *probe, const struct probe_check *check,
			    struct probe_finding *finding);

struct probe_check {
	const char *id;	  /* stable, "kvm.device" */
	const char *name; /* for people */
	probe_function *check;
	unsigned int number; /* of a capability, an event: whatever the function wants */
	/* What a finding other than "ok" starts with; the function may know better. */
	const char *cost, *fix;
};

struct probe_group {
	const char *id, *title;
	const struct probe_check *checks; /* ends with a NULL id */
};

/* What the checks share. */
struct probe {
	int kvm_fd;    /* or -1 */
	int kvm_errno; /* why there is none */
	bool usable; /* a guest was run, and nothing else that all VMs need is missing: the verdict
		      */
	bool calls_made;
	struct probe_call_result calls[PROBE_CALLS];
};

extern const struct probe_check probe_host_checks[];
extern const struct probe_check probe_kvm_checks[];
extern const struct probe_check probe_vcpu_checks[];
extern const struct probe_check probe_sbi_checks[];
extern const struct probe_check probe_pmu_checks[];
extern const struct probe_check probe_lcofi_checks[];
extern const struct probe_check probe_trace_checks[];
extern const struct probe_check probe_io_checks[];
extern const struct probe_check probe_hole_checks[];

/* Which profile mirrors KVM's PMU here, by the kernel's version (probe_kernel.c). */
probe_function probe_pmu_profile;

/* Whether a deadline that a guest sets by the SBI is kept (probe_timer.c). */
probe_function probe_timer;

/* What of the vCPU's ISA a guest can execute (probe_isa.c). */
probe_function probe_isa;

struct scratch;
/* A scratch VM for a check (probe_scratch.c). False, and FINDING says why there is no scratch VM;
 * nothing is to be closed then. */
bool scratch_for_check(struct scratch *scratch, const struct probe *probe,
		       struct probe_finding *finding);

/* ---- the report (probe_report.c): pure ---- */

struct probe_result {
	const struct probe_group *group;
	const struct probe_check *check;
	struct probe_finding finding;
};

struct probe_report {
	const struct probe_result *results;
	size_t count;
	bool usable;
	const struct exit_cost *costs; /* EXIT_COSTS; NULL: not measured */
};

void probe_report_text(const struct probe_report *report, FILE *to);
/* False: no memory for it, or TO takes no more. */
bool probe_report_json(const struct probe_report *report, FILE *to);

#endif
