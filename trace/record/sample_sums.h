/* SPDX-License-Identifier: Apache-2.0 */
/* Samples that differ in nothing but their time and what they took, added up. Pure. */
#ifndef VHART_SAMPLE_SUMS_H
#define VHART_SAMPLE_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "trace/record/recording.h"

struct sample_sums;

/* Holds at most LIMIT bytes. NULL: no memory. */
struct sample_sums *sample_sums_new(size_t limit);
void sample_sums_free(struct sample_sums *sums);

/*
 * A sample whose exit is that of ROW (exit_rows.h); its name is not looked at. 0, or -ENOSPC (the
 * limit) or -ENOMEM: it is then as before.
 */
int sample_sums_add(struct sample_sums *sums, const struct recording_sample *sample, uint32_t row);

size_t sample_sums_count(const struct sample_sums *sums);
/* In the order of arrival; its time is that of the last one. With its exit's name. */
void sample_sums_get(const struct sample_sums *sums, size_t number,
		     struct recording_sample *sample);

#endif
