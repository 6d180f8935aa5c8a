/* SPDX-License-Identifier: Apache-2.0 */
/* Between the network card (virtio_net.c) and what its cable is plugged into (net_*.c). */
#ifndef VHART_NET_H
#define VHART_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "devices/devices.h"

#define NET_HEADER_LEN 12u /* struct virtio_net_hdr of virtio 1.x */
#define NET_MAX_FRAME  65550u

struct net_backend {
	/* A frame of LEN bytes from the guest, without header. */
	void (*send)(void *state, const struct iovec *frame, unsigned int count, size_t len);
	void (*started)(void *state);	  /* the guest receives from now on; may be NULL */
	void (*stopped)(void *state);	  /* and no more; may be NULL */
	void (*has_buffers)(void *state); /* after NET_FULL the guest gave some; may be NULL */
	void (*free)(void *state);
};

/* Owns STATE, also when it fails. */
struct virtio_device *net_new(struct machine *machine, const char *name,
			      const struct net_options *options, const struct net_backend *backend,
			      void *state);

enum net_received {
	NET_TAKEN,
	NET_DROPPED,
	NET_FULL, /* the guest has no buffers: keep the frame until has_buffers(), or drop it */
};
/* Gives the guest a frame, without header. net_flush() after the last of a batch. */
enum net_received net_receive(struct virtio_device *device, const uint8_t *frame, size_t len);
void net_flush(struct virtio_device *device);

#endif
