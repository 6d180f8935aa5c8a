/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the parts of the block device: the device (virtio_blk.c), its queues and who serves them
 * (blk_queue.c, blk_pace.c), requests, where they come from (blk_pool.c), their start (blk_start.c)
 * and their end (blk_request.c), reads and writes (blk_transfer.c), discards and write zeroes
 * (blk_ranges.c).
 */
#ifndef VHART_BLK_H
#define VHART_BLK_H

#include "devices/blk_file.h"
#include "devices/blk_pace.h"
#include "devices/devices.h"

/* Section 5.2.3: feature bits. */
#define BLK_F_SEG_MAX	   2u
#define BLK_F_RO	   5u
#define BLK_F_BLK_SIZE	   6u
#define BLK_F_FLUSH	   9u
#define BLK_F_MQ	   12u
#define BLK_F_DISCARD	   13u
#define BLK_F_WRITE_ZEROES 14u

/* Section 5.2.6: requests. */
enum blk_type {
	BLK_T_IN = 0,
	BLK_T_OUT = 1,
	BLK_T_FLUSH = 4,
	BLK_T_GET_ID = 8,
	BLK_T_DISCARD = 11,
	BLK_T_WRITE_ZEROES = 13,
};
enum blk_status { BLK_S_DONE = 0, BLK_S_IOERR = 1, BLK_S_UNSUPP = 2 };

struct blk_header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

struct blk_range_header {
	uint64_t sector;
	uint32_t sectors;
	uint32_t flags;
};
#define BLK_ID_BYTES 20u

#define BLK_MAX_DATA   VIRTQUEUE_MAX_SEGMENTS /* segments of one request */
#define BLK_MAX_RANGES 16u
#define BLK_POOL_SIZE  256u /* requests in flight on a queue */
#define BLK_ZEROS_SIZE (64u << 10)

#define BLK_DISCARD_SECTORS	 (1u << 22)
#define BLK_WRITE_ZEROES_SECTORS (1u << 18)
#define BLK_HEADER_SIZE		 sizeof(struct blk_header)

struct blk_range {
	uint64_t sector;
	uint32_t sectors;
	bool unmap;
};

struct blk_request {
	struct loop_io io;
	struct blk_queue *queue;
	uint32_t type;
	uint16_t head;
	bool here;	    /* on a vCPU's thread, if that does not wait */
	uint8_t *status;    /* in guest memory */
	uint32_t data_read; /* bytes that the guest may see in its buffers */

	/* The transfer: LEN bytes are left, to or from OFFSET of the file. */
	uint64_t offset, len;
	unsigned int segment, segment_count;

	/* Direct I/O with buffers that the file cannot take: piece by piece through here. */
	uint8_t *bounce;
	struct iovec bounce_piece;

	unsigned int range, range_count;
	struct blk_range ranges[BLK_MAX_RANGES];

	/* Last: most requests touch few of them, and memory that is not touched costs nothing. */
	struct iovec segments[BLK_MAX_DATA];
};

struct blk_queue {
	struct blk *blk;
	unsigned int index;
	struct loop_task service;
	struct blk_pace pace;
	bool completed;		  /* something since the last interrupt */
	bool left;		  /* to the loop, which was not there yet; the doorbell is off */
	unsigned int served_here; /* vCPUs that are at it */

	/* Requests not in use: a stack of those used before, and all from FRESH on (never touched,
	 * so that they cost no memory). */
	struct blk_request *pool;
	unsigned int fresh, free_count;
	uint16_t free[BLK_POOL_SIZE];
};

struct blk {
	struct virtio_device device;
	struct blk_file file;
	char *path;
	uint8_t id[BLK_ID_BYTES];
	void *zeros;
	bool can_punch, can_zero; /* until the file says that it cannot */
	bool complained;	  /* about the host's file */
	bool dying;
	unsigned int in_flight;
	unsigned int queue_count;
	struct blk_queue queues[];
};

/* ---- blk_pool.c ---- */

void blk_release(struct blk *blk);
/* NULL: all are in flight. */
struct blk_request *blk_request_get(struct blk_queue *queue);
bool blk_pool_has_room(const struct blk_queue *queue);
/* Gives REQUEST back to its queue's pool. The last one of a freed device frees it. */
void blk_request_put(struct blk_request *request);
/* A request of QUEUE is back in its ring: the guest hears of it soon. */
void blk_queue_completed(struct blk_queue *queue);

/* ---- blk_queue.c ---- */

bool blk_queue_init(struct blk_queue *queue, struct blk *blk, unsigned int index);
/* The guest rang. On a vCPU's thread where the device's doorbells exit. */
void blk_queue_kick(struct blk_queue *queue);

/* ---- blk_start.c ---- */

/* CHAIN has a whole header, and REQUEST its status byte. */
void blk_request_start(struct blk_request *request, const struct virtqueue_chain *chain);

/* ---- blk_request.c ---- */

void blk_request_submit(struct blk_request *request, enum loop_op op,
			void (*done)(struct loop_io *io, int result));
/* Each ends REQUEST. ERR of the host (0: the file ended): the guest sees an I/O error. */
void blk_request_finish(struct blk_request *request, uint8_t status);
void blk_request_fail(struct blk_request *request, int err);
/* Ends REQUEST when the file's data is on its disk. */
void blk_sync(struct blk_request *request);
/* The end of a request that changed the file. */
void blk_write_finish(struct blk_request *request);
bool blk_in_bounds(const struct blk *blk, uint64_t sector, uint64_t sectors);

/* ---- blk_transfer.c ---- */

/* Takes the segments FROM, less SKIP bytes in front, up to LEN bytes. False: too many. */
bool blk_segments_take(struct blk_request *request, const struct iovec *from, unsigned int count,
		       uint64_t skip, uint64_t len);
/* Moves the data of the segments taken. */
void blk_transfer_start(struct blk_request *request, uint64_t sector);

/* ---- blk_ranges.c ---- */

void blk_ranges_start(struct blk_request *request, const struct virtqueue_chain *chain);

#endif
