/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/past.h"

#include <stdlib.h>

void past_add(struct past *past, double value)
{
	past->values[past->count++ % PAST_VALUES] = value;
}

uint32_t past_size(const struct past *past)
{
	return past->count < PAST_VALUES ? past->count : PAST_VALUES;
}

double past_sum(const struct past *past)
{
	double sum = 0;

	for (uint32_t i = 0; i < past_size(past); i++)
		sum += past->values[i];
	return sum;
}

double past_last(const struct past *past)
{
	return past->count ? past->values[(past->count - 1) % PAST_VALUES] : 0;
}

static int compare(const void *a, const void *b)
{
	const double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

/* Of SIZE values, which are put in order. */
static double median_of(double *values, uint32_t size)
{
	if (!size)
		return 0;
	qsort(values, size, sizeof(*values), compare);
	return values[(size - 1) / 2];
}

double past_median(const struct past *past)
{
	struct past sorted = *past;

	return median_of(sorted.values, past_size(past));
}

double past_mad(const struct past *past)
{
	const double median = past_median(past);
	struct past away = *past;

	for (uint32_t i = 0; i < past_size(past); i++)
		away.values[i] =
			away.values[i] < median ? median - away.values[i] : away.values[i] - median;
	return median_of(away.values, past_size(past));
}
