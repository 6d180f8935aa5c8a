/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of a queue, taken and given back; the last one of a freed device frees it. */
#include <stdlib.h>
#include <sys/mman.h>

#include "devices/blk.h"

void blk_release(struct blk *blk)
{
	for (unsigned int i = 0; i < blk->queue_count; i++)
		free(blk->queues[i].pool);
	if (blk->zeros)
		munmap(blk->zeros, BLK_ZEROS_SIZE);
	blk_file_close(&blk->file);
	free(blk->path);
	free(blk);
}

struct blk_request *blk_request_get(struct blk_queue *queue)
{
	struct blk_request *request;

	if (queue->free_count)
		request = &queue->pool[queue->free[--queue->free_count]];
	else if (queue->fresh < BLK_POOL_SIZE)
		request = &queue->pool[queue->fresh++];
	else
		return NULL;
	queue->blk->in_flight++;
	return request;
}

bool blk_pool_has_room(const struct blk_queue *queue)
{
	return queue->free_count || queue->fresh < BLK_POOL_SIZE;
}

void blk_request_put(struct blk_request *request)
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

void blk_queue_completed(struct blk_queue *queue)
{
	queue->completed = true;
	/* Who serves it now sees to the interrupt when it is done. */
	if (!queue->served_here)
		loop_post(machine_loop(queue->blk->device.machine), &queue->service);
}
