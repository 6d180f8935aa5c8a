/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of devices that a vhost-user back-end can be: what the front-end has to know of each. */
#ifndef VHART_VHOST_USER_H
#define VHART_VHOST_USER_H

#include "devices/devices.h"
#include "devices/vhost_link.h"

#define VHOST_USER_CONFIG_MAX 64u
#define VHOST_USER_TAG_MAX    36u /* virtio 1.2, 5.11.4: bytes of a file system's tag */

struct vhost_user {
	struct virtio_device device;
	struct virtio_class class; /* of the type */
	const struct vhost_user_type *type;
	struct vhost_user_options options;
	struct vhost_link *link; /* the caller's */
	uint8_t config[VHOST_USER_CONFIG_MAX];
	bool running;	/* the back-end has rings */
	bool announced; /* that the link is broken */
	struct loop_watch socket;
	struct loop_timer patience;
	struct machine_outsider outsider;
	int kicks[VIRTIO_MAX_QUEUES];		    /* eventfds */
	struct loop_watch calls[VIRTIO_MAX_QUEUES]; /* of eventfds */
	/* Where each ring is, when it is stopped. */
	struct vhost_ring_state positions[VIRTIO_MAX_QUEUES];
};

struct vhost_user_type {
	const char *name; /* as in --vhost-user */
	uint16_t device_id;
	uint32_t pci_class;
	uint16_t queue_size;
	uint64_t features;	 /* that the guest is offered if the back-end has them */
	uint64_t own_features;	 /* that it is offered in any case: they are of the configuration */
	uint32_t backend_config; /* bytes of configuration space that are the back-end's */
	/* The rest of it, and how many queues there are. False after error(). */
	bool (*configure)(struct vhost_user *user);
};

/* NULL: there is none of this name. */
const struct vhost_user_type *vhost_user_type_find(const char *name);
/* NULL after the last. */
const char *vhost_user_type_name(unsigned int index);

#endif
