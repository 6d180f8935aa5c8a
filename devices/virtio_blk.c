/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block device (virtio 1.x, section 5.2). Requests go to the kernel as they are: the guest's
 * own buffers are read and written by io_uring.
 *
 * A queue is served when the guest rings, and by a task after completions: it interrupts for all
 * that was completed since it was served last, then takes all new requests. So one turn of the loop
 * costs at most one interrupt a queue, however many requests it moves.
 *
 * Every operation may come back with less than was asked for. A request keeps what is left of it
 * and goes on; it fails when nothing moved, so that it ends in any case.
 */
#include <endian.h>
#include <errno.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "devices/blk_file.h"
#include "devices/devices.h"
#include "vmm/log.h"

/* Section 5.2.3: feature bits. */
#define BLK_F_SEG_MAX	   2u
#define BLK_F_RO	   5u
#define BLK_F_BLK_SIZE	   6u
#define BLK_F_FLUSH	   9u
#define BLK_F_MQ	   12u
#define BLK_F_DISCARD	   13u
#define BLK_F_WRITE_ZEROES 14u

/* Section 5.2.6: requests. */
enum request_type {
	TYPE_IN = 0,
	TYPE_OUT = 1,
	TYPE_FLUSH = 4,
	TYPE_GET_ID = 8,
	TYPE_DISCARD = 11,
	TYPE_WRITE_ZEROES = 13,
};
enum request_status { STATUS_DONE = 0, STATUS_IOERR = 1, STATUS_UNSUPP = 2 };

struct request_header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

struct range_header {
	uint64_t sector;
	uint32_t sectors;
	uint32_t flags;
};
#define RANGE_F_UNMAP 1u
#define ID_BYTES      20u

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

#define MAX_QUEUES  16u
#define MAX_DATA    128u /* segments of one request */
#define SEG_MAX	    126u /* ... of which the driver is told so many */
#define MAX_RANGES  16u
#define POOL_SIZE   VIRTQUEUE_MAX_SIZE
#define BOUNCE_SIZE (64u << 10)
#define ZEROS_SIZE  (64u << 10)

#define DISCARD_SECTORS	     (1u << 22)
#define WRITE_ZEROES_SECTORS (1u << 18)
#define HEADER_SIZE	     sizeof(struct request_header)

struct range {
	uint64_t sector;
	uint32_t sectors;
	bool unmap;
};

struct request {
	struct loop_io io;
	struct blk_queue *queue;
	uint32_t type;
	uint16_t head;
	uint8_t *status;    /* in guest memory */
	uint32_t data_read; /* bytes that the guest may see in its buffers */

	/* The transfer: LEN bytes are left, to or from OFFSET of the file. */
	uint64_t offset, len;
	unsigned int segment, segment_count;
	struct iovec segments[MAX_DATA];

	/* Direct I/O with buffers that the file cannot take: piece by piece through here. */
	uint8_t *bounce;
	struct iovec bounce_piece;

	unsigned int range, range_count;
	struct range ranges[MAX_RANGES];
};

struct blk_queue {
	struct blk *blk;
	unsigned int index;
	struct loop_task service;
	bool completed; /* something since the last interrupt */

	/* Requests not in use: a stack of those used before, and all from FRESH on (never touched,
	 * so that they cost no memory). */
	struct request *pool;
	unsigned int fresh, free_count;
	uint16_t free[POOL_SIZE];
};

struct blk {
	struct virtio_device device;
	struct blk_file file;
	char *path;
	uint8_t id[ID_BYTES];
	void *zeros;
	bool can_punch, can_zero; /* until the file says that it cannot */
	bool complained;	  /* about the host's file */
	bool dying;
	unsigned int in_flight;
	unsigned int queue_count;
	struct blk_queue queues[];
};

static void blk_release(struct blk *blk)
{
	for (unsigned int i = 0; i < blk->queue_count; i++)
		free(blk->queues[i].pool);
	if (blk->zeros)
		munmap(blk->zeros, ZEROS_SIZE);
	blk_file_close(&blk->file);
	free(blk->path);
	free(blk);
}

/* ---- requests ---- */

static struct request *request_get(struct blk_queue *queue)
{
	struct request *request;

