/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/sources/exit_log_counts.h"

uint32_t exit_log_counts_room(uint64_t size)
{
	uint64_t room;

	if (size < EXIT_LOG_START)
		return 0;
	room = (size - EXIT_LOG_START) / sizeof(struct exit_counts);
	return room < EXIT_LOG_VCPUS ? (uint32_t)room : EXIT_LOG_VCPUS;
}

bool exit_log_counts_there(const struct exit_log_head *head)
{
	return __atomic_load_n(&head->magic, __ATOMIC_ACQUIRE) == EXIT_LOG_MAGIC;
}

uint32_t exit_log_counts_vcpus(const struct exit_log_head *head, uint32_t room)
{
	uint64_t vcpus =
		exit_log_counts_there(head) ? __atomic_load_n(&head->vcpus, __ATOMIC_RELAXED) : 0;

	return vcpus < room ? (uint32_t)vcpus : room;
}

void exit_log_counts_trust(struct exit_vcpu *vcpu, uint32_t pid, uint32_t index)
{
	vcpu->tgid = pid;
	vcpu->vcpu_id = index;
	vcpu->kvm = 0;
	/* The VMM does not know these. */
	vcpu->key = vcpu->apart = vcpu->time_delta = vcpu->stvec = 0;
	vcpu->timed = vcpu->own_ns = vcpu->overflows = vcpu->due = 0;
	if (vcpu->state > VCPU_UNSEEN)
		vcpu->state = VCPU_UNSEEN;
	if (vcpu->row >= EXIT_ROWS)
		vcpu->row = EXIT_OTHER;
}
