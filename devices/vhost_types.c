/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_device.h"

#include <endian.h>
#include <string.h>

/* ---- file systems, virtio 1.2, section 5.11 ---- */

struct fs_config {
	char tag[VHOST_TAG_MAX];
	uint32_t request_queues;
};

/* Queue 0 is for urgent requests, the others are for all. */
static void configure_fs(struct vhost_device *vhost)
{
	struct fs_config config = {.tag = {0}};
	uint64_t queues = vhost->offer.ring_count;

	if (queues < 2)
		queues = 2;
	if (queues > VIRTIO_MAX_QUEUES)
		queues = VIRTIO_MAX_QUEUES;
	vhost->device.queue_count = (unsigned int)queues;
	memcpy(config.tag, vhost->options.tag, strnlen(vhost->options.tag, sizeof(config.tag)));
	config.request_queues = htole32((uint32_t)queues - 1);
	memcpy(vhost->config, &config, sizeof(config));
}

/* ---- disks, section 5.2; all of the configuration is the back-end's ---- */

#define BLK_CONFIG_LEN 60u /* without zones */
#define BLK_NUM_QUEUES 34u /* offset of a 16-bit field */
#define BLK_F_MQ       12u

/* What a disk can: sizes, geometry, read-only, flush, topology, queues, discard and zeroes. */
#define BLK_FEATURES                                                                               \
	(1ull << 1 | 1ull << 2 | 1ull << 4 | 1ull << 5 | 1ull << 6 | 1ull << 9 | 1ull << 10 |      \
	 1ull << BLK_F_MQ | 1ull << 13 | 1ull << 14)

static void configure_blk(struct vhost_device *vhost)
{
	uint16_t queues;

	memcpy(&queues, vhost->config + BLK_NUM_QUEUES, sizeof(queues));
	queues = le16toh(queues);
	if (!(vhost->offer.features >> BLK_F_MQ & 1) || queues < 1)
		queues = 1;
	if (vhost->offer.ring_count && queues > vhost->offer.ring_count)
		queues = (uint16_t)vhost->offer.ring_count;
	if (queues > VIRTIO_MAX_QUEUES)
		queues = VIRTIO_MAX_QUEUES;
	vhost->device.queue_count = queues;
	queues = htole16(queues);
	memcpy(vhost->config + BLK_NUM_QUEUES, &queues, sizeof(queues));
}

/* ---- network cards, section 5.1 ---- */

#define NET_F_MTU    3u
#define NET_F_MAC    5u
#define NET_F_MRG    15u
#define NET_F_STATUS 16u
#define NET_LINK_UP  1u

struct net_config {
	uint8_t mac[6];
	uint16_t status, pairs, mtu;
};

/* Checksums, segmentation both ways (but what a control queue would steer), merged buffers. */
#define NET_FEATURES                                                                               \
	(1ull << 0 | 1ull << 1 | 1ull << 7 | 1ull << 8 | 1ull << 9 | 1ull << 10 | 1ull << 11 |     \
	 1ull << 12 | 1ull << 13 | 1ull << 14 | 1ull << NET_F_MRG)
#define NET_OWN_FEATURES (1ull << NET_F_MAC | 1ull << NET_F_STATUS)

static void configure_net(struct vhost_device *vhost)
{
	struct net_config config = {.status = htole16(NET_LINK_UP),
				    .pairs = htole16((uint16_t)vhost->control.most),
				    .mtu = htole16((uint16_t)vhost->options.mtu)};

	vhost->device.queue_count = net_control_queue_count(&vhost->control);
	vhost->own_features |= net_control_features(&vhost->control);
	if (vhost->options.mtu)
		vhost->own_features |= 1ull << NET_F_MTU;
	memcpy(config.mac, vhost->options.mac, sizeof(config.mac));
	memcpy(vhost->config, &config, sizeof(config));
}

/* Its frames go through a tap interface, which has the offloads. */
const struct vhost_type vhost_net_type = {
	.name = "net",
	.device_id = 1,
	.pci_class = 0x020000,
	.features = 1ull << NET_F_MRG,
	.own_features = NET_OWN_FEATURES,
	.configure = configure_net,
};

/* ---- sockets, section 5.10: receive, transmit, events; of the last there are none ---- */

static void configure_vsock(struct vhost_device *vhost)
{
	const uint64_t cid = htole64(vhost->options.cid);

	vhost->device.queue_count = 3;
	memcpy(vhost->config, &cid, sizeof(cid));
}

const struct vhost_type vhost_vsock_type = {
	.name = "vsock",
	.device_id = 19,
	.pci_class = 0x078000, /* another communication device */
	.features = 1ull << 1, /* sockets of packets */
	.idle_queues = 1,
	.configure = configure_vsock,
};

/* ---- other processes ---- */

static const struct vhost_type types[] = {
	{.name = "fs",
	 .device_id = 26,
	 .pci_class = 0x018000, /* another mass storage controller */
	 .queue_size = VIRTQUEUE_MAX_SIZE,
	 .configure = configure_fs},
	{.name = "blk",
	 .device_id = 2,
	 .pci_class = 0x010000,
	 .features = BLK_FEATURES,
	 .drains = true,
	 .returns = true,
	 .any_order = true,
	 .backend_config = BLK_CONFIG_LEN,
	 .configure = configure_blk},
	{.name = "net",
	 .device_id = 1,
	 .pci_class = 0x020000,
	 .features = NET_FEATURES,
	 .own_features = NET_OWN_FEATURES,
	 .returns = true,
	 .configure = configure_net},
};

const struct vhost_type *vhost_user_type_find(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, name))
			return &types[i];
	return NULL;
}

const char *vhost_user_type_name(unsigned int index)
{
	return index < sizeof(types) / sizeof(types[0]) ? types[index].name : NULL;
}
