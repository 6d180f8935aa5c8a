/* SPDX-License-Identifier: Apache-2.0 */
#include "base/guest_memory.h"

void *guest_memory_at(const struct guest_memory *memory, uint64_t gpa, uint64_t len)
{
	/* Unsigned differences cannot wrap once each is known to be positive; sums could. */
	if (gpa < memory->base || gpa - memory->base > memory->size)
		return NULL;
	uint64_t offset = gpa - memory->base;
	if (len > memory->size - offset)
		return NULL;
	return memory->host + offset;
}
