/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random sequences of PMU calls, from a seed, for two machines in lockstep; a sequence at which
 * they differ is shrunk. Freestanding as the runner.
 */
#ifndef TESTS_PMU_RANDOM_H
#define TESTS_PMU_RANDOM_H

#include "tests/pmu/runner.h"

struct random {
	uint64_t state;
};

uint64_t random_next(struct random *random);
/* Below BOUND, which is not 0. */
unsigned int random_below(struct random *random, unsigned int bound);

struct random_step {
	enum op op;		  /* a call, OP_RD, OP_TM, OP_WORK, OP_HART or OP_POKE */
	uint64_t args[STEP_ARGS]; /* may be symbols */
};

enum random_wish {
	/* Hardware events that count nothing (UINH and SINH), so that real counts are equal, too.
	 */
	RANDOM_QUIET = 1 << 0,
	RANDOM_NO_HART = 1 << 1,
	RANDOM_NO_FW_CSR = 1 << 2, /* no CSR reads that the host itself refuses */
};

void random_steps(struct random *random, const struct symbols *symbols, unsigned int wishes,
		  struct random_step *steps, unsigned int count);
/* One that is only a read: of information, of a counter, of a CSR. */
struct random_step random_read(struct random *random, const struct symbols *symbols);

/*
 * What must be known of a sequence in order to keep deadly calls from a kernel (reference document,
 * section 0.2), as far as its answers tell.
 */
struct random_guard {
	uint64_t configured; /* firmware counters, by index */
	bool has_page;
};

bool random_deadly(const struct random_guard *guard, const struct machine_under_test *machine,
		   const struct symbols *symbols, const struct random_step *step);
void random_observe(struct random_guard *guard, const struct symbols *symbols,
		    const struct random_step *step, struct answer answer);

struct random_difference {
	bool found;
	unsigned int at; /* step */
	const char *what;
	struct answer left, right;
};

/* Runs STEPS on both as they are now; the first difference in an answer or in the pages. */
struct random_difference random_lockstep(const struct machine_under_test *left,
					 const struct machine_under_test *right,
					 const struct random_step *steps, unsigned int count);
/* The same on fresh machines. */
struct random_difference random_compare(const struct machine_under_test *left,
					const struct machine_under_test *right,
					const struct random_step *steps, unsigned int count);

/* Removes what is not needed for the machines to differ; how many steps are left. */
unsigned int random_shrink(const struct machine_under_test *left,
			   const struct machine_under_test *right, struct random_step *steps,
			   unsigned int count);

#endif
