/* SPDX-License-Identifier: Apache-2.0 */
/* Between the network card (virtio_net.c) and what its cable is plugged into (net_*.c). */
#ifndef VHART_NET_H
#define VHART_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "devices/devices.h"
#include "devices/net_header.h"

#define NET_MAX_FRAME 65550u

/* LEN bytes in COUNT pieces. */
struct net_frame {
	const struct net_header *header;
	const struct iovec *pieces;
	unsigned int count;
	size_t len;
};

struct net_backend {
	/* What of net_header.h's features it can do. NULL: nothing, each frame is whole. */
	uint64_t (*features)(void *state);
	/* A frame from that pair of the guest's queues, and its header, which was checked. */
	void (*send)(void *state, unsigned int pair, const struct net_frame *frame);
	/* The guest, with these features, receives from now on; may be NULL. */
	void (*started)(void *state, uint64_t features);
	/* It receives on so many pairs of queues from now on; one after each start. False: that
	 * cannot be had, and all is as it was. NULL: the cable knows of one pair. */
	bool (*set_pairs)(void *state, unsigned int pairs);
	void (*stopped)(void *state); /* and no more, and one pair; may be NULL */
	/* After NET_FULL the guest gave some to that pair; may be NULL. */
	void (*has_buffers)(void *state, unsigned int pair);
	void (*free)(void *state);
};

/* Owns STATE, also when it fails. The card has all the pairs of queues of OPTIONS. */
struct virtio_device *net_new(struct machine *machine, const char *name,
			      const struct net_options *options, const struct net_backend *backend,
			      void *state);

enum net_received {
	NET_TAKEN,
	NET_DROPPED,
	NET_FULL, /* the guest has no buffers: keep the frame until has_buffers(), or drop it */
};
/* Gives the guest a frame, on that pair of its queues; HEADER may be NULL: nothing is left to do.
 * One that the guest cannot take is dropped. net_flush() after the last of a batch. */
enum net_received net_receive(struct virtio_device *device, unsigned int pair,
			      const struct net_header *header, const uint8_t *frame, size_t len);
void net_flush(struct virtio_device *device, unsigned int pair);

#endif
