/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of counts, by name. */
#include <stdio.h>
#include <string.h>

#include "vmm/kvm/kvm_stats.h"

void kvm_stats_add_one(struct kvm_stats *stats, const char *name, uint64_t value)
{
	unsigned int i = 0;

	while (i < stats->count && strcmp(stats->entries[i].name, name) != 0)
		i++;
	if (i == KVM_STATS_MAX)
		return;
	if (i == stats->count) {
		snprintf(stats->entries[i].name, KVM_STATS_NAME_MAX, "%s", name);
		stats->count++;
	}
	stats->entries[i].value += value;
}

void kvm_stats_sum(struct kvm_stats *to, const struct kvm_stats *stats)
{
	for (unsigned int i = 0; i < stats->count; i++)
		kvm_stats_add_one(to, stats->entries[i].name, stats->entries[i].value);
}
