/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control queue of a network card with several pairs of queues (virtio 1.2, section 5.1.6.5).
 * It has one command, which says how many of the pairs the driver uses; all others are refused.
 * What is in the queue is the guest's, and believed in nothing.
 */
#ifndef VHART_NET_CONTROL_H
#define VHART_NET_CONTROL_H

#include "base/loop.h"
#include "devices/net_options.h"
#include "devices/virtio.h"

/* Section 5.1.3. */
#define NET_F_CTRL_VQ 17u
#define NET_F_MQ      22u

_Static_assert(NET_PAIRS_MOST * 2 + 1 <= VIRTIO_MAX_QUEUES, "the pairs and the control queue");

struct net_control {
	struct virtio_device *device;
	unsigned int most;  /* pairs that the card has; 1: there is no control queue */
	unsigned int pairs; /* that the driver uses: one until it says more */
	/* It uses so many from now on. False: the host refuses, and all is as it was. */
	bool (*set_pairs)(struct virtio_device *device, unsigned int pairs);
	struct loop_task more;
};

void net_control_init(struct net_control *control, struct virtio_device *device, unsigned int most,
		      bool (*set_pairs)(struct virtio_device *device, unsigned int pairs));

/* What it adds to the device's features, and to its queues. Here, so that the types of devices
 * (vhost_types.c) are data without a machine. */
static inline uint64_t net_control_features(const struct net_control *control)
{
	return control->most > 1 ? 1ull << NET_F_CTRL_VQ | 1ull << NET_F_MQ : 0;
}

static inline unsigned int net_control_queue_count(const struct net_control *control)
{
	return control->most > 1 ? control->most * 2 + 1 : 2;
}

/* Pairs that the driver may use: those that were agreed on. */
unsigned int net_control_usable(const struct net_control *control);
/* The queue's number, which depends on what was agreed on; 0: there is none. */
unsigned int net_control_queue(const struct net_control *control);

/* The driver rang that queue. */
void net_control_kick(struct net_control *control);
/* The device was reset, or is freed. */
void net_control_reset(struct net_control *control);

#endif
