/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console (virtio 1.x, section 5.3) with its one port: queue 0 receives, queue 1 transmits.
 *
 * A doorbell is served on the vCPU's thread: nothing here waits, and Linux's driver spins until its
 * buffer was taken. On a host with one CPU no other thread would run before its slice has ended.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices.h"

#define F_SIZE 0u /* VIRTIO_CONSOLE_F_SIZE */

/* Section 5.3.4: what belongs to F_SIZE. */
struct console_config {
	uint16_t columns, rows;
};

enum console_queue { QUEUE_RECEIVE = 0, QUEUE_TRANSMIT = 1, QUEUE_COUNT = 2 };

/* What one turn moves before others have theirs: a guest can print without end. */
#define TURN_CHAINS 256u
#define TURN_BYTES  (256u << 10)
#define PIECE	    (16u << 10)

struct virtio_console {
	struct virtio_device device;
	struct console_device port;
	struct loop_task transmit_more, receive_more;

	/* The chain that the console did not take as a whole. */
	bool pending;
	unsigned int segment;
	uint64_t offset; /* in the segment, bytes */
	struct virtqueue_chain chain;
};

static void post(struct virtio_console *console, struct loop_task *task)
{
	loop_post(machine_loop(console->device.machine), task);
}

/* ---- transmit ---- */

/* Writes what is left of the pending chain. False: the console is full, or BUDGET is used up. */
static bool transmit_chain(struct virtio_console *console, uint64_t *budget)
{
	const struct virtqueue_chain *chain = &console->chain;

	while (console->segment < chain->readable) {
		const struct iovec *segment = &chain->segments[console->segment];
		uint64_t left = segment->iov_len - console->offset;
		uint64_t len = left < PIECE ? left : PIECE;
		size_t taken;

		if (!left) {
			console->segment++;
			console->offset = 0;
			continue;
		}
		if (*budget < len) {
			post(console, &console->transmit_more);
			return false;
		}
		taken = machine_console_write(console->device.machine,
					      (const uint8_t *)segment->iov_base + console->offset,
					      len);
		*budget -= taken;
		console->offset += taken;
		if (taken < len)
			return false;
	}
	return true;
}

static void transmit(struct virtio_console *console)
{
	uint64_t budget = TURN_BYTES;
	unsigned int chains;

	for (chains = 0; chains < TURN_CHAINS; chains++) {
		if (!console->pending) {
			if (!virtio_pop(&console->device, QUEUE_TRANSMIT, &console->chain))
				break;
			console->pending = true;
			console->segment = 0;
			console->offset = 0;
		}
		if (!transmit_chain(console, &budget))
			break;
		console->pending = false;
		virtio_push(&console->device, QUEUE_TRANSMIT, console->chain.head, 0);
	}
	if (chains == TURN_CHAINS)
		post(console, &console->transmit_more);
	virtio_notify(&console->device, QUEUE_TRANSMIT);
}

static void transmit_task(struct loop_task *task)
{
	transmit(task->opaque);
}

static void console_room(struct console_device *port)
{
	transmit(port->opaque);
}

/* ---- receive ---- */

/* False: no input, or no buffer for it; then the input waits at the console. */
static bool receive_chain(struct virtio_console *console)
{
	struct virtio_device *device = &console->device;
	struct virtqueue_chain chain;
	uint8_t bytes[4096];
	uint64_t room;
	size_t len;

	if (!virtio_pop(device, QUEUE_RECEIVE, &chain))
		return false;
	room = chain.writable_len < sizeof(bytes) ? chain.writable_len : sizeof(bytes);
	len = room ? machine_console_read(device->machine, bytes, room) : 0;
	if (room && !len) {
		virtqueue_unpop(&device->queues[QUEUE_RECEIVE], 1);
		return false;
	}
	virtqueue_write(&chain, 0, bytes, len);
	virtio_push(device, QUEUE_RECEIVE, chain.head, (uint32_t)len);
	return true;
}

static void receive(struct virtio_console *console)
{
	unsigned int chains = 0;

	while (chains < TURN_CHAINS && receive_chain(console))
		chains++;
	if (chains == TURN_CHAINS)
		post(console, &console->receive_more);
	virtio_notify(&console->device, QUEUE_RECEIVE);
}

static void receive_task(struct loop_task *task)
{
	receive(task->opaque);
}

static void console_input(struct console_device *port)
{
	receive(port->opaque);
}

/* ---- the class ---- */

static uint64_t console_features(struct virtio_device *device)
{
	uint16_t columns, rows;

	return machine_console_size(device->machine, &columns, &rows) ? 1ull << F_SIZE : 0;
}

/* The rest belongs to features that are not offered. */
static void console_config_read(struct virtio_device *device, uint64_t offset, void *to,
				unsigned size)
{
	struct console_config config = {0};
	uint16_t columns, rows;

	if (machine_console_size(device->machine, &columns, &rows))
		config = (struct console_config){htole16(columns), htole16(rows)};
	memset(to, 0, size);
	if (offset < sizeof(config))
		memcpy(to, (const uint8_t *)&config + offset,
		       size < sizeof(config) - offset ? size : sizeof(config) - offset);
}

static void tell_size(struct virtio_device *device)
{
	if (virtio_has(device, F_SIZE))
		virtio_config_changed(device);
}

static void console_resized(struct console_device *port)
{
	struct virtio_console *console = port->opaque;

	tell_size(&console->device);
}

static void console_kick(struct virtio_device *device, unsigned int queue)
{
	struct virtio_console *console = device->state;

	if (queue == QUEUE_TRANSMIT)
		transmit(console);
	else
		receive(console);
}

static void console_reset(struct virtio_device *device)
{
	struct virtio_console *console = device->state;

	console->pending = false;
}

static void console_free(struct virtio_device *device)
{
	free(device->state);
}

static const struct virtio_class console_class = {
	.name = "console",
	.device_id = 3,
	.pci_class = 0x078000, /* simple communication controller, other */
	.features = console_features,
	.config_read = console_config_read,
	.started = tell_size, /* Linux looks at the size only when it changes */
	.kick = console_kick,
	.reset = console_reset,
	.free = console_free,
};

struct virtio_device *virtio_console_new(struct machine *machine, const char *name)
{
	struct virtio_console *console = calloc(1, sizeof(*console));

	if (!console) {
		error("no memory for the console");
		return NULL;
	}
	console->transmit_more = (struct loop_task){.run = transmit_task, .opaque = console};
	console->receive_more = (struct loop_task){.run = receive_task, .opaque = console};
	console->port = (struct console_device){.input = console_input,
						.room = console_room,
						.resized = console_resized,
						.opaque = console};
	console->device.class = &console_class;
	console->device.machine = machine;
	console->device.queue_count = QUEUE_COUNT;
	console->device.doorbell_exits = true;
	console->device.state = console;
	strncpy(console->device.name, name, sizeof(console->device.name) - 1);
	machine_console_attach(machine, &console->port);
	return &console->device;
}
