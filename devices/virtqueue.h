/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The split virtqueue (virtio 1.x, section 2.7), device side. Pure: it knows guest memory and
 * nothing else, so it is tested and fuzzed natively.
 *
 * The rings are the guest's and change under us. Each field is read once; whatever is impossible
 * (an index or length out of range, a loop, a chain longer than the queue, an address outside RAM)
 * makes the queue broken, and a broken queue gives no more chains until it is reset.
 */
#ifndef VHART_VIRTQUEUE_H
#define VHART_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/guest_memory.h"

#define VIRTQUEUE_MAX_SIZE     512u
#define VIRTQUEUE_MAX_SEGMENTS 258u /* 256 of data, a header and a status */

struct virtqueue {
	/* written by the transport before ready is set */
	uint16_t size;
	bool ready;
	uint64_t desc, driver, device; /* guest-physical */

	/* negotiated */
	bool event_idx;

	/* the device's state */
	uint16_t next_avail, next_used;
	uint16_t signalled_used; /* used index when virtqueue_wants_interrupt() last looked */
	uint16_t given_back;	 /* by virtqueue_unpop() and not popped again */
	bool doorbell_off;	 /* by virtqueue_enable_doorbell() */
	const char *broken;	 /* NULL, or what was wrong: a constant string, for the log */
};

/* One chain of descriptors, already translated. Readable segments first, then writable ones. */
struct virtqueue_chain {
	uint16_t head;
	unsigned int readable, writable;     /* how many of each */
	uint64_t readable_len, writable_len; /* bytes */
	struct iovec segments[VIRTQUEUE_MAX_SEGMENTS];
};

/* Back to the state after power-on: not ready, indices 0, not broken; size becomes the maximum. */
void virtqueue_reset(struct virtqueue *queue);

/*
 * Checks what the driver configured (size a power of two up to the maximum, alignment 16/2/4, all
 * three areas inside RAM) and starts the queue. False: it is broken, and says why.
 */
bool virtqueue_start(struct virtqueue *queue, const struct guest_memory *memory);

/* Takes the next available chain. 1: CHAIN is filled. 0: none is there, or not ready; unless they
 * were switched off, the next one rings the doorbell. -1: broken. */
int virtqueue_pop(struct virtqueue *queue, const struct guest_memory *memory,
		  struct virtqueue_chain *chain);

/* Gives the popped chain HEAD back with LEN bytes written into its writable segments. */
void virtqueue_push(struct virtqueue *queue, const struct guest_memory *memory, uint16_t head,
		    uint32_t len);

/* The same for COUNT chains at once: the driver sees all of them or none (a frame over several). */
struct virtqueue_used {
	uint16_t head;
	uint32_t len;
};
void virtqueue_push_all(struct virtqueue *queue, const struct guest_memory *memory,
			const struct virtqueue_used *used, unsigned int count);

/* Undoes the last COUNT pops (a receive path that found too little room), newest first. */
void virtqueue_unpop(struct virtqueue *queue, unsigned int count);

/* Whether the driver wants an interrupt for what was pushed since this said yes last. */
bool virtqueue_wants_interrupt(struct virtqueue *queue, const struct guest_memory *memory);

/*
 * Asks the driver for doorbells again (or no more). Enabling returns true when a chain that was not
 * popped before is available: pop again before waiting.
 */
bool virtqueue_enable_doorbell(struct virtqueue *queue, const struct guest_memory *memory,
			       bool enable);

/* Copies between a chain's segments and a buffer; OFFSET and LEN in bytes; returns bytes copied. */
uint64_t virtqueue_read(const struct virtqueue_chain *chain, uint64_t offset, void *to,
			uint64_t len);
uint64_t virtqueue_write(const struct virtqueue_chain *chain, uint64_t offset, const void *from,
			 uint64_t len);

#endif
