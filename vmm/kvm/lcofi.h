/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to bring the overflow interrupt of a counter to a guest. Kernels and harts promise what they
 * do not keep, so each way is tried on a scratch VM before it is taken.
 *
 * Threads: a port belongs to its vCPU's thread.
 */
#ifndef VHART_LCOFI_H
#define VHART_LCOFI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/own_run.h"
#include "vmm/config.h"
#include "vmm/kvm/lcofi_stub.h"
#include "vmm/kvm/lcofi_try.h"

struct kvm_run;
struct lcofi_way;
struct machine;

/* The vCPU that is to be interrupted. */
struct lcofi_hart {
	struct machine *machine; /* for its wired lines */
	unsigned int hart;
	int vm_fd, vcpu_fd;
	struct kvm_run *run;
	uint32_t identity; /* of the MSI; where there is no AIA it does not matter */
};

/* Of one vCPU. */
struct lcofi_port {
	struct lcofi_hart hart;
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
	const char *name; /* for --pmu-irq, and of findings */
	enum config_pmu_irq option;
	enum lcofi_by by; /* what those who watch are told */
	bool any_guest;	  /* it is LCOFI; else the guest has to look into the FDT */
	bool needs_aia;	  /* of the VM */
	bool runs;	  /* the vCPU executes something that is not the guest's */
	struct lcofi_trial (*try)(struct scratch *scratch, bool aia);
	/* What the VM needs before its vCPUs run: 0 or -errno. NULL: nothing. */
	int (*prepare)(int vm_fd);
	/* On the vCPU's thread, before KVM_RUN. */
	enum lcofi_raised (*raise)(struct lcofi_port *port, int *result);
};

/* Best first; the last has no name. */
extern const struct lcofi_way lcofi_ways[];

/* What the host and the VM have. */
struct lcofi_host {
	int kvm_fd;
	bool aia;      /* the VM has one */
	bool sscofpmf; /* its vCPUs do */
	unsigned int harts;
};

struct lcofi_choice {
	const struct lcofi_way *way; /* NULL: none works */
	const char *no_lcofi;	     /* why it is not LCOFI; NULL: it is */
	const char *why; /* why the way that was wanted, or the last of all, does not work */
};

/* The best way that works, or the one that is WANTED if it does. */
struct lcofi_choice lcofi_choose(const struct lcofi_host *host, enum config_pmu_irq wanted);

void lcofi_port_init(struct lcofi_port *port, const struct lcofi_way *way,
		     const struct lcofi_hart *hart);

/*
 * Makes pending what is due, by one interrupt for all of it. RETURNED: RESULT is KVM_RUN's and is
 * to be handled as such; it stays due, unless the guest's hart was reset.
 */
enum lcofi_raised lcofi_raise(struct lcofi_port *port, int *result);

/* The guest's hart has stopped, or the VM ends: nothing is due any more. */
void lcofi_forget(struct lcofi_port *port);

/* An LCOFI that was just raised, or earlier, cannot be taken yet: interrupts are off, and the guest
 * wants it. */
bool lcofi_is_masked(const struct lcofi_port *port);

#endif