	if (queue->free_count)
		request = &queue->pool[queue->free[--queue->free_count]];
	else if (queue->fresh < POOL_SIZE)
		request = &queue->pool[queue->fresh++];
	else
		return NULL;
	queue->blk->in_flight++;
	return request;
}

static bool pool_has_room(const struct blk_queue *queue)
{
	return queue->free_count || queue->fresh < POOL_SIZE;
}

static void request_put(struct request *request)
{
	struct blk_queue *queue = request->queue;
	struct blk *blk = queue->blk;

	free(request->bounce);
	request->bounce = NULL;
	queue->free[queue->free_count++] = (uint16_t)(request - queue->pool);
	if (--blk->in_flight)
		return;
	if (blk->dying)
		blk_release(blk);
	else
		machine_idle(blk->device.machine);
}

static void request_finish(struct request *request, uint8_t status)
{
	struct blk_queue *queue = request->queue;
	struct blk *blk = queue->blk;

	/* The rings of a device that is being reset or gone are no longer ours. */
	if (!blk->device.resetting && !blk->dying) {
		__atomic_store_n(request->status, status, __ATOMIC_RELAXED);
		virtio_push(&blk->device, queue->index, request->head, request->data_read + 1);
		queue->completed = true;
		loop_post(machine_loop(blk->device.machine), &queue->service);
	}
	request_put(request);
}

/* ERR is the host's; the guest sees an I/O error whatever it was. */
static void request_fail(struct request *request, int err)
{
	struct blk *blk = request->queue->blk;

	if (!blk->complained && !blk->dying) {
		blk->complained = true;
		warning("disk %s: %s: the guest gets I/O errors", blk->path,
			err ? strerror(err) : "is shorter than it was");
	}
	request_finish(request, STATUS_IOERR);
}

static void request_submit(struct request *request, enum loop_op op,
			   void (*done)(struct loop_io *io, int result))
{
	struct blk *blk = request->queue->blk;

	/* A reset waits for what is in flight, not for the rest of a long request. */
	if (blk->device.resetting || blk->dying) {
		request_put(request);
		return;
	}
	request->io.op = op;
	request->io.done = done;
	loop_submit(machine_loop(blk->device.machine), &request->io);
}

static void sync_done(struct loop_io *io, int result)
{
	struct request *request = io->opaque;

	if (result < 0)
		request_fail(request, -result);
	else
		request_finish(request, STATUS_DONE);
}

/* Section 5.2.6.2: a driver that knows no FLUSH is promised a write-through cache. */
static void write_finish(struct request *request)
{
	if (virtio_has(&request->queue->blk->device, BLK_F_FLUSH))
		request_finish(request, STATUS_DONE);
	else
		request_submit(request, LOOP_FSYNC, sync_done);
}

/* ---- reading and writing ---- */

static void transfer_next(struct request *request);

/* Copies LEN bytes between the guest's segments and BYTES and moves on behind them. */
static void segments_advance(struct request *request, uint8_t *bytes, uint64_t len)
{
	while (len) {
		struct iovec *segment = &request->segments[request->segment];
		uint64_t part = len < segment->iov_len ? len : segment->iov_len;

		if (bytes && request->type == TYPE_IN)
			memcpy(segment->iov_base, bytes, part);
		if (bytes)
			bytes += part;
		segment->iov_base = (uint8_t *)segment->iov_base + part;
		segment->iov_len -= part;
		if (!segment->iov_len)
			request->segment++;
		len -= part;
	}
}

static void bounce_fill(struct request *request)
{
	uint64_t filled = 0;

	for (unsigned int i = request->segment; filled < request->bounce_piece.iov_len; i++) {
		const struct iovec *segment = &request->segments[i];
		uint64_t left = request->bounce_piece.iov_len - filled;
		uint64_t part = left < segment->iov_len ? left : segment->iov_len;

		memcpy(request->bounce + filled, segment->iov_base, part);
		filled += part;
	}
}

static void transfer_done(struct loop_io *io, int result)
{
	struct request *request = io->opaque;

	if (result <= 0) {
		request_fail(request, -result);
		return;
	}
	segments_advance(request, request->bounce, (uint64_t)result);
	request->offset += (uint64_t)result;
	request->len -= (uint64_t)result;
	if (request->type == TYPE_IN)
		request->data_read += (uint32_t)result;
	transfer_next(request);
}

