/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM's own counts per vCPU (the binary statistics of KVM_GET_STATS_FD), summed by name: how often
 * the guest left for the kernel, also where no userspace exit followed.
 */
#ifndef VHART_KVM_STATS_H
#define VHART_KVM_STATS_H

#include <stdint.h>

#define KVM_STATS_MAX	   64u
#define KVM_STATS_NAME_MAX 48u

struct kvm_stats {
	unsigned int count;
	struct {
		char name[KVM_STATS_NAME_MAX];
		uint64_t value;
	} entries[KVM_STATS_MAX];
};

/* The statistics of one vCPU as a file: it outlives the vCPU's own. -1: this kernel has none. */
int kvm_stats_open(int vcpu_fd);
/* Where in that file the plain counter NAME lies (8 bytes); -1: there is no such. */
int64_t kvm_stats_offset(int fd, const char *name);

/* Adds VALUE to the count of that NAME, or those of STATS to the same in TO. Pure. */
void kvm_stats_add_one(struct kvm_stats *stats, const char *name, uint64_t value);
void kvm_stats_sum(struct kvm_stats *to, const struct kvm_stats *stats);

/* Adds the counters of one vCPU; a kernel that has none adds nothing. */
void kvm_stats_add(struct kvm_stats *stats, int vcpu_fd);

#endif
