/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles to export in tests: a small one to read, and a large one with hostile names. */
#ifndef VHART_SAMPLE_PROFILE_H
#define VHART_SAMPLE_PROFILE_H

#include "trace/profile.h"

void sample_add_small(struct profile *profile);

/* samples stacks by a generator that starts with seed; the sum of what was put in. */
struct profile_values sample_add_random(struct profile *profile, uint32_t seed,
					unsigned int samples);

uint32_t sample_random(uint32_t *state);
/* Any bytes but 0, with a liking for those that mean something in some format. */
void sample_hostile_name(uint32_t *state, char *to, size_t room);

#endif
