/* SPDX-License-Identifier: Apache-2.0 */
/* A tap interface of the host: it exists, and frames with virtio's header go in and out. */
#ifndef VHART_TAP_H
#define VHART_TAP_H

#include <stdbool.h>
#include <stdint.h>

struct tap {
	int fd;
	unsigned int offloads; /* TUN_F_ bits that the kernel has, */
	unsigned int in_use;   /* and those for which it was last asked */
};

/* False after error(). */
bool tap_open(struct tap *tap, const char *ifname);
void tap_close(struct tap *tap);

/* What of net_header.h's features it has. */
uint64_t tap_features(const struct tap *tap);
/* What it may leave to a guest with these FEATURES. */
void tap_set_features(struct tap *tap, uint64_t features);

#endif
