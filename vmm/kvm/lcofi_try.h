/* SPDX-License-Identifier: Apache-2.0 */
/* Each way of lcofi.h, tried on a scratch VM that has not run yet. */
#ifndef VHART_LCOFI_TRY_H
#define VHART_LCOFI_TRY_H

#include <stdbool.h>

#include "vmm/kvm/scratch.h"

enum lcofi_end {
	LCOFI_TAKEN,
	LCOFI_REFUSED,	 /* an error, FAILURE, at STEP */
	LCOFI_DROPPED,	 /* sip reads 0 */
	LCOFI_MISPLACED, /* KVM put the bit elsewhere (mended in newer kernels) */
	LCOFI_IGNORED,	 /* the hart does not take the interrupt */
	LCOFI_UNKNOWN,	 /* the trial itself failed: OUTCOME */
};

struct lcofi_trial {
	enum lcofi_end end;
	int failure;
	const char *step;
	struct scratch_outcome outcome;
};

/* AIA: the VM is to have one; else a wired interrupt comes by KVM_INTERRUPT, as of a PLIC. */
struct lcofi_trial lcofi_try_sip(struct scratch *scratch, bool aia);
struct lcofi_trial lcofi_try_stub(struct scratch *scratch, bool aia);
struct lcofi_trial lcofi_try_msi(struct scratch *scratch, bool aia);
struct lcofi_trial lcofi_try_wired(struct scratch *scratch, bool aia);

/*
 * Whether the external interrupt that RAISE causes reaches the guest: RAISE gives 0 or -errno; the
 * VM has an AIA that makes identity LCOFI_TRY_IDENTITY of its line LCOFI_TRY_SOURCE, an edge.
 */
#define LCOFI_TRY_SOURCE   1u
#define LCOFI_TRY_IDENTITY 5u
struct lcofi_trial lcofi_try_by_aia(struct scratch *scratch,
				    int (*raise)(const struct scratch *scratch), const char *what);

/* "KVM puts the bit in the wrong place (mended in newer kernels)"; NULL where it was taken. */
const char *lcofi_why_not(const struct lcofi_trial *trial);

#endif
