/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A back-end that is a vhost device of the host's kernel: a worker thread there serves the rings.
 * What differs from one such device to the other is its kind. The calls are ioctls that end at
 * once, or when the worker has finished what it is at; nothing is ever awaited.
 *
 * A device with more rings than the kernel has in one is several of the kernel's, each with its own
 * worker: the first rings are the first one's, and so on.
 */
#ifndef VHART_VHOST_KERNEL_H
#define VHART_VHOST_KERNEL_H

#include "devices/vhost_backend.h"

#define VHOST_KERNEL_FILES 8u

struct vhost_kernel {
	struct vhost_backend backend; /* its fd: an eventfd, for rings that are wrong */
	const struct vhost_kernel_kind *kind;
	int files[VHOST_KERNEL_FILES]; /* /dev/vhost-..., opened so often */
	unsigned int file_count;
	/* ioctl(2) on one of these, or what a test has in its place: 0, or an errno. */
	int (*call)(struct vhost_kernel *kernel, unsigned int file, unsigned long request,
		    void *argument);
	uint32_t started; /* rings, one bit each */
};

struct vhost_kernel_kind {
	uint32_t ring_count; /* of one file */
	/* All rings that were started, or none. */
	void (*run)(struct vhost_kernel *kernel, bool on);
	/* The driver has FEATURES. May be NULL. */
	void (*negotiated)(struct vhost_kernel *kernel, uint64_t features);
	/* Of a network card: see vhost_backend.h. */
	bool (*set_pairs)(struct vhost_kernel *kernel, unsigned int pairs);
	/* With KERNEL itself, after its files were closed. */
	void (*free)(struct vhost_kernel *kernel);
};

/* PATH, with a worker for this process, which the host may refuse (RLIMIT_NPROC). -1 with errno. */
int vhost_kernel_open(const char *path);
/* What to do about an errno of that: "..., or "; LOAD, where the module is missing; or "". */
const char *vhost_kernel_advice(int err, const char *load);
/* On FILES of vhost_kernel_open(), which are KERNEL's when this succeeds. 0, or an errno. */
int vhost_kernel_init(struct vhost_kernel *kernel, const struct vhost_kernel_kind *kind,
		      const int *files, unsigned int count);

/* For kinds: one request, to all files, or to that of a ring, of whose numbers there the argument
 * has one. If it fails all stops, and REFUSED says what (a constant, "..." in "the host's kernel
 * ..."). */
bool vhost_kernel_ask(struct vhost_kernel *kernel, unsigned long request, void *argument,
		      const char *refused);
bool vhost_kernel_ask_ring(struct vhost_kernel *kernel, uint32_t ring, unsigned long request,
			   void *argument, const char *refused);

#endif
