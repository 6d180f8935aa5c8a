/* SPDX-License-Identifier: Apache-2.0 */
/* A network card on a tap interface, whose packets the host's kernel moves. */
#ifndef VHART_VHOST_NET_H
#define VHART_VHOST_NET_H

#include "devices/devices.h"
#include "devices/tap.h"

/* What vhost_net_new() needs of the host: a file for each pair of queues. */
struct vhost_net_files {
	int each[NET_PAIRS_MOST];
	unsigned int count;
};
/* So many; if they cannot be had, none, and error() if they are WANTED. */
void vhost_net_open(struct vhost_net_files *files, const char *name, unsigned int count,
		    bool wanted);
/* On as many queues of TAP as there are FILES; owns both, also when it fails: NULL after error().
 */
struct virtio_device *vhost_net_new(struct machine *machine, const char *name,
				    const struct net_options *options, struct tap *tap,
				    struct vhost_net_files *files);

#endif
