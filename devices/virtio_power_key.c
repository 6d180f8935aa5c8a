/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A power key: an input device (virtio 1.x, section 5.8) with this one key. A guest takes it for
 * the power button of its case; what it does then is the guest's.
 */
#include <endian.h>
#include <linux/input.h>
#include <linux/virtio_input.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices.h"

#define TURN_CHAINS 64u
#define KEY_BYTE    (KEY_POWER / 8u)

enum { EVENT_QUEUE, STATUS_QUEUE };

struct power_key {
	struct virtio_device device;
	struct loop_task more;
	uint8_t select, subselect; /* which part of its description the driver reads */
};

/* ---- what it says of itself, section 5.8.4 ---- */

static const struct {
	uint8_t select, subselect, size;
	uint8_t bytes[16];
} descriptions[] = {
	{VIRTIO_INPUT_CFG_ID_NAME, 0, 15, "vhart power key"},
	{VIRTIO_INPUT_CFG_ID_DEVIDS, 0, sizeof(struct virtio_input_devids), {BUS_VIRTUAL}},
	/* A bit for each key. */
	{VIRTIO_INPUT_CFG_EV_BITS, EV_KEY, KEY_BYTE + 1, {[KEY_BYTE] = 1u << KEY_POWER % 8}},
};

static void describe(const struct power_key *key, struct virtio_input_config *config)
{
	memset(config, 0, sizeof(*config));
	config->select = key->select;
	config->subsel = key->subselect;
	for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++) {
		if (descriptions[i].select != key->select ||
		    descriptions[i].subselect != key->subselect)
			continue;
		config->size = descriptions[i].size;
		memcpy(config->u.bitmap, descriptions[i].bytes, sizeof(descriptions[i].bytes));
	}
}

static void key_config_read(struct virtio_device *device, uint64_t offset, void *to, unsigned size)
{
	struct virtio_input_config config;

	memset(to, 0, size);
	describe(device->state, &config);
	if (offset < sizeof(config))
		memcpy(to, (const uint8_t *)&config + offset,
		       size < sizeof(config) - offset ? size : sizeof(config) - offset);
}

static void key_config_write(struct virtio_device *device, uint64_t offset, const void *from,
			     unsigned size)
{
	struct power_key *key = device->state;
	const uint8_t *bytes = from;

	for (unsigned int i = 0; i < size && offset + i < 2; i++)
		*(offset + i == 0 ? &key->select : &key->subselect) = bytes[i];
}

/* ---- its queues ---- */

/* A driver that switches lights on and off: there are none. */
static void take_status(struct power_key *key)
{
	struct virtqueue_chain chain;
	unsigned int chains = 0;

	while (chains < TURN_CHAINS && virtio_pop(&key->device, STATUS_QUEUE, &chain)) {
		virtio_push(&key->device, STATUS_QUEUE, chain.head, 0);
		chains++;
	}
	if (chains == TURN_CHAINS)
		loop_post(machine_loop(key->device.machine), &key->more);
	virtio_notify(&key->device, STATUS_QUEUE);
}

static void more_task(struct loop_task *task)
{
	take_status(task->opaque);
}

/* Buffers for events wait until there is one. */
static void key_kick(struct virtio_device *device, unsigned int queue)
{
	if (queue == STATUS_QUEUE)
		take_status(device->state);
}

/* The key goes down and up; a SYN_REPORT ends each. */
static const struct {
	uint16_t type, code;
	uint32_t value;
} events[] = {
	{EV_KEY, KEY_POWER, 1},
	{EV_SYN, SYN_REPORT, 0},
	{EV_KEY, KEY_POWER, 0},
	{EV_SYN, SYN_REPORT, 0},
};

#define EVENTS (sizeof(events) / sizeof(events[0]))

/* Writes event NUMBER into the next buffer that the driver has for it. */
static bool give(struct power_key *key, unsigned int number, struct virtqueue_used *used)
{
	const struct virtio_input_event event = {.type = htole16(events[number].type),
						 .code = htole16(events[number].code),
						 .value = htole32(events[number].value)};
	struct virtqueue_chain chain;

	if (!virtio_pop(&key->device, EVENT_QUEUE, &chain))
		return false;
	if (virtqueue_write(&chain, 0, &event, sizeof(event)) < sizeof(event)) {
		virtio_broken(&key->device, "a buffer is too small for an event");
		return false;
	}
	*used = (struct virtqueue_used){.head = chain.head, .len = sizeof(event)};
	return true;
}

const char *power_key_press(struct virtio_device *device)
{
	struct virtqueue_used used[EVENTS];
	unsigned int given = 0;

	if (!virtio_is_running(device))
		return "no driver of the guest takes it: the guest is not that far, or has none "
		       "(virtio_input)";
	while (given < EVENTS && give(device->state, given, &used[given]))
		given++;
	if (given < EVENTS) {
		virtqueue_unpop(&device->queues[EVENT_QUEUE], given);
		return "the guest's driver has no room for it: it hangs, or has not taken the last "
		       "one yet";
	}
	virtio_push_all(device, EVENT_QUEUE, used, EVENTS);
	virtio_notify(device, EVENT_QUEUE);
	return NULL;
}

/* ---- the class ---- */

static uint64_t key_features(struct virtio_device *device)
{
	(void)device;
	return 0;
}

static void key_reset(struct virtio_device *device)
{
	struct power_key *key = device->state;

	key->select = VIRTIO_INPUT_CFG_UNSET;
	key->subselect = 0;
}

static void key_free(struct virtio_device *device)
{
	free(device->state);
}

static const struct virtio_class key_class = {
	.name = "power-key",
	.device_id = 18,
	.pci_class = 0x098000, /* input device, other */
	.features = key_features,
	.config_read = key_config_read,
	.config_write = key_config_write,
	.kick = key_kick,
	.reset = key_reset,
	.free = key_free,
};

struct virtio_device *virtio_power_key_new(struct machine *machine, const char *name)
{
	struct power_key *key = calloc(1, sizeof(*key));

	if (!key) {
		error("no memory for the power key");
		return NULL;
	}
	key->more = (struct loop_task){.run = more_task, .opaque = key};
	key->device.class = &key_class;
	key->device.machine = machine;
	key->device.queue_count = 2;
	key->device.state = key;
	strncpy(key->device.name, name, sizeof(key->device.name) - 1);
	return &key->device;
}
