/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio device whose work a back-end outside of this process does. The queues are its own: kicks
 * go to it by eventfd (from KVM's ioeventfd where there is one), its calls come back by eventfd, or
 * go to KVM by one. Once the guest runs, nothing here waits for another process under the machine's
 * lock; what the kernel is asked it does at once.
 */
#include "devices/vhost_device.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "devices/vhost_pairs.h"
#include "devices/vhost_rings.h"

#define START_MS  20000 /* for an answer before the guest starts: a process may be starting too */
#define ANSWER_MS 8000	/* and later */
#define DRAIN_NS  1000000u /* between looks at rings: nothing else tells when the last is done */

/* ---- the back-end's state ---- */

/* Behind what is broken: the errno, if it came with one. */
static const char *error_text(const struct vhost_backend *backend)
{
	return backend->broken_error ? strerror(backend->broken_error) : "";
}

/* One line for the user, a device that needs a reset for the guest; the VM goes on. */
static void announce(struct vhost_device *vhost)
{
	const struct vhost_backend *backend = vhost->backend;

	vhost->announced = true;
	vhost->running = false;
	vhost->handed = 0;
	loop_watch_remove(machine_loop(vhost->device.machine), &vhost->watch);
	warning("%s: %s %s%s%s: the device does not work until the guest is rebooted",
		vhost->device.name, vhost->options.who, backend->broken,
		backend->broken_error ? ": " : "", error_text(backend));
	virtio_needs_reset(&vhost->device);
}

static void look_at_backend(struct vhost_device *vhost)
{
	const struct vhost_backend *backend = vhost->backend;

	if (!backend->pending)
		loop_timer_set(machine_loop(vhost->device.machine), &vhost->patience, 0);
	if (backend->broken)
		vhost->drain_deadline = 0;
	if (backend->broken && !vhost->announced)
		announce(vhost);
	vhost->busy = backend->pending + (vhost->drain_deadline != 0);
	if (!vhost->busy)
		machine_idle(vhost->device.machine);
}

static void out_of_patience(struct loop_timer *timer)
{
	struct vhost_device *vhost = timer->opaque;

	vhost->backend->operations->out_of_patience(vhost->backend);
	look_at_backend(vhost);
}

/* After requests: their answers are awaited for so long. */
static void await_answers(struct vhost_device *vhost)
{
	if (!vhost->announced && vhost->backend->pending)
		loop_timer_set(machine_loop(vhost->device.machine), &vhost->patience,
			       ANSWER_MS * (NS_PER_S / 1000));
	look_at_backend(vhost);
}

/* ---- the end of what is under way ---- */

static void stop_now(struct vhost_device *vhost)
{
	vhost->drain_deadline = 0;
	vhost_rings_stop(vhost);
	await_answers(vhost);
}

static void look_at_drain(struct loop_timer *timer)
{
	struct vhost_device *vhost = timer->opaque;

	if (!vhost->drain_deadline)
		return; /* the back-end is broken */
	if (vhost_rings_are_drained(vhost) || clock_now() >= vhost->drain_deadline)
		stop_now(vhost);
	else
		loop_timer_set(machine_loop(vhost->device.machine), timer, DRAIN_NS);
}

/* BUSY is 0 when the rings have stopped. */
static void stop(struct vhost_device *vhost)
{
	if (!vhost->options.type->drains || vhost_rings_are_drained(vhost)) {
		stop_now(vhost);
		return;
	}
	/* A pause may be between the driver's offer and its kick. */
	vhost_rings_kick_all(vhost);
	vhost->drain_deadline = clock_now() + ANSWER_MS * (NS_PER_S / 1000);
	loop_timer_set(machine_loop(vhost->device.machine), &vhost->drain, DRAIN_NS);
	look_at_backend(vhost);
}

/* ---- what comes by itself ---- */

static void backend_ready(struct loop_watch *watch, short revents)
{
	struct vhost_device *vhost = watch->opaque;

	(void)revents;
	vhost->backend->operations->read(vhost->backend);
	if (vhost->backend->bad_rings && vhost->running) {
		stop_now(vhost);
		virtio_broken(&vhost->device, vhost->backend->bad_rings);
	}
	look_at_backend(vhost);
}

/* An interrupt of the guest was masked, or the like. */
static void interrupts_moved(struct virtio_device *device)
{
	struct vhost_device *vhost = device->state;

	vhost_rings_move_calls(vhost);
	look_at_backend(vhost);
}

static void kick(struct virtio_device *device, unsigned int queue)
{
	vhost_rings_kick(device->state, queue);
}

static bool set_pairs(struct virtio_device *device, unsigned int pairs)
{
	struct vhost_device *vhost = device->state;
	const bool done = vhost_pairs_set(vhost, pairs);

	await_answers(vhost);
	return done;
}

/* ---- a paused machine ---- */

static void outsider_stop(struct machine_outsider *outsider)
{
	struct vhost_device *vhost = outsider->opaque;

	if (vhost->running)
		stop(vhost);
}

static void outsider_go_on(struct machine_outsider *outsider)
{
	struct vhost_device *vhost = outsider->opaque;

	/* The machine ends, and nobody has waited. */
	if (vhost->drain_deadline || !virtio_is_running(&vhost->device))
		return;
	vhost_rings_start(vhost);
	await_answers(vhost);
}

/* ---- the class ---- */

static uint64_t features(struct virtio_device *device)
{
	const struct vhost_device *vhost = device->state;

	return (vhost->backend->features & vhost->options.type->features) | vhost->own_features;
}

static void config_read(struct virtio_device *device, uint64_t offset, void *to, unsigned size)
{
	const struct vhost_device *vhost = device->state;
	const size_t space = sizeof(vhost->config);

	memset(to, 0, size);
	if (offset < space)
		memcpy(to, vhost->config + offset, size < space - offset ? size : space - offset);
}

static void started(struct virtio_device *device)
{
	struct vhost_device *vhost = device->state;

	if (vhost->backend->broken) {
		virtio_needs_reset(device);
		return;
	}
	vhost->backend->operations->set_features(vhost->backend, device->driver_features);
	for (unsigned int i = 0; i < device->queue_count; i++)
		vhost->positions[i] = (struct vhost_ring_state){.index = i};
	if (!vhost_pairs_start(vhost)) {
		virtio_needs_reset(device);
		return;
	}
	vhost_rings_start(vhost);
	await_answers(vhost);
}

static void reset(struct virtio_device *device)
{
	struct vhost_device *vhost = device->state;

	if (vhost->running)
		stop(vhost);
	/* Also those of a reset by another hart. */
	if (!machine_wait_answers(device->machine, &vhost->busy))
		return;
	vhost_pairs_stop(vhost);
	/* What it found wrong is no fault of the next driver's. */
	if (!vhost->announced)
		vhost->backend->operations->read(vhost->backend);
	vhost->backend->bad_rings = NULL;
	look_at_backend(vhost);
}

static void free_backend(struct vhost_backend *backend)
{
	if (backend->operations->free)
		backend->operations->free(backend);
}

/* The machine has ended, or starts anew: nobody else runs, and this may wait. The answers that are
 * awaited go into VHOST. */
static void free_vhost(struct virtio_device *device)
{
	struct vhost_device *vhost = device->state;
	struct loop *loop = machine_loop(device->machine);

	machine_outsider_remove(device->machine, &vhost->outsider);
	loop_timer_set(loop, &vhost->patience, 0);
	loop_timer_set(loop, &vhost->drain, 0);
	if (!vhost->announced)
		loop_watch_remove(loop, &vhost->watch);
	if (vhost->running)
		vhost_rings_stop(vhost);
	vhost->backend->operations->settle(vhost->backend, ANSWER_MS);
	vhost_pairs_stop(vhost);
	vhost_rings_free_events(vhost);
	free_backend(vhost->backend);
	free(vhost);
}

static const struct virtio_class common = {
	.features = features,
	.config_read = config_read,
	.started = started,
	.kick = kick,
	.interrupts_moved = interrupts_moved,
	.reset = reset,
	.free = free_vhost,
};

/* ---- construction ---- */

static bool get_config(struct vhost_device *vhost)
{
	const uint32_t len = vhost->options.type->backend_config;

	return !len ||
	       vhost->backend->operations->get_config(vhost->backend, vhost->config, len, START_MS);
}

static bool is_modern(struct vhost_backend *backend)
{
	if (backend->features >> VIRTIO_F_VERSION_1 & 1)
		return true;
	backend->broken = "does not know virtio 1.0";
	return false;
}

static bool greet(struct vhost_device *vhost)
{
	struct vhost_backend *backend = vhost->backend;
	const struct vhost_operations *operations = backend->operations;
	const char *way_out = vhost->options.way_out;

	if (operations->greet(backend, START_MS) && is_modern(backend)) {
		operations->share_memory(backend, machine_memory(vhost->device.machine));
		if (operations->settle(backend, START_MS) && get_config(vhost))
			return true;
	}
	error("%s: %s %s%s%s%s", vhost->device.name, vhost->options.who, backend->broken,
	      backend->broken_error ? ": " : "", error_text(backend), way_out ? way_out : "");
	return false;
}

static bool watch_backend(struct vhost_device *vhost)
{
	struct loop *loop = machine_loop(vhost->device.machine);
	int result;

	vhost->watch = (struct loop_watch){.fd = vhost->backend->fd,
					   .events = POLLIN,
					   .ready = backend_ready,
					   .opaque = vhost};
	vhost->patience = (struct loop_timer){.expired = out_of_patience, .opaque = vhost};
	vhost->drain = (struct loop_timer){.expired = look_at_drain, .opaque = vhost};
	result = loop_watch_add(loop, &vhost->watch);
	if (result < 0)
		error("%s: its back-end cannot be watched: %s", vhost->device.name,
		      strerror(-result));
	return result == 0;
}

static bool set_up(struct vhost_device *vhost)
{
	const struct vhost_type *type = vhost->options.type;
	struct virtio_device *device = &vhost->device;

	if (!greet(vhost))
		return false;
	net_control_init(&vhost->control, device, vhost->options.pairs, set_pairs);
	type->configure(vhost);
	/* The control queue is served here. */
	vhost->rings = device->queue_count - type->idle_queues - (vhost->control.most > 1);
	device->withheld = (1ull << VIRTIO_F_RING_INDIRECT_DESC | 1ull << VIRTIO_F_RING_EVENT_IDX) &
			   ~vhost->backend->features;
	if (!vhost_rings_make_events(vhost) || !watch_backend(vhost))
		return false;
	device->doorbell_fds = vhost->kicks;
	vhost->outsider = (struct machine_outsider){.stop = outsider_stop,
						    .go_on = outsider_go_on,
						    .busy = &vhost->busy,
						    .opaque = vhost};
	machine_outsider_add(device->machine, &vhost->outsider);
	return true;
}

static void init(struct vhost_device *vhost, struct machine *machine, const char *name,
		 const struct vhost_options *options)
{
	const struct vhost_type *type = options->type;

	vhost->options = *options;
	vhost->backend = options->backend;
	vhost->own_features = type->own_features | options->features;
	vhost->class = common;
	vhost->class.name = type->name;
	vhost->class.device_id = type->device_id;
	vhost->class.pci_class = type->pci_class;
	vhost->device.class = &vhost->class;
	vhost->device.machine = machine;
	vhost->device.queue_size = type->queue_size;
	vhost->device.state = vhost;
	strncpy(vhost->device.name, name, sizeof(vhost->device.name) - 1);
}

struct virtio_device *vhost_device_new(struct machine *machine, const char *name,
				       const struct vhost_options *options)
{
	struct vhost_device *vhost = calloc(1, sizeof(*vhost));

	if (vhost) {
		init(vhost, machine, name, options);
		if (set_up(vhost))
			return &vhost->device;
		vhost_rings_free_events(vhost);
		free(vhost);
	} else {
		error("%s: no memory", name);
	}
	free_backend(options->backend);
	return NULL;
}
