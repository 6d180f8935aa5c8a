/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/fault_pace.h"

#define LEAST_NS  1000000ull /* then twice as much after each FAULT_PACE_FREE more */
#define DOUBLINGS 7u	     /* to an eighth of a second */

bool fault_pace(unsigned int count, uint64_t *wait_ns)
{
	unsigned int group = (count - 1) / FAULT_PACE_FREE;

	*wait_ns = 0;
	if (group > 0)
		*wait_ns = LEAST_NS << (group - 1 < DOUBLINGS ? group - 1 : DOUBLINGS);
	return count <= FAULT_PACE_MOST;
}
