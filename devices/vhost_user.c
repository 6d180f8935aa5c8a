/* SPDX-License-Identifier: Apache-2.0 */
/* A back-end that is another process, at the other end of a link: what it is told, as messages. */
#include <stddef.h>
#include <string.h>

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

static bool get_config(struct vhost_backend *backend, void *to, uint32_t len, int timeout_ms)
{
	struct vhost_link *link = link_of(backend);
	struct vhost_config asked = {.size = len}, config = {.size = 0};
	const uint32_t size = (uint32_t)offsetof(struct vhost_config, bytes) + len;

	if (!vhost_link_has(link, VHOST_PROTOCOL_F_CONFIG)) {
		vhost_link_break(link, "does not give its configuration");
		return false;
	}
	vhost_link_ask(link, VHOST_GET_CONFIG, &asked, size, &config, size);
	if (!vhost_link_settle(link, timeout_ms))
		return false;
	memcpy(to, config.bytes, len);
	return true;
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

static void out_of_patience(struct vhost_backend *backend)
{
	vhost_link_break(link_of(backend), "does not answer");
}

static const struct vhost_operations operations = {
	.greet = greet,
	.share_memory = share_memory,
	.get_config = get_config,
	.set_features = set_features,
	.start_ring = start_ring,
	.stop_ring = stop_ring,
	.read = read_link,
	.settle = settle,
	.out_of_patience = out_of_patience,
};

struct virtio_device *virtio_vhost_user_new(struct machine *machine, const char *name,
					    const struct vhost_user_options *options)
{
	const struct vhost_options device = {
		.type = vhost_user_type_find(options->type),
		.tag = options->tag,
		.mac = options->mac,
		.mtu = options->mtu,
		.who = options->who,
		.backend = &options->link->backend,
	};

	options->link->backend.operations = &operations;
	return vhost_device_new(machine, name, &device);
}
