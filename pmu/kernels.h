/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of Linux, and which profile mirrors which of them. What a kernel does is a fact about
 * its version and not about its series: stable releases change KVM's PMU, too.
 */
#ifndef VHART_PMU_KERNELS_H
#define VHART_PMU_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "pmu/pmu.h"

/* Ordered as versions are; patch and minor up to 4095. */
#define LINUX_VERSION(major, minor, patch)                                                         \
	((uint32_t)(major) << 24 | (uint32_t)(minor) << 12 | (uint32_t)(patch))

/* First and last version; both are of it. */
struct linux_span {
	uint32_t from, upto;
};

/* RELEASE is what uname -r says ("6.12.117+deb13-riscv64"); false when no version is in it. */
bool linux_version_parse(const char *release, uint32_t *version);

struct pmu_kernel_match {
	enum pmu_profile profile; /* of the nearest kernel that is not newer, else of the oldest */
	bool known;		  /* its source was read, or that of one before and one after it */
};

/* Which profile mirrors the PMU of the KVM of this kernel. */
struct pmu_kernel_match pmu_kernel_match(uint32_t version);

#endif
