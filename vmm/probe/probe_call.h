/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SBI calls that `vhart probe` lets a scratch guest make, one of each extension, and what their
 * ends mean. KVM has a register for each extension (KVM_REG_RISCV_SBI_EXT), which says "enabled"
 * also of some that it was built without, so only a call tells. Pure; probe_sbi.c makes the calls.
 */
#ifndef VHART_PROBE_CALL_H
#define VHART_PROBE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/kvm/isa.h"
#include "vmm/probe/finding.h"

/* One for each number of KVM's, which is its index, and BASE, which has none. */
#define PROBE_CALL_BASE ISA_SBI_EXT_COUNT
#define PROBE_CALLS	(ISA_SBI_EXT_COUNT + 1)

struct probe_call {
	const char *name; /* of the function, "write_byte" */
	uint64_t eid, fid, args[3];
	bool to_vhart; /* KVM is to hand it over; else to answer it */
	bool resumes;  /* args[1] is where the guest goes on */
};

/* Harmless, each; SRST is the last that can be made. */
extern const struct probe_call probe_calls[PROBE_CALLS];

/* What is answered to the calls that are handed over, in a0 and in a1. */
#define PROBE_CALL_ANSWER 0x7648617274ull

enum probe_call_end {
	PROBE_CALL_UNTRIED,  /* WHY */
	PROBE_CALL_ANSWERED, /* by KVM: A0, A1 */
	PROBE_CALL_HANDED,   /* to us: A0, A1 are what the guest then had */
	PROBE_CALL_ENDED,    /* KVM ends the VM, as asked */
};

struct probe_call_result {
	int named;    /* KVM has a register for the extension: 0 or -errno */
	bool enabled; /* it was, before anybody asked */
	int enabling; /* what that gave where it was not: 0 or -errno */
	enum probe_call_end end;
	uint64_t a0, a1;
	char why[96];
};

/* Whether somebody has answered: not with NOT_SUPPORTED. */
bool probe_call_is_answered(const struct probe_call_result *result);

/* Whether extension ID comes to us, in state and words. */
void probe_call_tell_handed(unsigned int id, const struct probe_call_result *result,
			    struct probe_finding *finding);
/* Which extensions KVM answers; RESULTS has PROBE_CALLS. */
void probe_call_tell_kernel(const struct probe_call_result *results, struct probe_finding *finding);
/*
 * Whether KVM answers the PMU, and whether it keeps quiet where it is DISABLED, so that it can be
 * answered here; DISABLING is what that gave, 0 or -errno.
 */
void probe_call_tell_pmu(const struct probe_call_result *result,
			 const struct probe_call_result *disabled, int disabling,
			 struct probe_finding *finding);

#endif
