/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which requests of a ring are under way, kept from outside: for a back-end that gives requests
 * back in any order, notes nothing, and may go away. One index into the ring tells another where to
 * go on only if all before are done and all behind are not. Pure, but for guest memory.
 *
 * Whoever looks must do so once for each time that the ring was filled anew; what was missed is
 * unknown, and is known again when all of it has been given back.
 */
#ifndef VHART_VHOST_ACCOUNT_H
#define VHART_VHOST_ACCOUNT_H

#include "devices/virtqueue.h"

struct vhost_account {
	/* As the ring was when it was handed over: a driver may change its mind. */
	uint16_t size;
	uint64_t driver, device; /* guest-physical */
	uint16_t offered, used;	 /* how far this was looked at */
	unsigned int unknown;	 /* that are under way, of which the heads are not known */
	uint16_t under_way[VIRTQUEUE_MAX_SIZE]; /* by head, how often: more than 1 is a driver's lie
						 */
};

/* A back-end takes up QUEUE, which is ready, at POSITION. */
void vhost_account_begin(struct vhost_account *account, const struct virtqueue *queue,
			 const struct guest_memory *memory, uint16_t position);
void vhost_account_look(struct vhost_account *account, const struct guest_memory *memory);
/*
 * The back-end is gone, and the next one shall begin at *POSITION: what is under way is put behind
 * that in the driver's ring, in the places of what is done. The device reads that ring and a driver
 * only writes it, so this is seen by nobody else. False: what is under way is not known.
 */
bool vhost_account_restore(struct vhost_account *account, const struct guest_memory *memory,
			   uint16_t *position);

#endif