static void transfer_next(struct request *request)
{
	struct loop_io *io = &request->io;

	if (!request->len) {
		if (request->type == TYPE_IN)
			request_finish(request, STATUS_DONE);
		else
			write_finish(request);
		return;
	}
	io->offset = request->offset;
	if (request->bounce) {
		request->bounce_piece.iov_base = request->bounce;
		request->bounce_piece.iov_len =
			request->len < BOUNCE_SIZE ? request->len : BOUNCE_SIZE;
		if (request->type == TYPE_OUT)
			bounce_fill(request);
		io->iov = &request->bounce_piece;
		io->iov_count = 1;
	} else {
		io->iov = &request->segments[request->segment];
		io->iov_count = (int)(request->segment_count - request->segment);
	}
	request_submit(request, request->type == TYPE_IN ? LOOP_READ : LOOP_WRITE, transfer_done);
}

static bool aligned(const struct request *request)
{
	const struct blk_file *file = &request->queue->blk->file;

	for (unsigned int i = 0; i < request->segment_count; i++) {
		const struct iovec *segment = &request->segments[i];

		if ((uintptr_t)segment->iov_base % file->memory_align ||
		    segment->iov_len % file->block_size)
			return false;
	}
	return true;
}

static bool in_bounds(const struct blk *blk, uint64_t sector, uint64_t sectors)
{
	return sector <= blk->file.sectors && sectors <= blk->file.sectors - sector;
}

static void transfer_start(struct request *request, uint64_t sector)
{
	const struct blk *blk = request->queue->blk;

	if (request->len % blk->file.block_size || request->len > INT32_MAX ||
	    sector % (blk->file.block_size / SECTOR_SIZE) ||
	    !in_bounds(blk, sector, request->len / SECTOR_SIZE) ||
	    (request->type == TYPE_OUT && blk->file.read_only)) {
		request_finish(request, STATUS_IOERR);
		return;
	}
	request->offset = sector * SECTOR_SIZE;
	if (blk->file.direct && !aligned(request)) {
		request->bounce = aligned_alloc(4096, BOUNCE_SIZE);
		if (!request->bounce) {
			request_fail(request, ENOMEM);
			return;
		}
	}
	transfer_next(request);
}

/* ---- discard and write zeroes ---- */

static void range_next(struct request *request);
static void zeros_next(struct request *request);

static void zeros_done(struct loop_io *io, int result)
{
	struct request *request = io->opaque;

	if (result <= 0) {
		request_fail(request, -result);
		return;
	}
	request->offset += (uint64_t)result;
	request->len -= (uint64_t)result;
	zeros_next(request);
}

/* For files that cannot zero a range themselves: writes LEN zeros. */
static void zeros_next(struct request *request)
{
	uint64_t left = request->len;
	unsigned int count = 0;

	if (!left) {
		request->range++;
		range_next(request);
		return;
	}
	for (; left && count < MAX_DATA; count++) {
		uint64_t part = left < ZEROS_SIZE ? left : ZEROS_SIZE;

		request->segments[count] =
			(struct iovec){.iov_base = request->queue->blk->zeros, .iov_len = part};
		left -= part;
	}
	request->io.iov = request->segments;
	request->io.iov_count = (int)count;
	request->io.offset = request->offset;
	request_submit(request, LOOP_WRITE, zeros_done);
}

static void range_done(struct loop_io *io, int result)
{
	struct request *request = io->opaque;
	struct blk *blk = request->queue->blk;

	if (result == -EOPNOTSUPP || result == -ENOSYS) {
		if (io->mode & FALLOC_FL_PUNCH_HOLE)
			blk->can_punch = false;
		else
			blk->can_zero = false;
	} else if (result < 0) {
		request_fail(request, -result);
		return;
	} else {
		request->range++;
	}
	range_next(request);
}

static void range_fallocate(struct request *request, const struct range *range, int mode)
{
	request->io.mode = mode | FALLOC_FL_KEEP_SIZE;
	request->io.offset = range->sector * SECTOR_SIZE;
	request->io.len = (uint64_t)range->sectors * SECTOR_SIZE;
	request_submit(request, LOOP_FALLOCATE, range_done);
}

