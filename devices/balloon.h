/* SPDX-License-Identifier: Apache-2.0 */
/* The memory balloon as the machine sees it. All is called with the machine's lock held. */
#ifndef VHART_BALLOON_H
#define VHART_BALLOON_H

#include <stdbool.h>
#include <stdint.h>

struct virtio_device;

/* What drivers say of their memory, by tag: virtio 1.3, section 5.5.6.3. */
#define BALLOON_STATISTICS 16u
struct balloon_statistics {
	bool known[BALLOON_STATISTICS];
	uint64_t values[BALLOON_STATISTICS]; /* bytes, or counts */
};

struct balloon_state {
	bool driven;		 /* the guest has a driver that runs */
	uint32_t wanted, actual; /* pages of 4096 bytes in it, as asked and as the driver says */
	uint64_t returned;	 /* bytes that went back to the host, also by reports */
	struct balloon_statistics statistics;
};

/* DEVICE is one of virtio_balloon_new()'s. So many PAGES are to be in it. */
void balloon_want(struct virtio_device *device, uint32_t pages);
void balloon_look(const struct virtio_device *device, struct balloon_state *state);
/*
 * Asks the driver for fresh statistics. They are there, or will not come, when the number behind
 * the pointer is 0: for machine_wait_answers(). NULL: no driver can be asked.
 */
const unsigned int *balloon_ask(struct virtio_device *device);

#endif
