/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_return.h"

#include <string.h>

#define CORE_FEATURES                                                                              \
	(1ull << VIRTIO_F_RING_INDIRECT_DESC | 1ull << VIRTIO_F_RING_EVENT_IDX |                   \
	 1ull << VIRTIO_F_VERSION_1)

bool vhost_return_connect(struct vhost_device *vhost)
{
	const struct vhost_operations *operations = vhost->backend->operations;

	if (!operations->connect(vhost->backend))
		return false;
	vhost->absence = VHOST_GREETED;
	operations->greet_on(vhost->backend);
	return true;
}

struct vhost_offer vhost_return_offer(const struct vhost_device *vhost)
{
	struct vhost_backend *backend = vhost->backend;
	struct vhost_offer offer = {
		.known = true, .features = backend->features, .ring_count = backend->ring_count};
	const uint32_t len = vhost->options.type->backend_config;

	if (len)
		backend->operations->take_config(backend, offer.config, len);
	return offer;
}

/* Only what the guest was offered matters. NULL, or what is missing. */
static const char *ability_missing(const struct vhost_device *vhost)
{
	const uint64_t told =
		vhost->offer.features & (vhost->options.type->features | CORE_FEATURES);

	if (told & ~vhost->backend->features)
		return "has come back without features that the guest was offered";
	return vhost->offer.ring_count && vhost->backend->ring_count < vhost->rings
		       ? "has come back with fewer queues"
		       : NULL;
}

static void ask_configuration(struct vhost_device *vhost)
{
	const struct vhost_operations *operations = vhost->backend->operations;
	const char *why = ability_missing(vhost);

	if (why) {
		operations->leave(vhost->backend, why);
		return;
	}
	vhost->absence = VHOST_CONFIGURED;
	operations->share_memory(vhost->backend, machine_memory(vhost->device.machine));
	if (vhost->options.type->backend_config)
		operations->ask_config(vhost->backend, vhost->options.type->backend_config);
}

static void compare_configuration(struct vhost_device *vhost)
{
	const struct vhost_offer now = vhost_return_offer(vhost);

	if (!memcmp(now.config, vhost->offer.config, sizeof(now.config)))
		vhost->absence = VHOST_THERE;
	else
		vhost->backend->operations->leave(vhost->backend,
						  "has come back with another configuration");
}

static void step(struct vhost_device *vhost)
{
	if (vhost->absence == VHOST_CONFIGURED)
		compare_configuration(vhost);
	else if (!vhost->backend->operations->greet_on(vhost->backend))
		ask_configuration(vhost);
}

void vhost_return_go_on(struct vhost_device *vhost)
{
	while (vhost->absence >= VHOST_GREETED && !vhost->backend->broken &&
	       !vhost->backend->pending)
		step(vhost);
}
