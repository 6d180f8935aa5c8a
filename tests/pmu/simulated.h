/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A struct pmu with everything around it simulated: counters that count when told to, RAM, an
 * interrupt line. Native only. It aborts when the PMU breaks its environment's contract.
 */
#ifndef TESTS_PMU_SIMULATED_H
#define TESTS_PMU_SIMULATED_H

#include "pmu/pmu.h"
#include "tests/pmu/runner.h"

#define SIMULATED_RAM	    0x80000000ull
#define SIMULATED_PAGES	    8u
#define SIMULATED_ROM	    0x40000000ull /* a page of it */
#define SIMULATED_PAGE	    2u		  /* P, and the one behind it */
#define SIMULATED_PLATFORMS 4u		  /* platform events 1 to 3 */

struct simulated_source {
	bool open, running, armed;
	struct pmu_event event;
	uint64_t count, overflow_at;
};

struct simulated {
	struct pmu pmu;
	struct simulated_source sources[PMU_MAX_COUNTERS];
	uint64_t firmware[PMU_FW_EVENTS];
	uint64_t platform[SIMULATED_PLATFORMS];
	uint64_t ram[SIMULATED_PAGES * PAGE_WORDS];
	bool unplugged;

	bool lcofi_enabled, lcofi_pending;
	unsigned int lcofis_raised, lcofis_taken;

	/* Faults. */
	uint64_t refused;     /* bit i: open() of source i fails */
	uint64_t lost;	      /* bit i: source i cannot be started nor read */
	uint32_t no_firmware; /* bit c: firmware event c is not countable */
	bool late;	      /* signals come too late: overflows are found by count alone */

	/* Seen. */
	unsigned int opened, memory_reads, memory_writes;
};

extern const struct pmu_environment simulated_environment;

/* H counters of WIDTH + 1 bits. */
void simulated_init(struct simulated *simulated, uint64_t quirks, unsigned int hw_counters,
		    unsigned int width);
/* The hart runs so many instructions in S-mode; cycles are twice as many. */
void simulated_work(struct simulated *simulated, uint64_t instructions);
/* How many events so many instructions are. */
uint64_t simulated_events(const struct pmu_event *event, uint64_t instructions);
unsigned int simulated_open_sources(const struct simulated *simulated);

uint64_t simulated_peek(const struct simulated *simulated, uint64_t address);
void simulated_poke(struct simulated *simulated, uint64_t address, uint64_t value);

/* For scenario_run(); PROFILE's column. */
struct machine_under_test simulated_machine(struct simulated *simulated, enum pmu_profile profile);

enum column profile_column(enum pmu_profile profile);

#endif
