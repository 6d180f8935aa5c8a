/* SPDX-License-Identifier: Apache-2.0 */
/* One hart's SBI PMU in this machine: the state machine of pmu/ with its counter sources. */
#ifndef VHART_HART_PMU_H
#define VHART_HART_PMU_H

#include <stdatomic.h>

#include "base/loop.h"
#include "pmu/pmu.h"
#include "vmm/counters/perf_counters.h"
#include "vmm/counters/platform_events.h"
#include "vmm/kvm/lcofi.h"

struct vcpu;

/*
 * Counters shown to the guest at most: cycles, time's place, instret, and 16 programmable ones,
 * which is what a host with all of Sscofpmf's counters gives its KVM guests. And at least.
 */
#define HART_PMU_COUNTERS 19u
#define HART_PMU_LEAST	  3u
#define HART_PMU_WIDTH	  63u /* bits - 1: perf counts 64 bits whatever the hardware has */

/* Raised on the vCPU's thread by a counter that overflowed. */
#define HART_PMU_SIGNAL (SIGRTMIN + 8)

struct hart_pmu {
	struct vcpu *vcpu;
	struct pmu pmu;
	struct perf_counters perf;
	struct platform_counts platform;
	bool counting;	    /* the forward counts for firmware events */
	bool no_count_told; /* the user knows why it does not */

	bool hidden; /* what is counted now is not the guest's */

	/*
	 * An LCOFI is pending, and interrupts are off. KVM does not let one that was raised from
	 * outside end a WFI (kvm_riscv_vcpu_has_interrupts() looks at what it raised itself), but
	 * every kick of the vCPU does: until interrupts are on again there is one now and then.
	 */
	struct loop_timer kick_timer;
	uint64_t kick_ns; /* 0: nothing is masked */
	atomic_bool kicked;

	/* Counters that linger are looked at once in a while (perf_counters_settle()). */
	struct loop_timer timer;
	bool watched;	    /* the timer is or was set, until the thread saw it expire */
	atomic_bool settle; /* it expired */
};

/* On the vCPU's thread, as all here. NULL: no memory. */
struct hart_pmu *hart_pmu_new(struct vcpu *vcpu, enum pmu_profile profile);
void hart_pmu_free(struct hart_pmu *hart); /* NULL is fine */

/* The hart has stopped: it starts as a new one (SBI 3.0, chapter 9). */
void hart_pmu_reset(struct hart_pmu *hart);

/* KVM_RUN was interrupted. */
void hart_pmu_interrupted(struct hart_pmu *hart);

/* The signal of FD came. */
void hart_pmu_overflow(struct hart_pmu *hart, int fd);

/*
 * Makes an LCOFI pending that is due (vcpu->lcofi.due), in place of KVM_RUN: see lcofi_raise().
 */
enum lcofi_raised hart_pmu_raise(struct hart_pmu *hart, int *result);

#endif