static void range_next(struct request *request)
{
	const struct blk *blk = request->queue->blk;
	const struct range *range;

	/* A discard is advice: where the file cannot, doing nothing is right. */
	if (request->type == TYPE_DISCARD && !blk->can_punch)
		request->range = request->range_count;
	while (request->range < request->range_count && !request->ranges[request->range].sectors)
		request->range++;
	if (request->range == request->range_count) {
		write_finish(request);
		return;
	}
	range = &request->ranges[request->range];
	if (blk->can_punch && (request->type == TYPE_DISCARD || range->unmap)) {
		range_fallocate(request, range, FALLOC_FL_PUNCH_HOLE);
	} else if (blk->can_zero) {
		range_fallocate(request, range, FALLOC_FL_ZERO_RANGE);
	} else {
		request->offset = range->sector * SECTOR_SIZE;
		request->len = (uint64_t)range->sectors * SECTOR_SIZE;
		zeros_next(request);
	}
}

/* Section 5.2.6.2 for which flags are unsupported. */
static uint8_t range_parse(const struct request *request, const struct range_header *from,
			   struct range *range)
{
	const struct blk *blk = request->queue->blk;
	bool discard = request->type == TYPE_DISCARD;
	uint32_t flags = le32toh(from->flags);
	uint32_t per_block = blk->file.block_size / SECTOR_SIZE;

	range->sector = le64toh(from->sector);
	range->sectors = le32toh(from->sectors);
	range->unmap = flags & RANGE_F_UNMAP;
	if (discard ? flags : flags & ~RANGE_F_UNMAP)
		return STATUS_UNSUPP;
	if (range->sectors > (discard ? DISCARD_SECTORS : WRITE_ZEROES_SECTORS) ||
	    range->sector % per_block || range->sectors % per_block ||
	    !in_bounds(blk, range->sector, range->sectors))
		return STATUS_IOERR;
	return STATUS_DONE;
}

static void ranges_start(struct request *request, const struct virtqueue_chain *chain)
{
	struct range_header from[MAX_RANGES];
	uint64_t bytes = chain->readable_len - HEADER_SIZE;
	uint8_t status = STATUS_DONE;

	if (!bytes || bytes % sizeof(from[0]) || bytes > sizeof(from) ||
	    request->queue->blk->file.read_only)
		status = STATUS_IOERR;
	else
		virtqueue_read(chain, HEADER_SIZE, from, bytes);
	request->range_count = (unsigned int)(bytes / sizeof(from[0]));
	for (unsigned int i = 0; status == STATUS_DONE && i < request->range_count; i++)
		status = range_parse(request, &from[i], &request->ranges[i]);
	if (status == STATUS_DONE)
		range_next(request);
	else
		request_finish(request, status);
}

/* ---- the queue ---- */

/* Takes the segments FROM, less SKIP bytes in front, up to LEN bytes. False: too many. */
static bool segments_take(struct request *request, const struct iovec *from, unsigned int count,
			  uint64_t skip, uint64_t len)
{
	request->len = len;
	for (unsigned int i = 0; i < count && len; i++) {
		uint64_t part = from[i].iov_len;

		if (skip >= part) {
			skip -= part;
			continue;
		}
		part -= skip;
		if (part > len)
			part = len;
		if (request->segment_count == MAX_DATA)
			return false;
		request->segments[request->segment_count++] = (struct iovec){
			.iov_base = (uint8_t *)from[i].iov_base + skip, .iov_len = part};
		len -= part;
		skip = 0;
	}
	return true;
}

/* The status is the last writable byte, wherever the driver cut its buffers. */
static uint8_t *status_byte(const struct virtqueue_chain *chain)
{
	for (unsigned int i = chain->readable + chain->writable; i > chain->readable; i--) {
		const struct iovec *segment = &chain->segments[i - 1];

		if (segment->iov_len)
			return (uint8_t *)segment->iov_base + segment->iov_len - 1;
	}
	return NULL;
}

static void send_id(struct request *request, const struct virtqueue_chain *chain)
{
	const uint8_t *id = request->queue->blk->id;
	uint64_t room = chain->writable_len - 1;

	if (room > ID_BYTES)
		room = ID_BYTES;
	request->data_read = (uint32_t)virtqueue_write(chain, 0, id, room);
	request_finish(request, STATUS_DONE);
}

