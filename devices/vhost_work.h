/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The back-end's work on a device: begun, stopped, and what becomes of it when the back-end breaks
 * or goes away. With the machine's lock; nothing here waits.
 */
#ifndef VHART_VHOST_WORK_H
#define VHART_VHOST_WORK_H

#include "devices/vhost_device.h"

/* Before all others; nothing is watched yet. */
void vhost_work_init(struct vhost_device *vhost);
/* From now on what the back-end says is listened to. One that is gone is awaited. 0 or -errno. */
int vhost_work_watch(struct vhost_device *vhost);
/* Not any more. One that is not quite back is left. */
void vhost_work_unwatch(struct vhost_device *vhost);

/* On all rings that the guest has set up, from where the positions say. Before, the back-end may be
 * asked for the memory in which it notes what is under way. */
void vhost_work_begin(struct vhost_device *vhost);
/* BUSY is 0 when the rings have stopped. */
void vhost_work_stop(struct vhost_device *vhost);
/* The machine is to be paused: nobody is greeted now. */
void vhost_work_hold(struct vhost_device *vhost);
/* After anything that may have asked, broken or answered something. */
void vhost_work_look(struct vhost_device *vhost);

/* Behind what is broken: the errno, if it came with one. */
const char *vhost_work_error(const struct vhost_backend *backend);

#endif
