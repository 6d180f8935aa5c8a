/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio device whose work another process does, by the vhost-user protocol. The queues are that
 * process's: kicks go to it by eventfd (from KVM's ioeventfd where there is one), its calls come
 * back by eventfd. Nothing here waits for it under the machine's lock, but before the guest starts.
 */
#include "devices/vhost_user.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define START_MS  20000 /* for an answer before the guest starts: a process may be starting too */
#define ANSWER_MS 8000	/* and later */
#define DRAIN_NS  1000000u /* between looks at rings: nothing else tells when the last is done */

/* ---- the link ---- */

/* One line for the user, a device that needs a reset for the guest; the VM goes on. */
static void look_at_link(struct vhost_user *user)
{
	struct loop *loop = machine_loop(user->device.machine);

	if (!user->link->pending)
		loop_timer_set(loop, &user->patience, 0);
	if (user->link->broken)
		user->drain_deadline = 0;
	if (user->link->broken && !user->announced) {
		user->announced = true;
		user->running = false;
		loop_watch_remove(loop, &user->socket);
		warning("%s: %s %s: the device does not work until the guest is rebooted",
			user->device.name, user->options.who, user->link->broken);
		virtio_needs_reset(&user->device);
	}
	user->busy = user->link->pending + (user->drain_deadline != 0);
	if (!user->busy)
		machine_idle(user->device.machine);
}

static void socket_ready(struct loop_watch *watch, short revents)
{
	struct vhost_user *user = watch->opaque;

	(void)revents;
	vhost_link_read(user->link);
	look_at_link(user);
}

static void out_of_patience(struct loop_timer *timer)
{
	struct vhost_user *user = timer->opaque;

	vhost_link_break(user->link, "does not answer");
	look_at_link(user);
}

/* After requests: their answers are awaited for so long. */
static void await_answers(struct vhost_user *user)
{
	if (!user->announced && user->link->pending)
		loop_timer_set(machine_loop(user->device.machine), &user->patience,
			       ANSWER_MS * (NS_PER_S / 1000));
	look_at_link(user);
}

/* ---- the end of what is under way ---- */

static void stop_now(struct vhost_user *user)
{
	user->drain_deadline = 0;
	vhost_rings_stop(user);
	await_answers(user);
}

static void look_at_drain(struct loop_timer *timer)
{
	struct vhost_user *user = timer->opaque;

	if (!user->drain_deadline)
		return; /* the link is broken */
	if (vhost_rings_are_drained(user) || clock_now() >= user->drain_deadline)
		stop_now(user);
	else
		loop_timer_set(machine_loop(user->device.machine), timer, DRAIN_NS);
}

/* BUSY is 0 when the rings have stopped. */
static void stop(struct vhost_user *user)
{
	if (!user->type->drains || vhost_rings_are_drained(user)) {
		stop_now(user);
		return;
	}
	user->drain_deadline = clock_now() + ANSWER_MS * (NS_PER_S / 1000);
	loop_timer_set(machine_loop(user->device.machine), &user->drain, DRAIN_NS);
	look_at_link(user);
}

/* ---- a paused machine ---- */

static void outsider_stop(struct machine_outsider *outsider)
{
	struct vhost_user *user = outsider->opaque;

	if (user->running)
		stop(user);
}

static void outsider_go_on(struct machine_outsider *outsider)
{
	struct vhost_user *user = outsider->opaque;

	/* The machine ends, and nobody has waited. */
	if (user->drain_deadline || !virtio_is_running(&user->device))
		return;
	vhost_rings_start(user);
	await_answers(user);
}

/* ---- the class ---- */

static uint64_t features(struct virtio_device *device)
{
	const struct vhost_user *user = device->state;

	return (user->link->features & user->type->features) | user->type->own_features;
}

static void config_read(struct virtio_device *device, uint64_t offset, void *to, unsigned size)
{
	const struct vhost_user *user = device->state;

	memset(to, 0, size);
	if (offset < sizeof(user->config))
		memcpy(to, user->config + offset,
		       size < sizeof(user->config) - offset ? size : sizeof(user->config) - offset);
}

static void send_features(struct vhost_user *user, uint64_t bits)
{
	bits |= 1ull << VHOST_USER_F_PROTOCOL_FEATURES;
	bits &= user->link->features;
	vhost_link_send(user->link, VHOST_SET_FEATURES, &bits, sizeof(bits), -1);
}

static void started(struct virtio_device *device)
{
	struct vhost_user *user = device->state;

	if (user->link->broken) {
		virtio_needs_reset(device);
		return;
	}
	send_features(user, device->driver_features);
	for (unsigned int i = 0; i < device->queue_count; i++)
		user->positions[i] = (struct vhost_ring_state){.index = i};
	vhost_rings_start(user);
	await_answers(user);
}

static void reset(struct virtio_device *device)
{
	struct vhost_user *user = device->state;

	if (!user->running)
		return;
	stop(user);
	machine_wait_answers(device->machine, &user->busy);
}

static void call_ready(struct loop_watch *watch, short revents)
{
	struct vhost_user *user = watch->opaque;
	uint64_t count;

	(void)revents;
	if (read(watch->fd, &count, sizeof(count)) == sizeof(count) &&
	    virtio_is_running(&user->device))
		user->device.transport->interrupt(&user->device,
						  (unsigned int)(watch - user->calls));
}

static void free_events(struct vhost_user *user)
{
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++) {
		if (user->kicks[i] > 0)
			close(user->kicks[i]);
		if (user->calls[i].fd <= 0)
			continue;
		loop_watch_remove(machine_loop(user->device.machine), &user->calls[i]);
		close(user->calls[i].fd);
	}
}

