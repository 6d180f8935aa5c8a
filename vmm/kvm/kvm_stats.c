/* SPDX-License-Identifier: Apache-2.0 */
/* Layout: Documentation/virt/kvm/api.rst, "KVM_GET_STATS_FD". */

#include "vmm/kvm/kvm_stats.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Calls EACH for every plain counter of FD, no histograms and no states of this moment, until it
 * returns false. */
static void for_each(int fd, bool (*each)(void *opaque, const char *name, int64_t offset),
		     void *opaque)
{
	struct kvm_stats_header header;
	char *descriptions;
	size_t stride, len;

	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return;
	stride = sizeof(struct kvm_stats_desc) + header.name_size;
	len = stride * header.num_desc;
	descriptions = malloc(len);
	if (!descriptions || pread(fd, descriptions, len, header.desc_offset) != (ssize_t)len)
		header.num_desc = 0;
	for (uint32_t i = 0; i < header.num_desc; i++) {
		const char *at = descriptions + i * stride;
		char name[KVM_STATS_NAME_MAX] = {0};
		struct kvm_stats_desc head;

		memcpy(&head, at, sizeof(head));
		snprintf(name, sizeof(name), "%.*s", (int)header.name_size, at + sizeof(head));
		if ((head.flags & KVM_STATS_TYPE_MASK) != KVM_STATS_TYPE_CUMULATIVE ||
		    head.size != 1)
			continue;
		if (!each(opaque, name, (int64_t)header.data_offset + head.offset))
			break;
	}
	free(descriptions);
}

int kvm_stats_open(int vcpu_fd)
{
	return ioctl(vcpu_fd, KVM_GET_STATS_FD, NULL);
}

struct search {
	const char *name;
	int64_t offset;
};

static bool match(void *opaque, const char *name, int64_t offset)
{
	struct search *search = opaque;

	if (strcmp(name, search->name) != 0)
		return true;
	search->offset = offset;
	return false;
}

int64_t kvm_stats_offset(int fd, const char *name)
{
	struct search search = {.name = name, .offset = -1};

	for_each(fd, match, &search);
	return search.offset;
}

struct addition {
	struct kvm_stats *stats;
	int fd;
};

static bool add_one(void *opaque, const char *name, int64_t offset)
{
	struct addition *addition = opaque;
	uint64_t value;

	if (pread(addition->fd, &value, sizeof(value), offset) == (ssize_t)sizeof(value))
		kvm_stats_add_one(addition->stats, name, value);
	return true;
}

void kvm_stats_add(struct kvm_stats *stats, int vcpu_fd)
{
	struct addition addition = {.stats = stats, .fd = kvm_stats_open(vcpu_fd)};

	if (addition.fd < 0)
		return;
	for_each(addition.fd, add_one, &addition);
	close(addition.fd);
}
