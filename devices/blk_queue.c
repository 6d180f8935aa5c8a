/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue of the block device: its requests, and when it is served.
 *
 * Where the file can be read without waiting, the doorbell is an exit to userspace and no ioeventfd
 * (blk_pace.h says when that pays): serve_here() takes what is new and moves its data on the vCPU's
 * thread. What would wait after all (flushes too, but of a file in tmpfs), and what is beyond the
 * budget of one ring go to the loop.
 *
 * The loop serves a queue after completions, and when it was told to: it interrupts for all that
 * was completed since it was served last, then takes all new requests. So one turn of the loop
 * costs at most one interrupt a queue, however many requests it moves.
 */
#include <stdlib.h>

#include "devices/blk.h"

/* How much a vCPU moves at a ring before its guest goes on: copying this takes less than a slice of
 * the host's scheduler. A request costs as much as copying a page. */
#define HERE_REQUEST_COST 4096u
#define HERE_BUDGET	  ((1u << 20) + HERE_REQUEST_COST)

/* ---- taking requests ---- */

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

/* Whether CHAIN is done here; takes what that costs off what is left of the BUDGET. */
static bool spend(uint64_t *budget, const struct virtqueue_chain *chain)
{
	uint64_t bytes = chain->readable_len + chain->writable_len;
	bool here = bytes <= *budget;
	uint64_t cost = HERE_REQUEST_COST + (here ? bytes : 0);

	*budget -= cost < *budget ? cost : *budget;
	return here;
}

/*
 * Takes one request; false when there is none, or no room for one before another ends. BUDGET is
 * what may be moved here (bytes); NULL leaves all to the loop.
 */
static bool take_request(struct blk_queue *queue, uint64_t *budget)
{
	struct blk *blk = queue->blk;
	struct virtqueue_chain chain;
	struct blk_request *request = blk_request_get(queue);
	uint8_t *status;

	if (!request)
		return false;
	request->queue = queue;
	if (!virtio_pop(&blk->device, queue->index, &chain)) {
		blk_request_put(request);
		return false;
	}
	status = status_byte(&chain);
	if (!status || chain.readable_len < BLK_HEADER_SIZE) {
		blk_request_put(request);
		virtio_broken(&blk->device, "a block request without header or status byte");
		return false;
	}
	request->here = budget && spend(budget, &chain);
	request->head = chain.head;
	request->status = status;
	request->data_read = 0;
	request->segment = request->segment_count = 0;
	request->range = request->range_count = 0;
	request->len = 0;
	request->io.fd = blk->file.fd;
	request->io.speed = blk->file.speed;
	request->io.opaque = request;
	blk_request_start(request, &chain);
	return true;
}

/* ---- serving ---- */

static void interrupt_if_completed(struct blk_queue *queue)
{
	if (!queue->completed)
		return;
	queue->completed = false;
	virtio_notify(&queue->blk->device, queue->index);
}

static void leave_to_loop(struct blk_queue *queue)
{
	struct blk *blk = queue->blk;

	virtqueue_enable_doorbell(&blk->device.queues[queue->index],
				  machine_memory(blk->device.machine), false);
	queue->left = true;
	loop_post(machine_loop(blk->device.machine), &queue->service);
}

/*
 * On a vCPU's thread. The lock is released while data moves, so others may serve the same queue, or
 * wait to reset the device, meanwhile: what they share is whole whenever the lock is.
 */
static void serve_here(struct blk_queue *queue)
{
	struct blk *blk = queue->blk;
	struct virtqueue *ring = &blk->device.queues[queue->index];
	const struct guest_memory *memory = machine_memory(blk->device.machine);
	uint64_t budget = HERE_BUDGET;
	bool more;

	queue->served_here++;
	virtqueue_enable_doorbell(ring, memory, false);
	do {
		take_request(queue, &budget);
		/* Most rings bring one. Asking for the next doorbell tells whether that was all. */
		more = blk_pool_has_room(queue) && virtio_is_running(&blk->device) &&
		       virtqueue_enable_doorbell(ring, memory, true);
	} while (more && budget);
	queue->served_here--;
	if (more)
		leave_to_loop(queue);
	interrupt_if_completed(queue);
}

/* On the loop's thread. Returns how many requests it found. */
static unsigned int serve(struct blk_queue *queue)
{
	struct blk *blk = queue->blk;
	struct virtqueue *ring = &blk->device.queues[queue->index];
	const struct guest_memory *memory = machine_memory(blk->device.machine);
	/* Requests that complete at once could keep a turn going for ever. */
	unsigned int budget = BLK_POOL_SIZE;

	if (!virtio_is_running(&blk->device))
		return 0;
	interrupt_if_completed(queue);
	virtqueue_enable_doorbell(ring, memory, false);
	do {
		while (budget && take_request(queue, NULL))
			budget--;
	} while (budget && blk_pool_has_room(queue) && virtio_is_running(&blk->device) &&
		 virtqueue_enable_doorbell(ring, memory, true));
	if (!budget)
		loop_post(machine_loop(blk->device.machine), &queue->service);
	interrupt_if_completed(queue);
	return BLK_POOL_SIZE - budget;
}

static void serve_task(struct loop_task *task)
{
	struct blk_queue *queue = task->opaque;
	bool left = queue->left;
	unsigned int found;

	queue->left = false;
	found = serve(queue);
	if (left)
		blk_pace_found(&queue->pace, found);
}

void blk_queue_kick(struct blk_queue *queue)
{
	if (!queue->blk->device.doorbell_exits)
		serve(queue);
	else if (queue->left)
		return; /* the loop is on its way */
	else if (blk_pace_ring(&queue->pace))
		serve_here(queue);
	else
		leave_to_loop(queue);
}

bool blk_queue_init(struct blk_queue *queue, struct blk *blk, unsigned int index)
{
	queue->blk = blk;
	queue->index = index;
	queue->service = (struct loop_task){.run = serve_task, .opaque = queue};
	queue->pool = calloc(BLK_POOL_SIZE, sizeof(queue->pool[0]));
	return queue->pool;
}
