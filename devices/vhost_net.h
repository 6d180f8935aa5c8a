/* SPDX-License-Identifier: Apache-2.0 */
/* A network card on a tap interface, whose packets the host's kernel moves. */
#ifndef VHART_VHOST_NET_H
#define VHART_VHOST_NET_H

#include "devices/devices.h"
#include "devices/tap.h"

/* What vhost_net_new() needs of the host; negative: it cannot be had, after error() if WANTED. */
int vhost_net_open(const char *name, bool wanted);
/* Owns TAP and DEVICE, also when it fails: NULL after error(). */
struct virtio_device *vhost_net_new(struct machine *machine, const char *name,
				    const struct net_options *options, const struct tap *tap,
				    int device);

#endif