/* The machine has ended, or starts anew: nobody else runs, and this may wait. The answers that are
 * awaited go into USER. */
static void free_user(struct virtio_device *device)
{
	struct vhost_user *user = device->state;
	struct loop *loop = machine_loop(device->machine);

	machine_outsider_remove(device->machine, &user->outsider);
	loop_timer_set(loop, &user->patience, 0);
	loop_timer_set(loop, &user->drain, 0);
	if (!user->announced)
		loop_watch_remove(loop, &user->socket);
	if (user->running)
		vhost_rings_stop(user);
	vhost_link_settle(user->link, ANSWER_MS);
	free_events(user);
	free(user);
}

static const struct virtio_class common = {
	.features = features,
	.config_read = config_read,
	.started = started,
	.kick = vhost_ring_kick,
	.reset = reset,
	.free = free_user,
};

/* ---- construction ---- */

static bool make_event(struct vhost_user *user, unsigned int queue)
{
	struct loop_watch *call = &user->calls[queue];

	user->kicks[queue] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*call = (struct loop_watch){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
				    .events = POLLIN,
				    .ready = call_ready,
				    .opaque = user};
	if (user->kicks[queue] >= 0 && call->fd >= 0 &&
	    loop_watch_add(machine_loop(user->device.machine), call) == 0)
		return true;
	if (call->fd >= 0)
		close(call->fd);
	call->fd = 0;
	error("%s: no eventfd for its queues: %s", user->device.name, strerror(errno));
	return false;
}

static bool make_events(struct vhost_user *user)
{
	for (unsigned int i = 0; i < user->device.queue_count; i++)
		if (!make_event(user, i))
			return false;
	return true;
}

/* All of the guest's memory, in one region. */
static void share_memory(struct vhost_user *user)
{
	const struct guest_memory *memory = machine_memory(user->device.machine);
	const struct vhost_memory table = {
		.regions = 1,
		.gpa = memory->base,
		.size = memory->size,
		.address = (uint64_t)(uintptr_t)memory->host,
	};

	/* Some answer requests only after that. */
	send_features(user, 1ull << VIRTIO_F_VERSION_1);
	vhost_link_send(user->link, VHOST_SET_MEM_TABLE, &table, sizeof(table), memory->shared_fd);
}

static bool get_config(struct vhost_user *user)
{
	const uint32_t len = user->type->backend_config;
	struct vhost_config asked = {.size = len}, config = {.size = 0};
	const uint32_t size = (uint32_t)offsetof(struct vhost_config, bytes) + len;

	if (!len)
		return true;
	if (!vhost_link_has(user->link, VHOST_PROTOCOL_F_CONFIG)) {
		vhost_link_break(user->link, "does not give its configuration");
		return false;
	}
	vhost_link_ask(user->link, VHOST_GET_CONFIG, &asked, size, &config, size);
	if (!vhost_link_settle(user->link, START_MS))
		return false;
	memcpy(user->config, config.bytes, len);
	return true;
}

static bool greet(struct vhost_user *user)
{
	struct vhost_link *link = user->link;

	if (vhost_link_greet(link, START_MS) && !(link->features >> VIRTIO_F_VERSION_1 & 1))
		vhost_link_break(link, "does not know virtio 1.0");
	if (!link->broken) {
		share_memory(user);
		if (vhost_link_settle(link, START_MS) && get_config(user))
			return true;
	}
	error("%s: %s %s", user->device.name, user->options.who, link->broken);
	return false;
}

static bool watch_link(struct vhost_user *user)
{
	struct loop *loop = machine_loop(user->device.machine);
	int result;

	user->socket = (struct loop_watch){
		.fd = user->link->fd, .events = POLLIN, .ready = socket_ready, .opaque = user};
	user->patience = (struct loop_timer){.expired = out_of_patience, .opaque = user};
	user->drain = (struct loop_timer){.expired = look_at_drain, .opaque = user};
	result = loop_watch_add(loop, &user->socket);
	if (result < 0)
		error("%s: its socket cannot be watched: %s", user->device.name, strerror(-result));
	return result == 0;
}

static bool set_up(struct vhost_user *user)
{
	struct virtio_device *device = &user->device;

	if (!greet(user) || !user->type->configure(user))
		return false;
	device->withheld = (1ull << VIRTIO_F_RING_INDIRECT_DESC | 1ull << VIRTIO_F_RING_EVENT_IDX) &
			   ~user->link->features;
	if (!make_events(user) || !watch_link(user))
		return false;
	device->doorbell_fds = user->kicks;
	user->outsider = (struct machine_outsider){.stop = outsider_stop,
						   .go_on = outsider_go_on,
						   .busy = &user->busy,
						   .opaque = user};
	machine_outsider_add(device->machine, &user->outsider);
	return true;
}

struct virtio_device *virtio_vhost_user_new(struct machine *machine, const char *name,
					    const struct vhost_user_options *options)
{
	struct vhost_user *user = calloc(1, sizeof(*user));

	if (!user) {
		error("%s: no memory", name);
		return NULL;
	}
	user->type = vhost_user_type_find(options->type);
	user->options = *options;
	user->link = options->link;
	user->class = common;
	user->class.name = user->type->name;
	user->class.device_id = user->type->device_id;
	user->class.pci_class = user->type->pci_class;
	user->device.class = &user->class;
	user->device.machine = machine;
	user->device.queue_size = user->type->queue_size;
	user->device.state = user;
	strncpy(user->device.name, name, sizeof(user->device.name) - 1);
	if (set_up(user))
		return &user->device;
	free_events(user);
	free(user);
	return NULL;
}
