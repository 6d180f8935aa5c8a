/* SPDX-License-Identifier: Apache-2.0 */
/* What a request wants, by its header. */
#include <endian.h>

#include "devices/blk.h"

static void send_id(struct blk_request *request, const struct virtqueue_chain *chain)
{
	const uint8_t *id = request->queue->blk->id;
	uint64_t room = chain->writable_len - 1;

	if (room > BLK_ID_BYTES)
		room = BLK_ID_BYTES;
	request->data_read = (uint32_t)virtqueue_write(chain, 0, id, room);
	blk_request_finish(request, BLK_S_DONE);
}

void blk_request_start(struct blk_request *request, const struct virtqueue_chain *chain)
{
	struct blk_header header;
	const struct iovec *writable = chain->segments + chain->readable;
	bool fits = true;

	virtqueue_read(chain, 0, &header, sizeof(header));
	request->type = le32toh(header.type);
	switch (request->type) {
	case BLK_T_IN:
		fits = blk_segments_take(request, writable, chain->writable, 0,
					 chain->writable_len - 1);
		break;
	case BLK_T_OUT:
		fits = blk_segments_take(request, chain->segments, chain->readable, BLK_HEADER_SIZE,
					 chain->readable_len - BLK_HEADER_SIZE);
		break;
	case BLK_T_FLUSH: blk_sync(request); return;
	case BLK_T_GET_ID: send_id(request, chain); return;
	case BLK_T_DISCARD:
	case BLK_T_WRITE_ZEROES:
		request->here = false; /* they write more than their chain holds */
		blk_ranges_start(request, chain);
		return;
	default: blk_request_finish(request, BLK_S_UNSUPP); return;
	}
	if (fits)
		blk_transfer_start(request, le64toh(header.sector));
	else
		blk_request_finish(request, BLK_S_IOERR);
}
