/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_pairs.h"

#include <poll.h>

#include "devices/vhost_rings.h"

#define TRANSMIT_RINGS 0xaaaaaaaau

static uint32_t rings_of(unsigned int pairs)
{
	return (1u << pairs * 2) - 1;
}

static bool has_several(const struct vhost_device *vhost)
{
	return vhost->control.most > 1;
}

/* ---- the control queue ---- */

static void control_ready(struct loop_watch *watch, short revents)
{
	struct vhost_device *vhost = watch->opaque;

	(void)revents;
	vhost_rings_take_kick(vhost, net_control_queue(&vhost->control));
	net_control_kick(&vhost->control);
}

/* Which queue it is the driver has said by its features: another one's doorbell is the back-end's.
 */
static bool watch_control(struct vhost_device *vhost)
{
	const unsigned int queue = net_control_queue(&vhost->control);

	if (!queue)
		return true;
	vhost->control_watch = (struct loop_watch){.fd = vhost->kicks[queue],
						   .events = POLLIN,
						   .ready = control_ready,
						   .opaque = vhost};
	vhost->controlled =
		loop_watch_add(machine_loop(vhost->device.machine), &vhost->control_watch) == 0;
	return vhost->controlled;
}

static void ignore_control(struct vhost_device *vhost)
{
	if (vhost->controlled)
		loop_watch_remove(machine_loop(vhost->device.machine), &vhost->control_watch);
	vhost->controlled = false;
	net_control_reset(&vhost->control);
}

/* ---- the pairs ---- */

bool vhost_pairs_start(struct vhost_device *vhost)
{
	vhost->enabled = has_several(vhost) ? rings_of(1) : UINT32_MAX;
	return watch_control(vhost);
}

void vhost_pairs_stop(struct vhost_device *vhost)
{
	ignore_control(vhost);
	if (has_several(vhost) && vhost->backend->operations->set_pairs)
		vhost->backend->operations->set_pairs(vhost->backend, 1);
}

/* A pair that the driver uses no more goes on to transmit: Linux lets frames come there for a while
 * after it has said so, and waits for their end. */
bool vhost_pairs_set(struct vhost_device *vhost, unsigned int pairs)
{
	const struct vhost_operations *operations = vhost->backend->operations;
	/* They do not while the machine is about to stand still. */
	const bool running = vhost->running;
	bool done;

	if (running)
		vhost_rings_stop(vhost);
	done = operations->set_pairs && operations->set_pairs(vhost->backend, pairs);
	if (done)
		vhost->enabled = (vhost->enabled & TRANSMIT_RINGS) | rings_of(pairs);
	if (running)
		vhost_rings_start(vhost);
	return done && !vhost->backend->broken;
}
