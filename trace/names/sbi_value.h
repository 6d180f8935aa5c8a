/* SPDX-License-Identifier: Apache-2.0 */
/* One register of an SBI call as people read it, by what it holds. */
#ifndef VHART_SBI_VALUE_H
#define VHART_SBI_VALUE_H

#include "trace/names/sbi_names.h"
#include "trace/names/text.h"

/* What the registers around it may say of a value: those of a call, or none of a result. */
struct sbi_surroundings {
	uint64_t before, after;
	/* The guest's time CSR at the call, and its ticks in a second; 0: not known. */
	uint64_t now, timebase;
};

void sbi_add_value(struct text *text, enum sbi_kind kind, uint64_t value,
		   const struct sbi_surroundings *around);

#endif
