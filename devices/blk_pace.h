/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the doorbell of a block queue is served. Pure: it is told what happened, and counts.
 *
 * At the doorbell, on the vCPU's thread: a request whose data is in memory is done before the guest
 * goes on. No thread is woken, and the guest finds its answer instead of going idle.
 *
 * By the loop, with the doorbell off until it comes: pays when the loop finds several requests by
 * then, for they cost one exit and one interrupt together. Waking it for a single one costs about
 * as much as four requests save in a batch.
 *
 * Served at the doorbell, requests of a guest with many in flight come one by one like those of a
 * guest with one. So now and then a ring is left to the loop only to see how many it finds; the
 * longer that is one or a few, the rarer.
 */
#ifndef VHART_BLK_PACE_H
#define VHART_BLK_PACE_H

#include <stdbool.h>

#define BLK_PACE_BATCH	   8u	 /* as many at a look: the loop serves from then on */
#define BLK_PACE_FEW	   4u	 /* fewer is no batch any more */
#define BLK_PACE_PATIENCE  4u	 /* so often in a row: back to the doorbell */
#define BLK_PACE_LOOK	   32u	 /* rings until the first look */
#define BLK_PACE_LOOK_MOST 1024u /* and between looks at the most */

struct blk_pace {
	bool batches;	       /* the loop serves */
	unsigned int few;      /* batches too small, in a row */
	unsigned int rings;    /* served at the doorbell since the last look */
	unsigned int interval; /* rings until the next look; 0: as at the start */
};

/* The doorbell rang: whether it is served here and now. */
bool blk_pace_ring(struct blk_pace *pace);
/* The loop came to a queue that rang, and found COUNT requests. */
void blk_pace_found(struct blk_pace *pace, unsigned int count);

#endif
