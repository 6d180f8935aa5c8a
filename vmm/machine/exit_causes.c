/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/exit_causes.h"

#include <linux/kvm.h>
#include <stddef.h>

static const struct {
	unsigned int reason;
	const char *name;
} names[] = {
	{KVM_EXIT_MMIO, "mmio"},
	{KVM_EXIT_RISCV_SBI, "sbi"},
	{KVM_EXIT_RISCV_CSR, "csr"},
	{KVM_EXIT_SYSTEM_EVENT, "system_event"},
	{KVM_EXIT_INTR, "intr"},
	{KVM_EXIT_DEBUG, "debug"},
	{KVM_EXIT_FAIL_ENTRY, "fail_entry"},
	{KVM_EXIT_INTERNAL_ERROR, "internal_error"},
	{KVM_EXIT_UNKNOWN, "unknown"},
};

const char *exit_reason_name(unsigned int reason)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].reason == reason)
			return names[i].name;
	return NULL;
}

void exit_causes_add(struct exit_causes *to, const struct exit_causes *counts)
{
	for (unsigned int reason = 0; reason < VCPU_EXIT_REASONS; reason++)
		to->reasons[reason] += counts->reasons[reason];
	to->interrupted += counts->interrupted;
}

void exit_causes_tell(const struct exit_causes *counts,
		      void (*tell)(void *context, const char *name, uint64_t count), void *context)
{
	uint64_t total = counts->interrupted;

	for (unsigned int reason = 0; reason < VCPU_EXIT_REASONS; reason++) {
		const char *name = exit_reason_name(reason);

		total += counts->reasons[reason];
		if (name && counts->reasons[reason] > 0)
			tell(context, name, counts->reasons[reason]);
	}
	if (counts->interrupted > 0)
		tell(context, "interrupted", counts->interrupted);
	tell(context, "total", total);
}
