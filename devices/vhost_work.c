/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_work.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "devices/vhost_return.h"
#include "devices/vhost_rings.h"

#define ANSWER_NS (8 * NS_PER_S)
#define AGAIN_NS  NS_PER_S /* between tries to connect */
#define DRAIN_NS  1000000u /* between looks at rings: nothing else tells when the last is done */
/* In a life: what a guest can bring about must not fill the user's log. */
#define TOLD_ABSENCES 20u

static struct loop *loop_of(const struct vhost_device *vhost)
{
	return machine_loop(vhost->device.machine);
}

const char *vhost_work_error(const struct vhost_backend *backend)
{
	return backend->broken_error ? strerror(backend->broken_error) : "";
}

/* ---- the socket, or what it has instead ---- */

static void stop_watching(struct vhost_device *vhost)
{
	if (vhost->watched)
		loop_watch_remove(loop_of(vhost), &vhost->watch);
	vhost->watched = false;
}

static int watch(struct vhost_device *vhost)
{
	int result;

	vhost->watch.fd = vhost->backend->fd;
	result = loop_watch_add(loop_of(vhost), &vhost->watch);
	vhost->watched = result == 0;
	return result;
}

/* ---- it is broken, or gone ---- */

/* One line for the user, a device that needs a reset for the guest; the VM goes on. */
static void announce(struct vhost_device *vhost)
{
	const struct vhost_backend *backend = vhost->backend;

	vhost->announced = true;
	vhost->absence = VHOST_THERE;
	warning("%s: %s %s%s%s: the device does not work until the guest is rebooted",
		vhost->device.name, vhost->options.who, backend->broken,
		backend->broken_error ? ": " : "", vhost_work_error(backend));
	virtio_needs_reset(&vhost->device);
}

/* A line, too, but nothing for the guest: what it has asked for takes its time. */
static void await_return(struct vhost_device *vhost)
{
	const bool is_news = vhost->absence == VHOST_THERE;

	vhost->absence = VHOST_AWAITED;
	loop_timer_set(loop_of(vhost), &vhost->again, AGAIN_NS);
	if (is_news && vhost->absences++ < TOLD_ABSENCES)
		warning("%s: %s %s: it is awaited, and so is what the guest asks of the device",
			vhost->device.name, vhost->options.who, vhost->backend->broken);
}

/* What it gave back last it may not have told any more. */
static void interrupt_orphans(struct vhost_device *vhost)
{
	for (unsigned int i = 0; i < vhost->rings; i++)
		if (vhost->orphaned >> i & 1 && virtio_is_running(&vhost->device))
			vhost->device.transport->interrupt(&vhost->device, i);
}

/* What was under way is known: nothing, or what the back-end has noted, or what the rings say. */
static bool is_known(const struct vhost_device *vhost, uint32_t rings)
{
	return vhost->backend->notes || !vhost->options.type->any_order ||
	       vhost_rings_are_drained(vhost, rings);
}

/* Whether another back-end can go on where this one has ended. */
static bool may_return(struct vhost_device *vhost, uint32_t rings)
{
	struct vhost_backend *backend = vhost->backend;

	if (!backend->gone || !backend->returns)
		return false;
	if (is_known(vhost, rings))
		return true;
	backend->broken = "has ended, and which requests were under way it has not noted";
	return false;
}

static void lose(struct vhost_device *vhost)
{
	const uint32_t rings = vhost->handed | vhost->stopping;

	stop_watching(vhost);
	vhost->running = vhost->starting = false;
	vhost->drain_deadline = 0;
	vhost->handed = vhost->stopping = 0;
	vhost->orphaned |= rings;
	vhost_rings_take_calls(vhost);
	if (may_return(vhost, rings)) {
		interrupt_orphans(vhost);
		await_return(vhost);
	} else {
		announce(vhost);
	}
}

/* ---- what it was asked is answered ---- */

static void start_rings(struct vhost_device *vhost)
{
	vhost->starting = false;
	vhost->orphaned = 0;
	vhost_rings_start(vhost);
}

static void take_up(struct vhost_device *vhost)
{
	if (vhost->absences <= TOLD_ABSENCES)
		note("%s: %s is back", vhost->device.name, vhost->options.who);
	if (!virtio_is_running(&vhost->device))
		return;
	vhost_rings_find(vhost);
	vhost->backend->operations->set_features(vhost->backend, vhost->device.driver_features);
	vhost_work_begin(vhost);
}

static void answered(struct vhost_device *vhost)
{
	vhost->stopping = 0;
	if (vhost->starting)
		start_rings(vhost);
	if (vhost->absence < VHOST_GREETED)
		return;
	vhost_return_go_on(vhost);
	if (vhost->absence == VHOST_THERE)
		take_up(vhost);
}

/* How long its answers are awaited. */
static void set_patience(struct vhost_device *vhost, bool asked)
{
	if (!vhost->backend->pending)
		loop_timer_set(loop_of(vhost), &vhost->patience, 0);
	else if (asked)
		loop_timer_set(loop_of(vhost), &vhost->patience, ANSWER_NS);
}

