/* SPDX-License-Identifier: Apache-2.0 */
/* The entropy device (virtio 1.x, section 5.4), fed by getrandom(). */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "devices/devices.h"

#define REQUEST_BYTES 4096u /* more is allowed to ask for, not to get */
#define TURN_CHAINS   64u

struct rng {
	struct virtio_device device;
	struct loop_task more;
};

static uint32_t fill(const struct virtqueue_chain *chain)
{
	uint8_t bytes[REQUEST_BYTES];
	uint64_t room = chain->writable_len < sizeof(bytes) ? chain->writable_len : sizeof(bytes);
	ssize_t got = getrandom(bytes, room, GRND_NONBLOCK);

	return got > 0 ? (uint32_t)virtqueue_write(chain, 0, bytes, (uint64_t)got) : 0;
}

static void serve(struct rng *rng)
{
	struct virtqueue_chain chain;
	unsigned int chains = 0;

	while (chains < TURN_CHAINS && virtio_pop(&rng->device, 0, &chain)) {
		virtio_push(&rng->device, 0, chain.head, fill(&chain));
		chains++;
	}
	if (chains == TURN_CHAINS)
		loop_post(machine_loop(rng->device.machine), &rng->more);
	virtio_notify(&rng->device, 0);
}

static void more_task(struct loop_task *task)
{
	serve(task->opaque);
}

static uint64_t rng_features(struct virtio_device *device)
{
	(void)device;
	return 0;
}

static void rng_config_read(struct virtio_device *device, uint64_t offset, void *to, unsigned size)
{
	(void)device;
	(void)offset;
	memset(to, 0, size);
}

static void rng_kick(struct virtio_device *device, unsigned int queue)
{
	(void)queue;
	serve(device->state);
}

static void rng_free(struct virtio_device *device)
{
	free(device->state);
}

static const struct virtio_class rng_class = {
	.name = "rng",
	.device_id = 4,
	.pci_class = 0x00ff00, /* unclassified */
	.features = rng_features,
	.config_read = rng_config_read,
	.kick = rng_kick,
	.free = rng_free,
};

struct virtio_device *virtio_rng_new(struct machine *machine, const char *name)
{
	struct rng *rng = calloc(1, sizeof(*rng));

	if (!rng) {
		error("no memory for the random number generator");
		return NULL;
	}
	rng->more = (struct loop_task){.run = more_task, .opaque = rng};
	rng->device.class = &rng_class;
	rng->device.machine = machine;
	rng->device.queue_count = 1;
	rng->device.state = rng;
	strncpy(rng->device.name, name, sizeof(rng->device.name) - 1);
	return &rng->device;
}
