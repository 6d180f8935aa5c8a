/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SBI calls answered in this process: one table of extensions, one file per extension, whatever
 * way a call came (KVM_EXIT_RISCV_SBI now; others hand over the same struct). Knows no KVM.
 */
#ifndef VHART_SBI_H
#define VHART_SBI_H

#include <stdint.h>

#include "vmm/machine.h"

/* SBI 3.0, chapter 3: standard errors. */
enum {
	SBI_SUCCESS = 0,
	SBI_ERR_FAILED = -1,
	SBI_ERR_NOT_SUPPORTED = -2,
	SBI_ERR_INVALID_PARAM = -3,
	SBI_ERR_DENIED = -4,
	SBI_ERR_INVALID_ADDRESS = -5,
	SBI_ERR_ALREADY_AVAILABLE = -6,
	SBI_ERR_ALREADY_STARTED = -7,
	SBI_ERR_ALREADY_STOPPED = -8,
	SBI_ERR_NO_SHMEM = -9,
};

/* One call: a0-a5, FID (a6) and EID (a7) in; error (a0) and value (a1) out. */
struct sbi_call {
	unsigned int hart;
	uint64_t eid, fid;
	uint64_t args[6];
	int64_t error;
	uint64_t value;
};

struct sbi_context; /* what handlers may use: see below */

struct sbi_extension {
	const char *name; /* "DBCN" */
	uint64_t first, last; /* EIDs, inclusive */
	void (*handle)(struct sbi_context *context, struct sbi_call *call);
};

/* Owned by the machine. Counters are updated atomically (relaxed): any vCPU thread calls. */
struct sbi_context {
	struct machine *machine;
	uint64_t answered;  /* calls that an extension took */
	uint64_t unclaimed; /* calls that nobody claimed: answered NOT_SUPPORTED */
	/* SUSP: stops the calling hart until a wake-up event; called without the machine's lock. */
	void (*suspend)(struct machine *machine, unsigned int hart);
};

/* Every extension, in the order in which they are looked up; ends with a NULL name. */
extern const struct sbi_extension sbi_extensions[];

/*
 * Answers CALL. Called on the vCPU's thread WITHOUT the machine's lock; handlers that touch a
 * device or the console take it through machine_lock()/machine_unlock().
 */
void sbi_dispatch(struct sbi_context *context, struct sbi_call *call);

#endif
