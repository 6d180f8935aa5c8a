/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A back-end that went away and comes back while the guest runs: who it is, in the same first words
 * as at the start, but from answer to answer on the loop, as nobody may wait for another process
 * under the machine's lock. (A thread that waits would need its own end, of the machine's and of
 * the socket under it; the link never waits anyway, so what is left is to remember the step.)
 */
#ifndef VHART_VHOST_RETURN_H
#define VHART_VHOST_RETURN_H

#include "devices/vhost_device.h"

/* Connects, and says the first words. False: nobody is there. */
bool vhost_return_connect(struct vhost_device *vhost);
/* Says the next words, as long as none awaits an answer. Then it is there, greeted or broken. */
void vhost_return_go_on(struct vhost_device *vhost);

/* What the back-end, which has answered all, says that the guest may know. */
struct vhost_offer vhost_return_offer(const struct vhost_device *vhost);

#endif
