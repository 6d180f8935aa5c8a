/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does the work of a virtio device outside of this process: another process, by the vhost-user
 * protocol (vhost_user.c), or the host's kernel, by its own vhost devices (vhost_kernel.c). The
 * device (virtio_vhost.c) knows no more of either than this.
 *
 * A back-end that breaks says why in BROKEN, and its operations do nothing from then on.
 */
#ifndef VHART_VHOST_BACKEND_H
#define VHART_VHOST_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/guest_memory.h"

/* A ring that is handed over. */
struct vhost_ring {
	uint32_t index;
	uint32_t size;
	uint64_t desc, avail, used; /* in this process's address space */
	int kick, call;		    /* eventfds */
};

/* What a back-end can do, as far as the guest is to know: the same for as long as the guest lives.
 */
#define VHOST_CONFIG_SPACE 64u /* the most bytes that a device has of it */
struct vhost_offer {
	bool known;
	uint64_t features;
	uint64_t ring_count; /* 0: the back-end does not say */
	uint8_t config[VHOST_CONFIG_SPACE];
};

/* Where a ring is: as both kinds of back-ends lay it out. */
struct vhost_ring_state {
	uint32_t index, num;
};

struct vhost_backend {
	const struct vhost_operations *operations;
	uint64_t features;	  /* of the device; after greet() */
	uint64_t ring_count;	  /* as the back-end says; 0: it does not */
	unsigned int pending;	  /* answers that are awaited */
	int fd;			  /* when it is readable, read() is to be called */
	const char *broken;	  /* NULL, or why: a constant, "..." in "the back-end ..." */
	bool gone;		  /* broken by its end, not by what it said */
	bool returns;		  /* one that is gone may come back */
	bool notes;		  /* what is under way, in memory that outlives it */
	struct vhost_offer offer; /* of the last that was greeted at the start of a life */
	int broken_error;	  /* the errno with that; 0: none */
	const char *bad_rings;	  /* NULL, or what it found wrong in what the guest wrote */
};

/* One const table for each kind. */
struct vhost_operations {
	/* The first words: what it can do. Waits for TIMEOUT_MS milliseconds at most for each
	 * answer. False: it is broken. */
	bool (*greet)(struct vhost_backend *backend, int timeout_ms);
	void (*share_memory)(struct vhost_backend *backend, const struct guest_memory *memory);
	/* LEN bytes of configuration space are asked for, and taken when no answer is awaited any
	 * more. NULL: this kind has none. */
	void (*ask_config)(struct vhost_backend *backend, uint32_t len);
	void (*take_config)(struct vhost_backend *backend, void *to, uint32_t len);
	/* All that the driver accepted, also what is not the back-end's. */
	void (*set_features)(struct vhost_backend *backend, uint64_t features);
	/* From where FROM says. It may work from run() on. */
	void (*start_ring)(struct vhost_backend *backend, const struct vhost_ring *ring,
			   const struct vhost_ring_state *from);
	/* All rings that were started; false before they are stopped. NULL: they run one by one. */
	void (*run)(struct vhost_backend *backend, bool on);
	/* Of the ring in POSITION, where it is then. When no answer is awaited any more that is in
	 * POSITION, and the back-end touches neither memory nor interrupts. */
	void (*stop_ring)(struct vhost_backend *backend, struct vhost_ring_state *position);
	/* Of a network card: so many pairs of rings are to receive from now on; one at the start.
	 * None runs. False: that cannot be had, and all is as it was. NULL: there is one. */
	bool (*set_pairs)(struct vhost_backend *backend, unsigned int pairs);
	/* Takes what has come. */
	void (*read)(struct vhost_backend *backend);
	/* Waits until nothing is awaited any more. False: it is broken. */
	bool (*settle)(struct vhost_backend *backend, int timeout_ms);
	/* It is broken, as WHY says: a constant. NULL: it never owes an answer for long. */
	void (*leave)(struct vhost_backend *backend, const char *why);
	/* Those of a kind that can go away and come back; NULL of others. None of them waits. */
	/* One that is gone is connected to once more. False: nobody is there. */
	bool (*connect)(struct vhost_backend *backend);
	/* The next of the words that greet() says all of. False: there are no more. */
	bool (*greet_on)(struct vhost_backend *backend);
	/* Asks for memory in which the back-end notes what is under way in so many RINGS, and which
	 * outlives it. False: there is some already, or it does not do that. */
	bool (*ask_inflight)(struct vhost_backend *backend, uint16_t rings, uint16_t queue_size);
	/* Gives it back the memory that there is, if any, before rings are started: COUNT of these
	 * SIZES. */
	void (*give_inflight)(struct vhost_backend *backend, const struct vhost_ring_state *sizes,
			      unsigned int count);
	/* What is in it is over. */
	void (*drop_inflight)(struct vhost_backend *backend);
	/* With the device. NULL: it outlives that. */
	void (*free)(struct vhost_backend *backend);
};

#endif
