/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to make the overflow interrupt of a counter pending for a guest. Kernels and harts promise
 * what they do not keep, so each way is tried on a scratch VM before it is taken.
 *
 * Threads: a port belongs to its vCPU's thread.
 */
#ifndef VHART_LCOFI_H
#define VHART_LCOFI_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lcofi_stub.h"
#include "vmm/probe_scratch.h"

#define SIP_LCOFIP (1ull << 13)

/* ---- trying ---- */

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
	struct scratch_outcome outcome;
};

/* "KVM puts the bit in the wrong place (mended in newer kernels)"; NULL where it was taken. */
const char *lcofi_why_not(const struct lcofi_trial *trial);

/* ---- raising ---- */

struct lcofi_way;

/* Of one vCPU. */
struct lcofi_port {
	const struct lcofi_way *way; /* NULL: none */
	bool due;		     /* it is to be pending when the guest runs next */
	struct lcofi_stub stub;
};

enum lcofi_raised {
	LCOFI_RAISED,	/* the guest can run */
	LCOFI_RETURNED, /* KVM_RUN returned: lcofi_raise() */
	LCOFI_FAILED,	/* errno */
};

struct lcofi_way {
	const char *name; /* of findings */
	struct lcofi_trial (*try)(struct scratch *scratch);
	/* What the VM needs before its vCPUs run: 0 or -errno. NULL: nothing. */
	int (*prepare)(int vm_fd);
	/* On the vCPU's thread, before KVM_RUN. */
	enum lcofi_raised (*raise)(struct lcofi_port *port, int *result);
};

/* Best first; the last has no name. */
extern const struct lcofi_way lcofi_ways[];

/* The best way that works on this host; NULL, and WHY not. */
const struct lcofi_way *lcofi_choose(int kvm_fd, const char **why);

void lcofi_port_init(struct lcofi_port *port, const struct lcofi_way *way, int vcpu_fd,
		     struct kvm_run *run);

/*
 * Makes pending what is due, by one interrupt for all of it. RETURNED: RESULT is KVM_RUN's and is
 * to be handled as such; it stays due, unless the guest's hart was reset.
 */
enum lcofi_raised lcofi_raise(struct lcofi_port *port, int *result);

/* The guest's hart has stopped, or the VM ends: nothing is due any more. */
void lcofi_forget(struct lcofi_port *port);

#endif
