/* SPDX-License-Identifier: Apache-2.0 */

#include "pmu/kernels.h"

#include <stdio.h>
#include <string.h>

static const char *const names[PMU_PROFILES] = {
	[PMU_BEST] = "best",
	[PMU_SPEC] = "spec",
	[PMU_LINUX_7_2] = "linux-7.2",
	[PMU_LINUX_6_12] = "linux-6.12",
	[PMU_LINUX_6_12_107] = "linux-6.12.107",
};

/* Oldest first. The ends of a span are Debian packages whose source was read (see quirks.c). */
static const struct {
	struct linux_span versions;
	enum pmu_profile profile;
} kernels[] = {
	{{LINUX_VERSION(6, 12, 107), LINUX_VERSION(6, 12, 111)}, PMU_LINUX_6_12_107},
	/* 6.12.117 differs from 6.12.113 in how the kernel keeps its copy of a snapshot page, which
	 * guests do not see. */
	{{LINUX_VERSION(6, 12, 113), LINUX_VERSION(6, 12, 117)}, PMU_LINUX_6_12},
	{{LINUX_VERSION(7, 2, 12), LINUX_VERSION(7, 2, 12)}, PMU_LINUX_7_2},
};

#define KERNELS (sizeof(kernels) / sizeof(kernels[0]))

bool linux_version_parse(const char *release, uint32_t *version)
{
	unsigned int major, minor, patch = 0;

	/* A release candidate has no third number: it passes for the first of its series. */
	if (sscanf(release, "%3u.%4u.%4u", &major, &minor, &patch) < 2)
		return false;
	if (major > 255 || minor > 4095 || patch > 4095)
		return false;
	*version = LINUX_VERSION(major, minor, patch);
	return true;
}

struct pmu_kernel_match pmu_kernel_match(uint32_t version)
{
	unsigned int i = KERNELS - 1;

	while (i > 0 && kernels[i].versions.from > version)
		i--;
	return (struct pmu_kernel_match){
		.profile = kernels[i].profile,
		.known = version >= kernels[i].versions.from && version <= kernels[i].versions.upto,
	};
}

const char *pmu_profile_name(enum pmu_profile profile)
{
	return profile < PMU_PROFILES ? names[profile] : NULL;
}

bool pmu_profile_is_linux(enum pmu_profile profile)
{
	return profile == PMU_LINUX_7_2 || profile == PMU_LINUX_6_12 ||
	       profile == PMU_LINUX_6_12_107;
}

/* "linux-X.Y.Z" of a version that is known, and nothing behind it. */
static bool find_version(const char *name, enum pmu_profile *profile)
{
	struct pmu_kernel_match match;
	uint32_t version;
	int length = 0;

	if (sscanf(name, "linux-%*3u.%*4u.%*4u%n", &length) == EOF || length == 0 ||
	    name[length] != '\0')
		return false;
	if (!linux_version_parse(name + strlen("linux-"), &version))
		return false;
	match = pmu_kernel_match(version);
	*profile = match.profile;
	return match.known;
}

bool pmu_profile_find(const char *name, enum pmu_profile *profile)
{
	for (unsigned int i = 0; i < PMU_PROFILES; i++) {
		if (!strcmp(name, names[i])) {
			*profile = i;
			return true;
		}
	}
	return find_version(name, profile);
}
