/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request of the block device. Every operation may come back with less than was asked for. A
 * request keeps what is left of it and goes on; it fails when nothing moved, so that it ends in any
 * case.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "devices/blk.h"

bool blk_in_bounds(const struct blk *blk, uint64_t sector, uint64_t sectors)
{
	return sector <= blk->file.sectors && sectors <= blk->file.sectors - sector;
}

void blk_request_finish(struct blk_request *request, uint8_t status)
{
	struct blk_queue *queue = request->queue;
	struct blk *blk = queue->blk;

	/* The rings of a device that is being reset or gone are no longer ours. */
	if (!blk->device.resetting && !blk->dying) {
		__atomic_store_n(request->status, status, __ATOMIC_RELAXED);
		virtio_push(&blk->device, queue->index, request->head, request->data_read + 1);
		blk_queue_completed(queue);
	}
	blk_request_put(request);
}

/* ERR is the host's; the guest sees an I/O error whatever it was. */
void blk_request_fail(struct blk_request *request, int err)
{
	struct blk *blk = request->queue->blk;

	if (!blk->complained && !blk->dying) {
		blk->complained = true;
		warning("disk %s: %s: the guest gets I/O errors", blk->path,
			err ? strerror(err) : "is shorter than it was");
	}
	blk_request_finish(request, BLK_S_IOERR);
}

/* What a vCPU's thread may try without waiting. Once: the rest of a transfer that was cut short
 * would wait. True when it is done, with a result. */
static bool done_here(struct blk_request *request)
{
	struct machine *machine = request->queue->blk->device.machine;
	bool done;

	if (!request->here)
		return false;
	request->here = false;
	machine_unlock(machine);
	done = loop_io_at_once(&request->io);
	machine_lock(machine);
	request->io.speed = LOOP_SLOW;
	return done;
}

void blk_request_submit(struct blk_request *request, enum loop_op op,
			void (*done)(struct loop_io *io, int result))
{
	struct blk *blk = request->queue->blk;

	/* A reset waits for what is in flight, not for the rest of a long request. */
	if (blk->device.resetting || blk->dying) {
		blk_request_put(request);
		return;
	}
	request->io.op = op;
	request->io.done = done;
	if (done_here(request))
		done(&request->io, request->io.result);
	else
		loop_submit(machine_loop(blk->device.machine), &request->io);
}

static void sync_done(struct loop_io *io, int result)
{
	struct blk_request *request = io->opaque;

	if (result < 0)
		blk_request_fail(request, -result);
	else
		blk_request_finish(request, BLK_S_DONE);
}

void blk_sync(struct blk_request *request)
{
	blk_request_submit(request, LOOP_FSYNC, sync_done);
}

/* Section 5.2.6.2: a driver that knows no FLUSH is promised a write-through cache. */
void blk_write_finish(struct blk_request *request)
{
	if (virtio_has(&request->queue->blk->device, BLK_F_FLUSH))
		blk_request_finish(request, BLK_S_DONE);
	else
		blk_sync(request);
}