static void request_start(struct request *request, const struct virtqueue_chain *chain)
{
	struct request_header header;
	const struct iovec *writable = chain->segments + chain->readable;
	bool fits = true;

	virtqueue_read(chain, 0, &header, sizeof(header));
	request->type = le32toh(header.type);
	switch (request->type) {
	case TYPE_IN:
		fits = segments_take(request, writable, chain->writable, 0,
				     chain->writable_len - 1);
		break;
	case TYPE_OUT:
		fits = segments_take(request, chain->segments, chain->readable, HEADER_SIZE,
				     chain->readable_len - HEADER_SIZE);
		break;
	case TYPE_FLUSH: request_submit(request, LOOP_FSYNC, sync_done); return;
	case TYPE_GET_ID: send_id(request, chain); return;
	case TYPE_DISCARD:
	case TYPE_WRITE_ZEROES: ranges_start(request, chain); return;
	default: request_finish(request, STATUS_UNSUPP); return;
	}
	if (fits)
		transfer_start(request, le64toh(header.sector));
	else
		request_finish(request, STATUS_IOERR);
}

/* Takes one request; false when there is none, or no room for one before another ends. */
static bool take_request(struct blk_queue *queue)
{
	struct blk *blk = queue->blk;
	struct virtqueue_chain chain;
	struct request *request = request_get(queue);
	uint8_t *status;

	if (!request)
		return false;
	request->queue = queue;
	if (!virtio_pop(&blk->device, queue->index, &chain)) {
		request_put(request);
		return false;
	}
	status = status_byte(&chain);
	if (!status || chain.readable_len < HEADER_SIZE) {
		request_put(request);
		virtio_broken(&blk->device, "a block request without header or status byte");
		return false;
	}
	request->head = chain.head;
	request->status = status;
	request->data_read = 0;
	request->segment = request->segment_count = 0;
	request->range = request->range_count = 0;
	request->len = 0;
	request->io.fd = blk->file.fd;
	request->io.opaque = request;
	request_start(request, &chain);
	return true;
}

static void interrupt_if_completed(struct blk_queue *queue)
{
	if (!queue->completed)
		return;
	queue->completed = false;
	virtio_notify(&queue->blk->device, queue->index);
}

static void serve(struct blk_queue *queue)
{
	struct blk *blk = queue->blk;
	struct virtqueue *ring = &blk->device.queues[queue->index];
	const struct guest_memory *memory = machine_memory(blk->device.machine);
	/* Requests that complete at once could keep a turn going for ever. */
	unsigned int budget = POOL_SIZE;

	if (!virtio_is_running(&blk->device))
		return;
	interrupt_if_completed(queue);
	virtqueue_enable_doorbell(ring, memory, false);
	do {
		while (budget && take_request(queue))
			budget--;
	} while (budget && pool_has_room(queue) && virtio_is_running(&blk->device) &&
		 virtqueue_enable_doorbell(ring, memory, true));
	if (!budget)
		loop_post(machine_loop(blk->device.machine), &queue->service);
	interrupt_if_completed(queue);
}

static void serve_task(struct loop_task *task)
{
	serve(task->opaque);
}

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
		.max_discard_sectors = htole32(DISCARD_SECTORS),
		.max_discard_seg = htole32(MAX_RANGES),
		.discard_sector_alignment = htole32(blk->file.block_size / SECTOR_SIZE),
		.max_write_zeroes_sectors = htole32(WRITE_ZEROES_SECTORS),
		.max_write_zeroes_seg = htole32(MAX_RANGES),
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

	serve(&blk->queues[queue]);
}

static void blk_reset(struct virtio_device *device)
{
	struct blk *blk = device->state;

	machine_wait_idle(device->machine, &blk->in_flight);
	for (unsigned int i = 0; i < blk->queue_count; i++)
		blk->queues[i].completed = false;
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
	blk->zeros = mmap(NULL, ZEROS_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (blk->zeros == MAP_FAILED)
		blk->zeros = NULL;
	for (unsigned int i = 0; i < blk->queue_count; i++) {
		struct blk_queue *queue = &blk->queues[i];

		queue->blk = blk;
		queue->index = i;
		queue->service = (struct loop_task){.run = serve_task, .opaque = queue};
		queue->pool = calloc(POOL_SIZE, sizeof(queue->pool[0]));
		if (!queue->pool)
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
	blk->device.state = blk;
	strncpy(blk->device.name, name, sizeof(blk->device.name) - 1);
	return &blk->device;
}
