/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio device whose work a back-end outside of this process does. The queues are its own: kicks
 * go to it by eventfd (from KVM's ioeventfd where there is one), its calls come back by eventfd, or
 * go to KVM by one. Once the guest runs, nothing here waits for another process under the machine's
 * lock; what the kernel is asked it does at once.
 */
#include "devices/vhost_device.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/vhost_pairs.h"
#include "devices/vhost_return.h"
#include "devices/vhost_rings.h"
#include "devices/vhost_work.h"

#define START_MS  20000 /* for an answer before the guest starts: a process may be starting too */
#define ANSWER_MS 8000	/* and at its end */

/* An interrupt of the guest was masked, or the like. */
static void interrupts_moved(struct virtio_device *device)
{
	struct vhost_device *vhost = device->state;

	vhost_rings_move_calls(vhost);
	vhost_work_look(vhost);
}

static void kick(struct virtio_device *device, unsigned int queue)
{
	vhost_rings_kick(device->state, queue);
}

static bool set_pairs(struct virtio_device *device, unsigned int pairs)
{
	struct vhost_device *vhost = device->state;
	const bool done = vhost_pairs_set(vhost, pairs);

	vhost_work_look(vhost);
	return done;
}

/* ---- a paused machine ---- */

static void outsider_stop(struct machine_outsider *outsider)
{
	struct vhost_device *vhost = outsider->opaque;

	vhost_work_hold(vhost);
	vhost_work_stop(vhost);
}

static bool is_there(const struct vhost_device *vhost)
{
	return !vhost->backend->broken && vhost->absence == VHOST_THERE;
}

static void outsider_go_on(struct machine_outsider *outsider)
{
	struct vhost_device *vhost = outsider->opaque;

	vhost->held = false;
	/* The machine ends, and nobody has waited. */
	if (vhost->drain_deadline || !virtio_is_running(&vhost->device) || !is_there(vhost))
		return;
	vhost_work_begin(vhost);
}

/* ---- the class ---- */

static uint64_t features(struct virtio_device *device)
{
	const struct vhost_device *vhost = device->state;

	return (vhost->offer.features & vhost->options.type->features) | vhost->own_features;
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

	if (vhost->announced) {
		virtio_needs_reset(device);
		return;
	}
	for (unsigned int i = 0; i < device->queue_count; i++)
		vhost->positions[i] = (struct vhost_ring_state){.index = i};
	if (!vhost_pairs_start(vhost)) {
		virtio_needs_reset(device);
		return;
	}
	vhost->orphaned = 0;
	if (vhost->backend->operations->drop_inflight)
		vhost->backend->operations->drop_inflight(vhost->backend);
	if (!is_there(vhost))
		return; /* it finds the rings when it is back */
	vhost->backend->operations->set_features(vhost->backend, device->driver_features);
	vhost_work_begin(vhost);
}

static void reset(struct virtio_device *device)
{
	struct vhost_device *vhost = device->state;

	vhost_work_stop(vhost);
	/* Also those of a reset by another hart. */
	if (!machine_wait_answers(device->machine, &vhost->busy))
		return;
	vhost_pairs_stop(vhost);
	/* What it found wrong is no fault of the next driver's. */
	if (!vhost->announced)
		vhost->backend->operations->read(vhost->backend);
	vhost->backend->bad_rings = NULL;
	vhost_work_look(vhost);
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
	const struct vhost_operations *operations = vhost->backend->operations;

	machine_outsider_remove(device->machine, &vhost->outsider);
	vhost_work_unwatch(vhost);
	if (vhost->running)
		vhost_rings_stop(vhost);
	operations->settle(vhost->backend, ANSWER_MS);
	vhost_pairs_stop(vhost);
	if (operations->drop_inflight)
		operations->drop_inflight(vhost->backend);
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
	const struct vhost_operations *operations = vhost->backend->operations;
	const uint32_t len = vhost->options.type->backend_config;

	if (len)
		operations->ask_config(vhost->backend, len);
	return operations->settle(vhost->backend, START_MS);
}

static bool is_modern(struct vhost_backend *backend)
{
	if (backend->features >> VIRTIO_F_VERSION_1 & 1)
		return true;
	backend->broken = "does not know virtio 1.0";
	return false;
}

static bool is_awaited(const struct vhost_backend *backend)
{
	return backend->broken && backend->gone && backend->returns && backend->offer.known;
}

/* One that went before the guest's reboot is not there yet: then it is to be who it was. */
static bool greet(struct vhost_device *vhost)
{
	struct vhost_backend *backend = vhost->backend;
	const struct vhost_operations *operations = backend->operations;
	const char *way_out = vhost->options.way_out;

	if (is_awaited(backend))
		return true;
	if (operations->greet(backend, START_MS) && is_modern(backend)) {
		operations->share_memory(backend, machine_memory(vhost->device.machine));
		if (operations->settle(backend, START_MS) && get_config(vhost)) {
			backend->offer = vhost_return_offer(vhost);
			return true;
		}
	}
	error("%s: %s %s%s%s%s", vhost->device.name, vhost->options.who, backend->broken,
	      backend->broken_error ? ": " : "", vhost_work_error(backend), way_out ? way_out : "");
	return false;
}

static bool watch_backend(struct vhost_device *vhost)
{
	const int result = vhost_work_watch(vhost);

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
	vhost->offer = vhost->backend->offer;
	memcpy(vhost->config, vhost->offer.config, sizeof(vhost->config));
	type->configure(vhost);
	/* The control queue is served here. */
	vhost->rings = device->queue_count - type->idle_queues - (vhost->control.most > 1);
	device->withheld = (1ull << VIRTIO_F_RING_INDIRECT_DESC | 1ull << VIRTIO_F_RING_EVENT_IDX) &
			   ~vhost->offer.features;
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
	vhost_work_init(vhost);
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
