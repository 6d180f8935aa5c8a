/* SPDX-License-Identifier: Apache-2.0 */
/* A machine under test (tests/pmu/runner.h) made of this hart: real calls to one EID. */
#ifndef GUEST_PMU_MACHINE_H
#define GUEST_PMU_MACHINE_H

#include "tests/pmu/runner.h"

struct pmu_machine {
	uint64_t eid;
	uint64_t *page; /* two pages */
	uint64_t taken; /* interrupts when they were enabled last */
};

struct machine_under_test pmu_machine(struct pmu_machine *machine, enum column column);

/* A read in user mode under this SCOUNTEREN. False: it trapped. */
bool pmu_machine_user_read(unsigned int csr, uint64_t scounteren, uint64_t *value);

/* Which hart that is. */
void pmu_machine_hart(uint64_t hart);
/* For hart_start() on a second hart: starts the first one whenever it has stopped. */
void pmu_restarter(uint64_t hart);

#endif
