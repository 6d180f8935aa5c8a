/* SPDX-License-Identifier: Apache-2.0 */
/* A back-end that is another process, at the other end of a link: what it is told, as messages. */
#include <stddef.h>
#include <string.h>

#include "base/socket_path.h"
#include "devices/vhost_device.h"
#include "devices/vhost_link.h"

static struct vhost_link *link_of(struct vhost_backend *backend)
{
	return (struct vhost_link *)((uint8_t *)backend - offsetof(struct vhost_link, backend));
}

static bool greet(struct vhost_backend *backend, int timeout_ms)
{
	return vhost_link_greet(link_of(backend), timeout_ms);
}

static void set_features(struct vhost_backend *backend, uint64_t features)
{
	features |= 1ull << VHOST_USER_F_PROTOCOL_FEATURES;
	features &= backend->features;
	vhost_link_send(link_of(backend), VHOST_SET_FEATURES, &features, sizeof(features), -1);
}

/* All of it, in one region. */
static void share_memory(struct vhost_backend *backend, const struct guest_memory *memory)
{
	const struct vhost_memory table = {
		.regions = 1,
		.gpa = memory->base,
		.size = memory->size,
		.address = (uint64_t)(uintptr_t)memory->host,
	};

	/* Some answer requests only after that. */
	set_features(backend, 1ull << VIRTIO_F_VERSION_1);
	vhost_link_send(link_of(backend), VHOST_SET_MEM_TABLE, &table, sizeof(table),
			memory->shared_fd);
}

static void ask_config(struct vhost_backend *backend, uint32_t len)
{
	struct vhost_link *link = link_of(backend);
	const struct vhost_config asked = {.size = len};
	const uint32_t size = (uint32_t)offsetof(struct vhost_config, bytes) + len;

	if (vhost_link_has(link, VHOST_PROTOCOL_F_CONFIG))
		vhost_link_ask(link, VHOST_GET_CONFIG, &asked, size, &link->config, size);
	else
		vhost_link_break(link, "does not give its configuration");
}

static void take_config(struct vhost_backend *backend, void *to, uint32_t len)
{
	memcpy(to, link_of(backend)->config.bytes, len);
}

static void start_ring(struct vhost_backend *backend, const struct vhost_ring *ring,
		       const struct vhost_ring_state *from)
{
	const struct vhost_ring_state size = {ring->index, ring->size}, on = {ring->index, 1};
	const struct vhost_ring_addresses addresses = {
		.index = ring->index,
		.desc = ring->desc,
		.avail = ring->avail,
		.used = ring->used,
	};
	const uint64_t number = ring->index;
	struct vhost_link *link = link_of(backend);

	vhost_link_send(link, VHOST_SET_VRING_NUM, &size, sizeof(size), -1);
	vhost_link_send(link, VHOST_SET_VRING_BASE, from, sizeof(*from), -1);
	vhost_link_send(link, VHOST_SET_VRING_ADDR, &addresses, sizeof(addresses), -1);
	/* With its kick the ring starts, and may call. */
	vhost_link_send(link, VHOST_SET_VRING_CALL, &number, sizeof(number), ring->call);
	vhost_link_send(link, VHOST_SET_VRING_KICK, &number, sizeof(number), ring->kick);
	if (backend->features >> VHOST_USER_F_PROTOCOL_FEATURES & 1)
		vhost_link_send(link, VHOST_SET_VRING_ENABLE, &on, sizeof(on), -1);
}

/* GET_VRING_BASE stops a ring; when all are, the back-end touches guest memory no more. */
static void stop_ring(struct vhost_backend *backend, struct vhost_ring_state *position)
{
	position->num = 0;
	vhost_link_ask(link_of(backend), VHOST_GET_VRING_BASE, position, sizeof(*position),
		       position, sizeof(*position));
}

static void read_link(struct vhost_backend *backend)
{
	vhost_link_read(link_of(backend));
}

static bool settle(struct vhost_backend *backend, int timeout_ms)
{
	return vhost_link_settle(link_of(backend), timeout_ms);
}

static void leave(struct vhost_backend *backend, const char *why)
{
	vhost_link_break(link_of(backend), why);
}

/* ---- one that comes back ---- */

/* The path is of a socket that was there when the guest started. */
static bool connect_again(struct vhost_backend *backend)
{
	struct vhost_link *link = link_of(backend);
	const int fd = link->path ? socket_path_connect_at_once(link->path) : -1;

	if (fd < 0)
		return false;
	vhost_link_renew(link, fd);
	return true;
}

static bool greet_on(struct vhost_backend *backend)
{
	return vhost_link_greet_on(link_of(backend));
}

static bool ask_inflight(struct vhost_backend *backend, uint16_t rings, uint16_t queue_size)
{
	struct vhost_link *link = link_of(backend);
	const struct vhost_inflight asked = {.rings = rings, .queue_size = queue_size};

	if (link->inflight_file || !vhost_link_has(link, VHOST_PROTOCOL_F_INFLIGHT_SHMFD))
		return false;
	link->inflight = asked;
	vhost_link_ask(link, VHOST_GET_INFLIGHT_FD, &asked, sizeof(asked), &link->inflight,
		       sizeof(link->inflight));
	return true;
}

static void give_inflight(struct vhost_backend *backend, const struct vhost_ring_state *sizes,
			  unsigned int count)
{
	struct vhost_link *link = link_of(backend);

	if (!link->inflight_file)
		return;
	/* Some (DPDK) join that memory to those rings alone of which they have heard before. */
	for (unsigned int i = 0; i < count; i++)
		vhost_link_send(link, VHOST_SET_VRING_NUM, &sizes[i], sizeof(sizes[i]), -1);
	vhost_link_send(link, VHOST_SET_INFLIGHT_FD, &link->inflight, sizeof(link->inflight),
			link->inflight_file);
}

static void drop_inflight(struct vhost_backend *backend)
{
	vhost_link_drop_inflight(link_of(backend));
}

static const struct vhost_operations operations = {
	.greet = greet,
	.share_memory = share_memory,
	.ask_config = ask_config,
	.take_config = take_config,
	.set_features = set_features,
	.start_ring = start_ring,
	.stop_ring = stop_ring,
	.read = read_link,
	.settle = settle,
	.leave = leave,
	.connect = connect_again,
	.greet_on = greet_on,
	.ask_inflight = ask_inflight,
	.give_inflight = give_inflight,
	.drop_inflight = drop_inflight,
};

struct virtio_device *virtio_vhost_user_new(struct machine *machine, const char *name,
					    const struct vhost_user_options *options)
{
	const struct vhost_type *type = vhost_user_type_find(options->type);
	struct vhost_link *link = options->link;
	const struct vhost_options device = {
		.type = type,
		.tag = options->tag,
		.mac = options->mac,
		.mtu = options->mtu,
		.who = options->who,
		.backend = &link->backend,
	};

	link->path = type->returns ? options->path : NULL;
	link->backend.returns = link->path;
	link->backend.operations = &operations;
	return vhost_device_new(machine, name, &device);
}
