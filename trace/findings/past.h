/* SPDX-License-Identifier: Apache-2.0 */
/* The last values of one quantity, and what is usual of them by a robust estimate. Pure. */
#ifndef VHART_PAST_H
#define VHART_PAST_H

#include <stdint.h>

/* So many are kept. What lasts longer than half of them is usual from then on. */
#define PAST_VALUES 64u

struct past {
	double values[PAST_VALUES]; /* the newest take the place of the oldest */
	uint32_t count;		    /* of all that were added */
};

void past_add(struct past *past, double value);
/* How many are kept. */
uint32_t past_size(const struct past *past);
double past_sum(const struct past *past);
/* The newest; 0: there is none. */
double past_last(const struct past *past);
/* The middle one, of an even number the lower of the two; 0: there are none. */
double past_median(const struct past *past);
/* The median of the distances from the median: one value that is far off does not move it. */
double past_mad(const struct past *past);

#endif
