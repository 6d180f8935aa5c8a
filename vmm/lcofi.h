/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an LCOFI (interrupt 13, Sscofpmf) that is written to sip gets to a guest: tried on a
 * scratch VM, because kernels and harts promise what they do not keep.
 */
#ifndef VHART_LCOFI_H
#define VHART_LCOFI_H

#include <stdint.h>

#include "vmm/probe_scratch.h"

#define SIP_LCOFIP (1ull << 13)

enum lcofi_end {
	LCOFI_TAKEN,
	LCOFI_REFUSED,	 /* KVM gave an error: FAILURE */
	LCOFI_DROPPED,	 /* sip reads 0 */
	LCOFI_MISPLACED, /* KVM put the bit elsewhere (mended in newer kernels) */
	LCOFI_IGNORED,	 /* the bit is there, and the hart does not take the interrupt */
	LCOFI_UNKNOWN,	 /* the trial itself failed: OUTCOME */
};

struct lcofi_trial {
	enum lcofi_end end;
	int failure;
	uint64_t sip; /* as it read after it was written */
	struct scratch_outcome outcome;
};

struct lcofi_trial lcofi_try_sip(struct scratch *scratch);

/* "KVM puts the bit in the wrong place (mended in newer kernels)"; NULL where it was taken. */
const char *lcofi_why_not(const struct lcofi_trial *trial);

#endif