void vhost_work_look(struct vhost_device *vhost)
{
	const struct vhost_backend *backend = vhost->backend;
	bool asked = false;

	if (!backend->broken && !backend->pending) {
		answered(vhost);
		asked = true;
	}
	if (backend->broken && !vhost->announced && vhost->absence != VHOST_AWAITED)
		lose(vhost);
	set_patience(vhost, asked);
	/* Who is only greeted has no ring, and touches nothing. */
	vhost->busy = (vhost->absence == VHOST_THERE ? backend->pending : 0) +
		      (vhost->drain_deadline != 0);
	if (!vhost->busy)
		machine_idle(vhost->device.machine);
}

/* After requests. */
static void await_answers(struct vhost_device *vhost)
{
	set_patience(vhost, true);
	vhost_work_look(vhost);
}

static void out_of_patience(struct loop_timer *timer)
{
	struct vhost_device *vhost = timer->opaque;

	vhost->backend->operations->leave(vhost->backend, "does not answer");
	/* As if it had not come: it may be on its way down, or up. */
	if (vhost->absence != VHOST_THERE)
		vhost->backend->gone = true;
	vhost_work_look(vhost);
}

static void try_again(struct loop_timer *timer)
{
	struct vhost_device *vhost = timer->opaque;

	if (vhost->held || !vhost_return_connect(vhost)) {
		loop_timer_set(loop_of(vhost), timer, AGAIN_NS);
		return;
	}
	if (watch(vhost) < 0)
		vhost->backend->operations->leave(vhost->backend, "cannot be watched");
	await_answers(vhost);
}

/* ---- begun and stopped ---- */

static bool asks_inflight(struct vhost_device *vhost)
{
	const struct vhost_operations *operations = vhost->backend->operations;

	return operations->ask_inflight &&
	       operations->ask_inflight(vhost->backend, (uint16_t)vhost->rings,
					vhost_rings_largest(vhost));
}

void vhost_work_begin(struct vhost_device *vhost)
{
	vhost->starting = asks_inflight(vhost);
	if (!vhost->starting)
		start_rings(vhost);
	await_answers(vhost);
}

static void stop_now(struct vhost_device *vhost)
{
	vhost->drain_deadline = 0;
	vhost->stopping = vhost->handed;
	vhost_rings_stop(vhost);
	await_answers(vhost);
}

static void look_at_drain(struct loop_timer *timer)
{
	struct vhost_device *vhost = timer->opaque;

	if (!vhost->drain_deadline)
		return; /* the back-end is broken */
	if (vhost_rings_are_drained(vhost, vhost->handed) || clock_now() >= vhost->drain_deadline)
		stop_now(vhost);
	else
		loop_timer_set(loop_of(vhost), timer, DRAIN_NS);
}

void vhost_work_stop(struct vhost_device *vhost)
{
	vhost->starting = false;
	if (!vhost->running)
		return;
	if (!vhost->options.type->drains || vhost_rings_are_drained(vhost, vhost->handed)) {
		stop_now(vhost);
		return;
	}
	/* A pause may be between the driver's offer and its kick. */
	vhost_rings_kick_all(vhost);
	vhost->drain_deadline = clock_now() + ANSWER_NS;
	loop_timer_set(loop_of(vhost), &vhost->drain, DRAIN_NS);
	vhost_work_look(vhost);
}

/* Else its answers would come to a loop that is frozen, and their time be over when it goes on. */
static void give_up_greeting(struct vhost_device *vhost)
{
	if (vhost->absence < VHOST_GREETED)
		return;
	vhost->backend->operations->leave(vhost->backend, "is left before it was greeted");
	vhost->backend->gone = true;
}

void vhost_work_hold(struct vhost_device *vhost)
{
	vhost->held = true;
	give_up_greeting(vhost);
	vhost_work_look(vhost);
}

/* ---- what it says ---- */

static void backend_ready(struct loop_watch *watch, short revents)
{
	struct vhost_device *vhost = watch->opaque;

	(void)revents;
	vhost->backend->operations->read(vhost->backend);
	if (vhost->backend->bad_rings && vhost->running) {
		stop_now(vhost);
		virtio_broken(&vhost->device, vhost->backend->bad_rings);
	}
	vhost_work_look(vhost);
}

void vhost_work_init(struct vhost_device *vhost)
{
	vhost->watch =
		(struct loop_watch){.events = POLLIN, .ready = backend_ready, .opaque = vhost};
	vhost->patience = (struct loop_timer){.expired = out_of_patience, .opaque = vhost};
	vhost->again = (struct loop_timer){.expired = try_again, .opaque = vhost};
	vhost->drain = (struct loop_timer){.expired = look_at_drain, .opaque = vhost};
}

int vhost_work_watch(struct vhost_device *vhost)
{
	if (vhost->backend->broken) {
		vhost->absence = VHOST_AWAITED;
		loop_timer_set(loop_of(vhost), &vhost->again, AGAIN_NS);
		return 0;
	}
	return watch(vhost);
}

void vhost_work_unwatch(struct vhost_device *vhost)
{
	loop_timer_set(loop_of(vhost), &vhost->patience, 0);
	loop_timer_set(loop_of(vhost), &vhost->drain, 0);
	loop_timer_set(loop_of(vhost), &vhost->again, 0);
	stop_watching(vhost);
	give_up_greeting(vhost);
}
