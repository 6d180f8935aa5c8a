/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes of the block device: from and to the guest's own buffers, or, where direct I/O
 * cannot take those, piece by piece through one of ours.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/blk.h"

#define BOUNCE_SIZE (64u << 10)

bool blk_segments_take(struct blk_request *request, const struct iovec *from, unsigned int count,
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
		if (request->segment_count == BLK_MAX_DATA)
			return false;
		request->segments[request->segment_count++] = (struct iovec){
			.iov_base = (uint8_t *)from[i].iov_base + skip, .iov_len = part};
		len -= part;
		skip = 0;
	}
	return true;
}

static void transfer_next(struct blk_request *request);

/* Copies LEN bytes between the guest's segments and BYTES and moves on behind them. */
static void segments_advance(struct blk_request *request, uint8_t *bytes, uint64_t len)
{
	while (len) {
		struct iovec *segment = &request->segments[request->segment];
		uint64_t part = len < segment->iov_len ? len : segment->iov_len;

		if (bytes && request->type == BLK_T_IN)
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

static void bounce_fill(struct blk_request *request)
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
	struct blk_request *request = io->opaque;

	if (result <= 0) {
		blk_request_fail(request, -result);
		return;
	}
	segments_advance(request, request->bounce, (uint64_t)result);
	request->offset += (uint64_t)result;
	request->len -= (uint64_t)result;
	if (request->type == BLK_T_IN)
		request->data_read += (uint32_t)result;
	transfer_next(request);
}

static void transfer_next(struct blk_request *request)
{
	struct loop_io *io = &request->io;

	if (!request->len) {
		if (request->type == BLK_T_IN)
			blk_request_finish(request, BLK_S_DONE);
		else
			blk_write_finish(request);
		return;
	}
	io->offset = request->offset;
	if (request->bounce) {
		request->bounce_piece.iov_base = request->bounce;
		request->bounce_piece.iov_len =
			request->len < BOUNCE_SIZE ? request->len : BOUNCE_SIZE;
		if (request->type == BLK_T_OUT)
			bounce_fill(request);
		io->iov = &request->bounce_piece;
		io->iov_count = 1;
	} else {
		io->iov = &request->segments[request->segment];
		io->iov_count = (int)(request->segment_count - request->segment);
	}
	blk_request_submit(request, request->type == BLK_T_IN ? LOOP_READ : LOOP_WRITE,
			   transfer_done);
}

static bool aligned(const struct blk_request *request)
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

void blk_transfer_start(struct blk_request *request, uint64_t sector)
{
	const struct blk *blk = request->queue->blk;

	if (request->len % blk->file.block_size || request->len > INT32_MAX ||
	    sector % (blk->file.block_size / SECTOR_SIZE) ||
	    !blk_in_bounds(blk, sector, request->len / SECTOR_SIZE) ||
	    (request->type == BLK_T_OUT && blk->file.read_only)) {
		blk_request_finish(request, BLK_S_IOERR);
		return;
	}
	request->offset = sector * SECTOR_SIZE;
	if (blk->file.direct && !aligned(request)) {
		request->bounce = aligned_alloc(4096, BOUNCE_SIZE);
		if (!request->bounce) {
			blk_request_fail(request, ENOMEM);
			return;
		}
	}
	transfer_next(request);
}
