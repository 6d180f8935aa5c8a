/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network card with several pairs of queues whose work is done outside: which of them the
 * back-end has. The control queue, by which the driver says so, is served here.
 */
#ifndef VHART_VHOST_PAIRS_H
#define VHART_VHOST_PAIRS_H

#include "devices/vhost_device.h"

/* The driver has started; before the rings. False: there is no memory for it. */
bool vhost_pairs_start(struct vhost_device *vhost);
/* It is reset, or freed, and the rings are stopped. */
void vhost_pairs_stop(struct vhost_device *vhost);
/* The rings of so many, from where they were. False: it cannot be had, and all is as it was. */
bool vhost_pairs_set(struct vhost_device *vhost, unsigned int pairs);

#endif
