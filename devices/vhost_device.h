/* SPDX-License-Identifier: Apache-2.0 */
/* A virtio device whose work is done outside of this process, and the kinds that there are. */
#ifndef VHART_VHOST_DEVICE_H
#define VHART_VHOST_DEVICE_H

#include "devices/devices.h"
#include "devices/net_control.h"
#include "devices/vhost_backend.h"

#define VHOST_TAG_MAX 36u /* virtio 1.2, 5.11.4: bytes of a file system's tag */

struct vhost_options {
	const struct vhost_type *type;
	const char *tag;     /* of a file system */
	const uint8_t *mac;  /* of a network card */
	unsigned int mtu;    /* of one; 0: it is not told */
	unsigned int pairs;  /* of queues of one; 0: one */
	uint64_t cid;	     /* of a socket device */
	uint64_t features;   /* more that the guest is offered in any case */
	const char *who;     /* the back-end, for messages */
	const char *way_out; /* behind an error; NULL: there is none */
	/* Freed with the device, also when it fails, if it has an operation for that. */
	struct vhost_backend *backend;
};

/* A back-end that has gone away, and how far it is back. */
enum vhost_absence {
	VHOST_THERE,
	VHOST_AWAITED,	  /* nobody is there; a timer tries again */
	VHOST_GREETED,	  /* somebody is, and is asked what it can do */
	VHOST_CONFIGURED, /* and what its configuration is */
};

struct vhost_device {
	struct virtio_device device;
	struct virtio_class class; /* of the type */
	struct vhost_options options;
	struct vhost_backend *backend;
	struct vhost_offer offer; /* what the guest was offered of that */
	uint64_t own_features;	  /* that the guest is offered in any case */
	uint8_t config[VHOST_CONFIG_SPACE];
	unsigned int rings; /* that are the back-end's: the first of the device's queues */
	bool running;	    /* the back-end works on those that it has */
	bool starting;	    /* and will, when it has answered what it was asked before */
	bool held;	    /* the machine is paused, or will be at once */
	uint32_t handed;    /* rings that it has, one bit each; the driver may not know */
	uint32_t stopping;  /* those that it is asked for */
	uint32_t orphaned;  /* those that it had when it went */
	uint32_t enabled;   /* those that it is to have where the driver has set them up */
	bool announced;	    /* that the back-end is broken for good */
	enum vhost_absence absence;
	unsigned int absences; /* that were told */
	struct loop_watch watch;
	bool watched;
	struct net_control control; /* of a network card */
	struct loop_watch control_watch;
	bool controlled; /* by that watch */
	struct loop_timer patience;
	struct loop_timer again; /* tries to connect */
	struct loop_timer drain; /* looks whether all is done that was asked */
	uint64_t drain_deadline; /* on clock_now(); 0: nothing is awaited so */
	unsigned int busy;	 /* answers that are awaited, and a drain */
	struct machine_outsider outsider;
	int kicks[VIRTIO_MAX_QUEUES];		    /* eventfds */
	struct loop_watch calls[VIRTIO_MAX_QUEUES]; /* of eventfds */
	struct msi *msis[VIRTIO_MAX_QUEUES]; /* what KVM makes of calls; NULL: they come here */
	/* Where each ring is, when it is stopped. */
	struct vhost_ring_state positions[VIRTIO_MAX_QUEUES];
};

struct vhost_type {
	const char *name; /* as in --vhost-user */
	uint16_t device_id;
	uint32_t pci_class;
	uint16_t queue_size;
	uint64_t features;     /* that the guest is offered if the back-end has them */
	uint64_t own_features; /* that it is offered in any case: they are of the configuration */
	/* A back-end may stop a ring with requests under way. All that are asked end by themselves,
	 * so they are awaited before. */
	bool drains;
	/* All that a back-end knows is in the rings and in its files: another one can go on. */
	bool returns;
	/* In which case it gives back what it was asked for in any order: what is under way is
	 * known only if it notes that. */
	bool any_order;
	uint32_t backend_config;  /* bytes of configuration space that are the back-end's */
	unsigned int idle_queues; /* the last ones, with which no back-end does anything */
	/* The rest of it, and how many queues there are. */
	void (*configure)(struct vhost_device *vhost);
};

/* Those that speak vhost-user. NULL: there is none of this name. */
const struct vhost_type *vhost_user_type_find(const char *name);
/* NULL after the last. */
const char *vhost_user_type_name(unsigned int index);
/* Those of the host's kernel. */
extern const struct vhost_type vhost_net_type;
extern const struct vhost_type vhost_vsock_type;

/* NULL after error(). */
struct virtio_device *vhost_device_new(struct machine *machine, const char *name,
				       const struct vhost_options *options);

#endif
