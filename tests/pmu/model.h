/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second, plain writing-down of what the kernel's PMU does (arch/riscv/kvm/vcpu_pmu.c of Linux
 * 7.2, and where 6.12 differs), to compare the profiles of kernels with. Native only.
 */
#ifndef TESTS_PMU_MODEL_H
#define TESTS_PMU_MODEL_H

#include "tests/pmu/simulated.h"

struct model_counter {
	uint64_t event_idx;
	bool in_use, started;
	uint64_t base_val;
	bool live, enabled; /* its perf event */
	struct pmu_event event;
	uint64_t count, left; /* LEFT events to an overflow; 0: none */
};

struct model {
	bool old;      /* 6.12 */
	bool unfolded; /* and before 6.12.113 */
	unsigned int h, width;
	struct model_counter ctr[64];
	struct {
		uint64_t value;
		bool started;
	} fwev[PMU_FW_EVENTS];
	uint64_t ovf;
	bool has_snap;
	uint64_t snap;
	struct pmu_snapshot cache;
	enum pmu_profile profile;
	struct simulated around; /* RAM and the interrupt; its PMU is not used */
};

void model_init(struct model *model, enum pmu_profile profile, unsigned int hw_counters,
		unsigned int width);
struct machine_under_test model_machine(struct model *model);

#endif
