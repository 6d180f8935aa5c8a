/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio 1.x device: the part that all devices share (status, features, queues, configuration
 * space), between a transport (virtio_mmio.c, virtio_pci.c) and a class (virtio_blk.c, ...).
 *
 *     guest registers -> transport -> virtio_device_*() -> class->...()
 *     class -> virtio_complete() / virtio_config_changed() -> transport->... -> interrupt
 *
 * Everything runs with the machine's lock held.
 */
#ifndef VHART_VIRTIO_H
#define VHART_VIRTIO_H

#include "base/machine.h"
#include "devices/virtqueue.h"

#define VIRTIO_MAX_QUEUES 17u
#define VIRTIO_QUEUE_SIZE 256u

/* Device status, section 2.1. */
#define VIRTIO_STATUS_ACKNOWLEDGE 1u
#define VIRTIO_STATUS_DRIVER	  2u
#define VIRTIO_STATUS_DRIVER_OK	  4u
#define VIRTIO_STATUS_FEATURES_OK 8u
#define VIRTIO_STATUS_NEEDS_RESET 64u
#define VIRTIO_STATUS_FAILED	  128u

/* Feature bits that the core offers for every device, section 6. */
#define VIRTIO_F_RING_INDIRECT_DESC 28u
#define VIRTIO_F_RING_EVENT_IDX	    29u
#define VIRTIO_F_VERSION_1	    32 /* as the kernel's headers spell it */

struct virtio_device;

/* What a kind of device does; one const table per class. */
struct virtio_class {
	const char *name;				    /* "blk": for messages and the log */
	uint16_t device_id;				    /* virtio 1.x, section 5 */
	uint32_t pci_class;				    /* class code, 24 bits */
	uint64_t (*features)(struct virtio_device *device); /* device-specific bits to offer */
	void (*config_read)(struct virtio_device *device, uint64_t offset, void *to, unsigned size);
	void (*config_write)(struct virtio_device *device, uint64_t offset, const void *from,
			     unsigned size);	       /* may be NULL */
	void (*started)(struct virtio_device *device); /* DRIVER_OK was set; may be NULL */
	/* The guest rang QUEUE. From the loop's thread or a vCPU's: see doorbell_exits. */
	void (*kick)(struct virtio_device *device, unsigned int queue);
	/* What the transport's interrupt_msi() says may have changed. May be NULL. */
	void (*interrupts_moved)(struct virtio_device *device);
	/* Stop all work: on return nothing of this device is in flight. May be NULL. */
	void (*reset)(struct virtio_device *device);
	void (*free)(struct virtio_device *device); /* with DEVICE itself */
};

/* How a transport tells the guest; one const table per transport. */
struct virtio_transport {
	const char *name;
	void (*interrupt)(struct virtio_device *device, unsigned int queue);
	void (*config_changed)(struct virtio_device *device);
	/* What interrupt() would signal for QUEUE now, and nothing else; NULL: there is none. May
	 * be NULL: there never is one. */
	struct msi *(*interrupt_msi)(struct virtio_device *device, unsigned int queue);
};

struct virtio_device {
	/* set by the class's constructor */
	const struct virtio_class *class;
	struct machine *machine;
	unsigned int queue_count;
	uint16_t queue_size; /* the largest that it offers; 0: VIRTIO_QUEUE_SIZE */
	uint64_t withheld;   /* feature bits of the core that it cannot do */
	/* No ioeventfd: kick() comes from a vCPU's thread, always. */
	bool doorbell_exits;
	/* One eventfd for each queue, for who serves it in another process: a doorbell is counted
	 * there. NULL: kick() is called. */
	const int *doorbell_fds;
	char name[24]; /* "blk0": for messages */
	void *state;   /* the class's */

	/* set by the transport */
	const struct virtio_transport *transport;
	void *transport_state;

	/* virtio.c's */
	uint8_t status;
	unsigned int resetting; /* resets under way, which wait with the lock released */
	uint64_t driver_features;
	uint32_t config_generation;
	struct virtqueue queues[VIRTIO_MAX_QUEUES];
};

/* ---- for transports ---- */

/* Binds DEVICE to its transport and brings it to the state after power-on. */
void virtio_device_attach(struct virtio_device *device, const struct virtio_transport *transport,
			  void *transport_state);
uint16_t virtio_device_queue_size(const struct virtio_device *device); /* the most offered */
uint64_t virtio_device_features(struct virtio_device *device);	       /* all that are offered */
/* Keeps only what was offered, and only before FEATURES_OK. HIGH selects bits 32-63. */
void virtio_device_set_features(struct virtio_device *device, bool high, uint32_t bits);
/* The status register (section 2.1). 0 resets and returns only when nothing is in flight.
 * FEATURES_OK is refused (stays clear) without VIRTIO_F_VERSION_1. */
void virtio_device_set_status(struct virtio_device *device, uint8_t status);
bool virtio_device_queue_enable(struct virtio_device *device, unsigned int queue);
/* The guest rang QUEUE. Out of range, not ready or before DRIVER_OK: a guest error, ignored. */
void virtio_device_kick(struct virtio_device *device, unsigned int queue);
/* The same from a doorbell, which can ring late: after a reset it is nobody's mistake. */
void virtio_device_rung(struct virtio_device *device, unsigned int queue);
/* The eventfd that takes its place; 0: none. */
int virtio_device_doorbell_fd(const struct virtio_device *device, unsigned int queue);
/* Device configuration space, SIZE 1, 2, 4 or 8; little-endian in VALUE. */
uint64_t virtio_device_config_read(struct virtio_device *device, uint64_t offset, unsigned size);
void virtio_device_config_write(struct virtio_device *device, uint64_t offset, unsigned size,
				uint64_t value);
/* The transport's interrupt_msi() may say something else from now on. */
void virtio_device_interrupts_moved(struct virtio_device *device);
void virtio_device_free(struct virtio_device *device);

/* ---- for classes ---- */

static inline bool virtio_has(const struct virtio_device *device, unsigned int bit)
{
	return device->driver_features >> bit & 1;
}
/* DRIVER_OK and not broken: what the driver gives may be used, and it may be interrupted. */
bool virtio_is_running(const struct virtio_device *device);
/* Pops the next chain of QUEUE; broken queues put the device into NEEDS_RESET. True: got one. */
bool virtio_pop(struct virtio_device *device, unsigned int queue, struct virtqueue_chain *chain);
/* Pushes without an interrupt; virtio_notify() after the last of a batch interrupts if wanted. */
void virtio_push(struct virtio_device *device, unsigned int queue, uint16_t head, uint32_t len);
void virtio_push_all(struct virtio_device *device, unsigned int queue,
		     const struct virtqueue_used *used, unsigned int count);
void virtio_notify(struct virtio_device *device, unsigned int queue);
void virtio_config_changed(struct virtio_device *device);
/* DEVICE_NEEDS_RESET (section 2.1.2): the device cannot go on, and nobody's rule was broken. */
void virtio_needs_reset(struct virtio_device *device);
/* The driver broke a rule that WHY names: DEVICE_NEEDS_RESET (section 2.1.2), logged, counted. */
void virtio_broken(struct virtio_device *device, const char *why);

#endif
