/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic that stops at the ends of its range instead of wrapping: for what a guest chooses. */
#ifndef VHART_SATURATE_H
#define VHART_SATURATE_H

#include <stdint.h>

static inline uint64_t saturating_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t saturating_sub(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

#endif
