/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is what the driver wrote: where the queue is, then all of its memory. Everything that
 * the device side then does must stay in RAM, end, and give chains that are in RAM.
 */
#include <stdlib.h>
#include <string.h>

#include "devices/virtqueue.h"

#define RAM_BASE 0x80000000ull
#define RAM_SIZE 0x4000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct header {
	uint16_t size, desc, driver, device; /* offsets in RAM */
	uint8_t flags;			     /* bit 0: event indices; 1: addresses as they are */
	uint8_t actions[15];
};

static void check_chain(const struct guest_memory *memory, const struct virtqueue *queue,
			const struct virtqueue_chain *chain)
{
	uint64_t readable = 0, writable = 0;

	if (chain->head >= queue->size || chain->readable + chain->writable > queue->size ||
	    chain->readable + chain->writable > VIRTQUEUE_MAX_SEGMENTS)
		abort();
	for (unsigned int i = 0; i < chain->readable + chain->writable; i++) {
		const uint8_t *at = chain->segments[i].iov_base;
		size_t len = chain->segments[i].iov_len;
		if (len && (at < memory->host || len > memory->size ||
			    (size_t)(at - memory->host) > memory->size - len))
			abort();
		*(i < chain->readable ? &readable : &writable) += len;
	}
	if (readable != chain->readable_len || writable != chain->writable_len)
		abort();
}

static void act(struct virtqueue *queue, const struct guest_memory *memory,
		struct virtqueue_chain *chain, uint8_t action)
{
	uint8_t bytes[64] = {0};
	uint16_t before = queue->next_avail;

	switch (action % 6) {
	case 0:
	case 1:
		if (virtqueue_pop(queue, memory, chain) != 1)
			break;
		check_chain(memory, queue, chain);
		virtqueue_read(chain, action, bytes, sizeof(bytes));
		virtqueue_write(chain, action / 8, bytes, sizeof(bytes));
		if (action & 0x80) {
			virtqueue_unpop(queue, 1);
			if (queue->next_avail != before)
				abort();
		}
		break;
	case 2: virtqueue_push(queue, memory, chain->head, action); break;
	case 3: virtqueue_wants_interrupt(queue, memory); break;
	default: virtqueue_enable_doorbell(queue, memory, action & 1); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header header;
	struct virtqueue queue;
	struct virtqueue_chain chain = {0};

	if (size < sizeof(header))
		return 0;
	memcpy(&header, data, sizeof(header));
	data += sizeof(header);
	size -= sizeof(header);

	struct guest_memory memory = {
		.base = RAM_BASE, .size = RAM_SIZE, .host = calloc(1, RAM_SIZE)};
	if (!memory.host)
		return 0;
	memcpy(memory.host, data, size < RAM_SIZE ? size : RAM_SIZE);

	virtqueue_reset(&queue);
	queue.event_idx = header.flags & 1;
	queue.size = header.size;
	queue.desc = RAM_BASE + header.desc;
	queue.driver = RAM_BASE + header.driver;
	queue.device = RAM_BASE + header.device;
	if (!(header.flags & 2)) { /* most inputs shall get past the checks of the start */
		queue.size = (uint16_t)(1u << header.size % 9);
		queue.desc &= ~15ull;
		queue.driver &= ~1ull;
		queue.device &= ~3ull;
	}
	virtqueue_start(&queue, &memory);
	for (unsigned int round = 0; round < 4; round++) {
		for (size_t i = 0; i < sizeof(header.actions); i++)
			act(&queue, &memory, &chain, header.actions[i]);
	}
	free(memory.host);
	return 0;
}
