/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/exits/exit_copy.h"

#include <sched.h>
#include <string.h>

bool exit_copy(const struct exit_vcpu *vcpu, void *to, const void *from, size_t size,
	       uint32_t *patience)
{
	for (;;) {
		uint64_t before = __atomic_load_n(&vcpu->sequence, __ATOMIC_ACQUIRE), after;

		memcpy(to, from, size);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&vcpu->sequence, __ATOMIC_RELAXED);
		if (before == after && !(before & 1))
			return true;
		if (!*patience)
			return false;
		--*patience;
		sched_yield();
	}
}
