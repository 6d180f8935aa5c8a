/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest can do to the host through its kernel's KVM, by the kernel's version: one table. It
 * decides whether KVM may answer the SBI PMU unasked, and vhart probe lists it. Pure.
 */
#ifndef VHART_KERNEL_HOLES_H
#define VHART_KERNEL_HOLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmu/kernels.h"

enum hole_way {
	HOLE_BY_KVM_PMU, /* only where KVM answers the SBI PMU (--pmu kvm) */
	HOLE_ALWAYS,	 /* whatever the VMM does */
};

enum kernel_hole_id {
	HOLE_PMU_BASE,
	HOLE_PMU_READ,
	HOLE_PMU_SKIP,
	HOLE_PMU_PAGE_END,
	HOLE_PMU_PAGE_AFTER,
	HOLE_PMU_PAGE_LEAK,
	HOLE_PMU_INFO,
	HOLE_PMU_LOG,
	HOLE_CSR_READ,
	KERNEL_HOLES,
};

#define HOLE_SPANS 2
struct kernel_hole {
	enum hole_way way;
	const char *what;			/* a guest can ... */
	struct linux_span versions[HOLE_SPANS]; /* that were seen to have it */
	const char *mended; /* which versions were seen not to have it; NULL: none */
};

extern const struct kernel_hole kernel_holes[KERNEL_HOLES]; /* by enum kernel_hole_id */

enum hole_state { HOLE_MENDED, HOLE_OPEN, HOLE_UNKNOWN };

/* Whether the kernel of VERSION has HOLE; unknown where its source was not read. */
enum hole_state kernel_hole_state(const struct kernel_hole *hole, uint32_t version);

/*
 * What a guest could do if KVM of this kernel answered the PMU: NULL when the table calls it
 * mended. RELEASE is what uname -r says.
 */
const char *kernel_pmu_exposes(const char *release);

#endif
