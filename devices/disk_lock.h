/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who else may use a disk. The locks are those that QEMU takes of an image (OFD locks of single
 * bytes), so QEMU, qemu-img and vhart keep each other away from a disk. They are advisory: other
 * tools do not look at them.
 */
#ifndef VHART_DISK_LOCK_H
#define VHART_DISK_LOCK_H

#include <stdbool.h>

enum disk_use {
	DISK_READ,	   /* while nobody writes */
	DISK_WRITE,	   /* while nobody else writes, or reads but for DISK_READ_SHARED */
	DISK_READ_SHARED,  /* while others may write */
	DISK_WRITE_SHARED, /* while others may write too */
};

/*
 * 0: the open file FD has the disk for USE, until disk_unlock() or until nobody has this open file
 * any more. EAGAIN: somebody's use and this one exclude each other. Other errors: it cannot be
 * locked, as its file system knows no locks, say. Nothing is locked then.
 */
int disk_lock(int fd, enum disk_use use);
/* At once, though others may still have the open file: a process that was just started, io_uring.
 */
void disk_unlock(int fd);

#endif
