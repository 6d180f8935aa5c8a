/* SPDX-License-Identifier: Apache-2.0 */
/* Layout: Documentation/virt/kvm/api.rst, "KVM_GET_STATS_FD". */
#include "vmm/kvm_stats.h"

#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void add_value(struct kvm_stats *stats, const char *name, uint64_t value)
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

static void add_described(struct kvm_stats *stats, int fd, const struct kvm_stats_header *header,
			  const char *descriptions, size_t stride)
{
	for (uint32_t i = 0; i < header->num_desc; i++) {
		struct kvm_stats_desc head;
		char name[KVM_STATS_NAME_MAX] = {0};
		uint64_t value;
		const char *at = descriptions + i * stride;

		memcpy(&head, at, sizeof(head));
		snprintf(name, sizeof(name), "%.*s", (int)header->name_size, at + sizeof(head));
		/* Plain counters only: no histograms, no states of this moment. */
		if ((head.flags & KVM_STATS_TYPE_MASK) != KVM_STATS_TYPE_CUMULATIVE ||
		    head.size != 1)
			continue;
		if (pread(fd, &value, sizeof(value), header->data_offset + head.offset) ==
		    (ssize_t)sizeof(value))
			add_value(stats, name, value);
	}
}

void kvm_stats_add(struct kvm_stats *stats, int vcpu_fd)
{
	int fd = ioctl(vcpu_fd, KVM_GET_STATS_FD, NULL);
	struct kvm_stats_header header;
	size_t stride, len;
	char *descriptions = NULL;

	if (fd < 0)
		return;
	if (pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header)) {
		stride = sizeof(struct kvm_stats_desc) + header.name_size;
		len = stride * header.num_desc;
		descriptions = malloc(len);
		if (descriptions &&
		    pread(fd, descriptions, len, header.desc_offset) == (ssize_t)len)
			add_described(stats, fd, &header, descriptions, stride);
	}
	free(descriptions);
	close(fd);
}
