/* SPDX-License-Identifier: Apache-2.0 */
/* The queues of a device whose work is done outside: handed over, and taken back. */
#ifndef VHART_VHOST_RINGS_H
#define VHART_VHOST_RINGS_H

#include "devices/vhost_device.h"

/* The eventfds of all queues. False after error(). */
bool vhost_rings_make_events(struct vhost_device *vhost);
/* Those that were made. */
void vhost_rings_free_events(struct vhost_device *vhost);

/* All that the guest has set up and that are enabled, from where the positions say. */
void vhost_rings_start(struct vhost_device *vhost);
/* Where they are is in the positions when the back-end has answered. */
void vhost_rings_stop(struct vhost_device *vhost);
/* Of those that a back-end had when it went: behind what it has given back. */
void vhost_rings_find(struct vhost_device *vhost);
/* The most entries that one of them has. */
uint16_t vhost_rings_largest(const struct vhost_device *vhost);
/* All that the driver has offered in RINGS, one bit each, is used. */
bool vhost_rings_are_drained(const struct vhost_device *vhost, uint32_t rings);
/* Which MSIs the guest has for them has changed, perhaps. */
void vhost_rings_move_calls(struct vhost_device *vhost);
/* The back-end has none of them any more: what it still signals is for nobody. */
void vhost_rings_take_calls(struct vhost_device *vhost);
void vhost_rings_kick(const struct vhost_device *vhost, unsigned int queue);
/* Of a queue that is served here. */
void vhost_rings_take_kick(const struct vhost_device *vhost, unsigned int queue);
/* Those that the back-end has. */
void vhost_rings_kick_all(const struct vhost_device *vhost);

#endif
