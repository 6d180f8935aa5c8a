/* SPDX-License-Identifier: Apache-2.0 */
/* The queues of a device whose work is done outside: handed over, and taken back. */
#ifndef VHART_VHOST_RINGS_H
#define VHART_VHOST_RINGS_H

#include "devices/vhost_device.h"

/* All that the guest has set up, from where the positions say. */
void vhost_rings_start(struct vhost_device *vhost);
/* Where they are is in the positions when the back-end has answered. */
void vhost_rings_stop(struct vhost_device *vhost);
/* Where calls go to has changed, perhaps. */
void vhost_rings_move_calls(struct vhost_device *vhost);
void vhost_rings_kick(const struct vhost_device *vhost, unsigned int queue);

#endif
