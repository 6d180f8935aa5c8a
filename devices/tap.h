/* SPDX-License-Identifier: Apache-2.0 */
/* A tap interface of the host: it exists, and frames with virtio's header go in and out. */
#ifndef VHART_TAP_H
#define VHART_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/net_options.h"

/*
 * Each queue is a file. Frames of the host come by the queues that are attached, which are the
 * first ones; which of them, the kernel decides, mostly by where the guest's frames of a connection
 * came from. Frames of the guest go out by any.
 */
struct tap {
	int fds[NET_PAIRS_MOST];
	unsigned int queues, attached; /* one at least is */
	unsigned int offloads;	       /* TUN_F_ bits that the kernel has, */
	unsigned int in_use;	       /* and those for which it was last asked */
};

/* With as many queues as OPTIONS have pairs, of which one is attached. An interface that was made
 * with one has one; if more were asked for, that is an error. False after error(). */
bool tap_open(struct tap *tap, const char *ifname, const struct net_options *options);
void tap_close(struct tap *tap);

/* The first so many are attached. False: the kernel refuses, and all is as it was. */
bool tap_attach(struct tap *tap, unsigned int queues);

/* What of net_header.h's features it has. */
uint64_t tap_features(const struct tap *tap);
/* What it may leave to a guest with these FEATURES. */
void tap_set_features(struct tap *tap, uint64_t features);

#endif
