/* SPDX-License-Identifier: Apache-2.0 */
/* What had been counted of all vCPUs at one moment. Plain data. */
#ifndef VHART_EXIT_SAMPLE_H
#define VHART_EXIT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"

struct stat_keyed {
	struct exit_key_name name;
	struct exit_times times;
};

/* What had been counted at one moment. vcpus[i].first is 0 where there is no such vCPU. */
struct stat_sample {
	uint64_t when; /* CLOCK_MONOTONIC, ns */
	uint32_t vcpu_count;
	struct exit_vcpu *vcpus;
	struct exit_times *times; /* EXIT_TIMES for each vCPU; a count of 0: none */
	size_t keyed_count, keyed_room;
	struct stat_keyed *keyed;
};

#endif
