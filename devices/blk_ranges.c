/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discard and write zeroes of the block device: holes punched and ranges zeroed by the file itself,
 * or, where it cannot, zeros written.
 */
#include <endian.h>
#include <errno.h>
#include <linux/falloc.h>

#include "devices/blk.h"

#define RANGE_F_UNMAP 1u

static void range_next(struct blk_request *request);
static void zeros_next(struct blk_request *request);

static void zeros_done(struct loop_io *io, int result)
{
	struct blk_request *request = io->opaque;

	if (result <= 0) {
		blk_request_fail(request, -result);
		return;
	}
	request->offset += (uint64_t)result;
	request->len -= (uint64_t)result;
	zeros_next(request);
}

/* For files that cannot zero a range themselves: writes LEN zeros. */
static void zeros_next(struct blk_request *request)
{
	uint64_t left = request->len;
	unsigned int count = 0;

	if (!left) {
		request->range++;
		range_next(request);
		return;
	}
	for (; left && count < BLK_MAX_DATA; count++) {
		uint64_t part = left < BLK_ZEROS_SIZE ? left : BLK_ZEROS_SIZE;

		request->segments[count] =
			(struct iovec){.iov_base = request->queue->blk->zeros, .iov_len = part};
		left -= part;
	}
	request->io.iov = request->segments;
	request->io.iov_count = (int)count;
	request->io.offset = request->offset;
	blk_request_submit(request, LOOP_WRITE, zeros_done);
}

static void range_done(struct loop_io *io, int result)
{
	struct blk_request *request = io->opaque;
	struct blk *blk = request->queue->blk;

	if (result == -EOPNOTSUPP || result == -ENOSYS) {
		if (io->mode & FALLOC_FL_PUNCH_HOLE)
			blk->can_punch = false;
		else
			blk->can_zero = false;
	} else if (result < 0) {
		blk_request_fail(request, -result);
		return;
	} else {
		request->range++;
	}
	range_next(request);
}

static void range_fallocate(struct blk_request *request, const struct blk_range *range, int mode)
{
	request->io.mode = mode | FALLOC_FL_KEEP_SIZE;
	request->io.offset = range->sector * SECTOR_SIZE;
	request->io.len = (uint64_t)range->sectors * SECTOR_SIZE;
	blk_request_submit(request, LOOP_FALLOCATE, range_done);
}

static void range_next(struct blk_request *request)
{
	const struct blk *blk = request->queue->blk;
	const struct blk_range *range;

	/* A discard is advice: where the file cannot, doing nothing is right. */
	if (request->type == BLK_T_DISCARD && !blk->can_punch)
		request->range = request->range_count;
	while (request->range < request->range_count && !request->ranges[request->range].sectors)
		request->range++;
	if (request->range == request->range_count) {
		blk_write_finish(request);
		return;
	}
	range = &request->ranges[request->range];
	if (blk->can_punch && (request->type == BLK_T_DISCARD || range->unmap)) {
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
static uint8_t range_parse(const struct blk_request *request, const struct blk_range_header *from,
			   struct blk_range *range)
{
	const struct blk *blk = request->queue->blk;
	bool discard = request->type == BLK_T_DISCARD;
	uint32_t flags = le32toh(from->flags);
	uint32_t per_block = blk->file.block_size / SECTOR_SIZE;

	range->sector = le64toh(from->sector);
	range->sectors = le32toh(from->sectors);
	range->unmap = flags & RANGE_F_UNMAP;
	if (discard ? flags : flags & ~RANGE_F_UNMAP)
		return BLK_S_UNSUPP;
	if (range->sectors > (discard ? BLK_DISCARD_SECTORS : BLK_WRITE_ZEROES_SECTORS) ||
	    range->sector % per_block || range->sectors % per_block ||
	    !blk_in_bounds(blk, range->sector, range->sectors))
		return BLK_S_IOERR;
	return BLK_S_DONE;
}

void blk_ranges_start(struct blk_request *request, const struct virtqueue_chain *chain)
{
	struct blk_range_header from[BLK_MAX_RANGES];
	uint64_t bytes = chain->readable_len - BLK_HEADER_SIZE;
	uint8_t status = BLK_S_DONE;

	if (!bytes || bytes % sizeof(from[0]) || bytes > sizeof(from) ||
	    request->queue->blk->file.read_only)
		status = BLK_S_IOERR;
	else
		virtqueue_read(chain, BLK_HEADER_SIZE, from, bytes);
	request->range_count = (unsigned int)(bytes / sizeof(from[0]));
	for (unsigned int i = 0; status == BLK_S_DONE && i < request->range_count; i++)
		status = range_parse(request, &from[i], &request->ranges[i]);
	if (status == BLK_S_DONE)
		range_next(request);
	else
		blk_request_finish(request, status);
}
