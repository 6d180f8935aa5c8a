/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A console device with several ports (virtio 1.x, section 5.3, VIRTIO_CONSOLE_F_MULTIPORT). Each
 * port carries bytes both ways between a file of the guest's (Linux: /dev/vportNpM, and its name in
 * /sys/class/virtio-ports) and a side here. Under the machine's lock, as all device code.
 */
#ifndef VHART_PORTS_H
#define VHART_PORTS_H

#include "base/machine.h"

#define PORTS_MAX 5u

struct virtio_device;

/* The host's side of a port. None of these may wait. */
struct port_side {
	const char *name; /* the guest's; a constant, at most 63 characters */
	/* LEN bytes of the guest's; returns how many it takes. Fewer than all: the rest waits until
	 * ports_go_on(). NULL: what the guest writes is dropped. */
	size_t (*take)(void *opaque, const void *bytes, size_t len);
	/* At most LEN bytes for the guest. 0: there are none now; then ports_go_on(). NULL: never.
	 * Asked only while the guest has the port open. */
	size_t (*give)(void *opaque, void *bytes, size_t len);
	/* All that the guest has written so far was taken. May be NULL. */
	void (*taken)(void *opaque);
	void *opaque;
};

/* COUNT sides, 1 to PORTS_MAX, which are copied. NULL after error(). */
struct virtio_device *virtio_ports_new(struct machine *machine, const char *name,
				       const struct port_side *sides, unsigned int count);

/* The side of PORT has bytes for the guest, or room again. */
void ports_go_on(struct virtio_device *device, unsigned int port);

/* The side of PORT is gone: once what was given is read, the guest reads an end of file, and what
 * it writes is dropped. For good, over resets of the device too. */
void ports_close(struct virtio_device *device, unsigned int port);

#endif
