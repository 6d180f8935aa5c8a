/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block device (virtio 1.x, section 5.2). Requests go to the kernel as they are: the guest's
 * own buffers are read and written by io_uring.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "devices/blk.h"

#define MAX_QUEUES 16u
#define SEG_MAX	   256u /* of BLK_MAX_DATA, what the driver is told: 1 MiB in single pages */

/* Section 5.2.4. */
struct blk_config {
	uint64_t capacity; /* in sectors of 512 bytes */
	uint32_t size_max;
	uint32_t seg_max;
	uint32_t geometry;
	uint32_t blk_size;
	uint32_t topology[2];
	uint8_t writeback;
	uint8_t unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors;
	uint32_t max_discard_seg;
	uint32_t discard_sector_alignment;
	uint32_t max_write_zeroes_sectors;
	uint32_t max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap;
	uint8_t unused1[3];
};
_Static_assert(sizeof(struct blk_config) == 64, "as the standard lays it out");

/* ---- the class ---- */

static uint64_t blk_features(struct virtio_device *device)
{
	const struct blk *blk = device->state;
	uint64_t features = 1ull << BLK_F_SEG_MAX | 1ull << BLK_F_BLK_SIZE | 1ull << BLK_F_FLUSH;

	if (blk->queue_count > 1)
		features |= 1ull << BLK_F_MQ;
	if (blk->file.read_only)
		features |= 1ull << BLK_F_RO;
	else
		features |= 1ull << BLK_F_DISCARD | 1ull << BLK_F_WRITE_ZEROES;
	return features;
}

static void blk_config_read(struct virtio_device *device, uint64_t offset, void *to, unsigned size)
{
	const struct blk *blk = device->state;
	struct blk_config config = {
		.capacity = htole64(blk->file.sectors),
		.seg_max = htole32(SEG_MAX),
		.blk_size = htole32(blk->file.block_size),
		.num_queues = htole16((uint16_t)blk->queue_count),
		.max_discard_sectors = htole32(BLK_DISCARD_SECTORS),
		.max_discard_seg = htole32(BLK_MAX_RANGES),
		.discard_sector_alignment = htole32(blk->file.block_size / SECTOR_SIZE),
		.max_write_zeroes_sectors = htole32(BLK_WRITE_ZEROES_SECTORS),
		.max_write_zeroes_seg = htole32(BLK_MAX_RANGES),
		.write_zeroes_may_unmap = 1,
	};

	memset(to, 0, size);
	if (offset < sizeof(config))
		memcpy(to, (const uint8_t *)&config + offset,
		       size < sizeof(config) - offset ? size : sizeof(config) - offset);
}

static void blk_kick(struct virtio_device *device, unsigned int queue)
{
	struct blk *blk = device->state;

	blk_queue_kick(&blk->queues[queue]);
}

static void blk_reset(struct virtio_device *device)
{
	struct blk *blk = device->state;

	machine_wait_idle(device->machine, &blk->in_flight);
	for (unsigned int i = 0; i < blk->queue_count; i++) {
		blk->queues[i].completed = false;
		blk->queues[i].pace = (struct blk_pace){0};
	}
}

/* With I/O in flight the last of it frees: at the latest when the loop is freed. */
static void blk_free(struct virtio_device *device)
{
	struct blk *blk = device->state;

	blk->dying = true;
	if (!blk->in_flight)
		blk_release(blk);
}

static const struct virtio_class blk_class = {
	.name = "blk",
	.device_id = 2,
	.pci_class = 0x010000, /* SCSI storage, as everybody has it */
	.features = blk_features,
	.config_read = blk_config_read,
	.kick = blk_kick,
	.reset = blk_reset,
	.free = blk_free,
};

static bool blk_allocate(struct blk *blk, const struct disk_options *options)
{
	blk->path = strdup(options->path);
	blk->zeros = mmap(NULL, BLK_ZEROS_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (blk->zeros == MAP_FAILED)
		blk->zeros = NULL;
	for (unsigned int i = 0; i < blk->queue_count; i++) {
		if (!blk_queue_init(&blk->queues[i], blk, i))
			return false;
	}
	return blk->path && blk->zeros;
}

struct virtio_device *virtio_blk_new(struct machine *machine, const char *name,
				     const struct disk_options *options, unsigned int queue_count)
{
	struct blk *blk;

	if (queue_count < 1)
		queue_count = 1;
	if (queue_count > MAX_QUEUES)
		queue_count = MAX_QUEUES;
	blk = calloc(1, sizeof(*blk) + queue_count * sizeof(blk->queues[0]));
	if (!blk) {
		error("disk %s: no memory", options->path);
		return NULL;
	}
	blk->file.fd = -1;
	blk->queue_count = queue_count;
	blk->can_punch = blk->can_zero = true;
	if (!blk_allocate(blk, options)) {
		error("disk %s: no memory", options->path);
		blk_release(blk);
		return NULL;
	}
	if (!blk_file_open(&blk->file, options)) {
		blk_release(blk);
		return NULL;
	}
	if (options->serial)
		memcpy(blk->id, options->serial, strnlen(options->serial, sizeof(blk->id)));
	blk->device.class = &blk_class;
	blk->device.machine = machine;
	blk->device.queue_count = queue_count;
	blk->device.queue_size = VIRTQUEUE_MAX_SIZE;
	blk->device.doorbell_exits = blk->file.speed != LOOP_SLOW;
	blk->device.state = blk;
	strncpy(blk->device.name, name, sizeof(blk->device.name) - 1);
	return &blk->device;
}
