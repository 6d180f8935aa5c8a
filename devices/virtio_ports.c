/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console device with several ports: ports.h. Queues (virtio 1.x, section 5.3.2): 0 and 1 are
 * port 0's, 2 and 3 the control queues, and port N, 1 and up, has 2N + 2 and 2N + 3; the first of
 * each pair is the one that the guest receives by.
 */
#include "devices/ports.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices.h"

#define F_MULTIPORT 1u /* VIRTIO_CONSOLE_F_MULTIPORT */

enum { CONTROL_RECEIVE = 2, CONTROL_TRANSMIT = 3 };

/* Buffers of a queue. Linux fills each receive queue with a page for every one, at once. */
#define QUEUE_SIZE 64u

/* What one turn moves before others have theirs: a guest can write without end. */
#define TURN_CHAINS 64u
#define TURN_BYTES  (1u << 20)
#define PIECE	    (64u << 10)

/* Section 5.3.6.2: control messages. */
enum control_event {
	DEVICE_READY = 0,
	DEVICE_ADD = 1,
	PORT_READY = 3,
	PORT_OPEN = 6,
	PORT_NAME = 7,
};

struct control_message {
	uint32_t port;
	uint16_t event, value;
};

/* Section 5.3.4. */
struct console_config {
	uint16_t cols, rows;
	uint32_t max_nr_ports, emerg_wr;
};

struct ports;

struct port {
	struct ports *ports;
	unsigned int number;
	struct port_side side;
	bool closed; /* by the side */

	/* since the last reset of the device */
	unsigned int owed; /* events that the guest is to be told, a bit each */
	bool ready;	   /* the driver has heard of it */
	bool guest_open;
	bool pending; /* CHAIN was not taken as a whole: */
	unsigned int segment;
	uint64_t offset; /* in the segment, bytes */
	struct virtqueue_chain chain;
	struct loop_task transmit_more, receive_more;
};

struct ports {
	struct virtio_device device;
	unsigned int count;
	uint8_t bytes[PIECE]; /* on their way to the guest */
	struct port port[PORTS_MAX];
};

static unsigned int receive_queue(unsigned int port)
{
	return port ? 2 * port + 2 : 0;
}

static unsigned int transmit_queue(unsigned int port)
{
	return receive_queue(port) + 1;
}

static void post(struct port *port, struct loop_task *task)
{
	loop_post(machine_loop(port->ports->device.machine), task);
}

/* ---- from the guest ---- */

static size_t take(const struct port *port, const void *bytes, size_t len)
{
	if (port->closed || !port->side.take)
		return len;
	return port->side.take(port->side.opaque, bytes, len);
}

/* Hands over what is left of the pending chain. False: the side is full, or BUDGET is used up. */
static bool transmit_chain(struct port *port, uint64_t *budget)
{
	const struct virtqueue_chain *chain = &port->chain;

	while (port->segment < chain->readable) {
		const struct iovec *segment = &chain->segments[port->segment];
		uint64_t left = segment->iov_len - port->offset;
		uint64_t len = left < PIECE ? left : PIECE;
		size_t taken;

		if (!left) {
			port->segment++;
			port->offset = 0;
			continue;
		}
		if (*budget < len) {
			post(port, &port->transmit_more);
			return false;
		}
		taken = take(port, (const uint8_t *)segment->iov_base + port->offset, len);
		*budget -= taken;
		port->offset += taken;
		if (taken < len)
			return false;
	}
	return true;
}

static bool next_chain(struct port *port)
{
	if (port->pending)
		return true;
	port->pending =
		virtio_pop(&port->ports->device, transmit_queue(port->number), &port->chain);
	port->segment = 0;
	port->offset = 0;
	return port->pending;
}

static void transmit(struct port *port)
{
	struct virtio_device *device = &port->ports->device;
	uint64_t budget = TURN_BYTES;
	unsigned int chains = 0;

	while (chains < TURN_CHAINS && next_chain(port) && transmit_chain(port, &budget)) {
		port->pending = false;
		virtio_push(device, transmit_queue(port->number), port->chain.head, 0);
		chains++;
	}
	if (chains)
		virtio_notify(device, transmit_queue(port->number));
	if (chains == TURN_CHAINS)
		post(port, &port->transmit_more);
	else if (!port->pending && port->side.taken)
		port->side.taken(port->side.opaque);
}

static void transmit_task(struct loop_task *task)
{
	transmit(task->opaque);
}

/* ---- to the guest ---- */

/* False: the side has nothing, or the guest no buffer; then it waits at the side. */
static bool receive_chain(struct port *port)
{
	struct virtio_device *device = &port->ports->device;
	unsigned int queue = receive_queue(port->number);
	struct virtqueue_chain chain;
	uint64_t room;
	size_t len;

	if (!virtio_pop(device, queue, &chain))
		return false;
	room = chain.writable_len < PIECE ? chain.writable_len : PIECE;
	len = room ? port->side.give(port->side.opaque, port->ports->bytes, room) : 0;
	if (room && !len) {
		virtqueue_unpop(&device->queues[queue], 1);
		return false;
	}
	virtqueue_write(&chain, 0, port->ports->bytes, len);
	virtio_push(device, queue, chain.head, (uint32_t)len);
	return true;
}

static void receive(struct port *port)
{
	unsigned int chains = 0;

	/* What comes before the guest has opened the port, it throws away. */
	if (!port->guest_open || port->closed || !port->side.give)
		return;
	while (chains < TURN_CHAINS && receive_chain(port))
		chains++;
	if (chains == TURN_CHAINS)
		post(port, &port->receive_more);
	if (chains)
		virtio_notify(&port->ports->device, receive_queue(port->number));
}

static void receive_task(struct loop_task *task)
{
	receive(task->opaque);
}

/* ---- control ---- */

/* The event of PORT that the guest is to be told next: a port is added, opened, and then named, so
 * that whoever finds it by its name finds it open. */
static bool next_event(const struct port *port, struct control_message *message)
{
	static const enum control_event order[] = {DEVICE_ADD, PORT_OPEN, PORT_NAME};

	for (unsigned int i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!(port->owed & 1u << order[i]))
			continue;
		*message = (struct control_message){
			.port = htole32(port->number),
			.event = htole16(order[i]),
			.value = htole16(order[i] != PORT_OPEN || !port->closed)};
		return true;
	}
	return false;
}

/* False: no buffer of the guest's. */
static bool tell(struct port *port, const struct control_message *message)
{
	struct virtio_device *device = &port->ports->device;
	const unsigned int event = le16toh(message->event);
	struct virtqueue_chain chain;
	uint64_t len;

	if (!virtio_pop(device, CONTROL_RECEIVE, &chain))
		return false;
	len = virtqueue_write(&chain, 0, message, sizeof(*message));
	if (event == PORT_NAME)
		len += virtqueue_write(&chain, len, port->side.name, strlen(port->side.name));
	virtio_push(device, CONTROL_RECEIVE, chain.head, (uint32_t)len);
	port->owed &= ~(1u << event);
	return true;
}

static void tell_all(struct ports *ports)
{
	struct control_message message;
	bool told = false;

	for (unsigned int i = 0; i < ports->count; i++) {
		while (next_event(&ports->port[i], &message)) {
			if (!tell(&ports->port[i], &message))
				break;
			told = true;
		}
	}
	if (told)
		virtio_notify(&ports->device, CONTROL_RECEIVE);
}

static void device_ready(struct ports *ports)
{
	for (unsigned int i = 0; i < ports->count; i++)
		ports->port[i].owed |= 1u << DEVICE_ADD;
}

static void port_said(struct port *port, unsigned int event, unsigned int value)
{
	switch (event) {
	case PORT_READY:
		port->ready = value;
		if (value)
			port->owed |= 1u << PORT_OPEN | 1u << PORT_NAME;
		break;
	case PORT_OPEN:
		port->guest_open = value;
		if (value)
			post(port, &port->receive_more);
		break;
	default:
		machine_guest_error(port->ports->device.machine, port->ports->device.name,
				    "port %u: no control event %u is known", port->number, event);
	}
}

static void guest_said(struct ports *ports, const struct control_message *message)
{
	const unsigned int port = le32toh(message->port);
	const unsigned int event = le16toh(message->event), value = le16toh(message->value);

	if (event == DEVICE_READY && value)
		device_ready(ports);
	else if (event == DEVICE_READY)
		machine_guest_error(ports->device.machine, ports->device.name,
				    "the driver could not set the device up");
	else if (port < ports->count)
		port_said(&ports->port[port], event, value);
	else
		machine_guest_error(ports->device.machine, ports->device.name,
				    "there is no port %u", port);
}

static void hear(struct ports *ports)
{
	struct virtio_device *device = &ports->device;
	struct virtqueue_chain chain;
	struct control_message message;

	/* A driver has no more of them than the queue holds, and waits for each. */
	for (unsigned int i = 0; i < QUEUE_SIZE && virtio_pop(device, CONTROL_TRANSMIT, &chain);
	     i++) {
		if (virtqueue_read(&chain, 0, &message, sizeof(message)) == sizeof(message))
			guest_said(ports, &message);
		else
			machine_guest_error(device->machine, device->name,
					    "a control message is too short");
		virtio_push(device, CONTROL_TRANSMIT, chain.head, 0);
	}
	virtio_notify(device, CONTROL_TRANSMIT);
}

/* ---- for the sides ---- */

void ports_go_on(struct virtio_device *device, unsigned int port)
{
	struct ports *ports = device->state;

	if (!virtio_has(device, F_MULTIPORT))
		return;
	transmit(&ports->port[port]);
	receive(&ports->port[port]);
}

void ports_close(struct virtio_device *device, unsigned int port)
{
	struct ports *ports = device->state;
	struct port *closed = &ports->port[port];

	if (closed->closed)
		return;
	closed->closed = true;
	if (closed->ready)
		closed->owed |= 1u << PORT_OPEN;
	tell_all(ports);
	ports_go_on(device, port);
}

/* ---- the class ---- */

static uint64_t ports_features(struct virtio_device *device)
{
	(void)device;
	return 1ull << F_MULTIPORT;
}

static void ports_config_read(struct virtio_device *device, uint64_t offset, void *to,
			      unsigned size)
{
	const struct ports *ports = device->state;
	const struct console_config config = {.max_nr_ports = htole32(ports->count)};

	memset(to, 0, size);
	if (offset < sizeof(config))
		memcpy(to, (const uint8_t *)&config + offset,
		       size < sizeof(config) - offset ? size : sizeof(config) - offset);
}

static void ports_kick(struct virtio_device *device, unsigned int queue)
{
	struct ports *ports = device->state;
	const unsigned int port = queue < CONTROL_RECEIVE ? 0 : queue / 2 - 1;

	/* A driver that knows nothing of ports has none. */
	if (!virtio_has(device, F_MULTIPORT))
		return;
	if (queue == CONTROL_TRANSMIT)
		hear(ports);
	if (queue == CONTROL_TRANSMIT || queue == CONTROL_RECEIVE)
		tell_all(ports);
	else if (queue % 2)
		transmit(&ports->port[port]);
	else
		receive(&ports->port[port]);
}

static void ports_reset(struct virtio_device *device)
{
	struct ports *ports = device->state;

	for (unsigned int i = 0; i < ports->count; i++) {
		ports->port[i].owed = 0;
		ports->port[i].ready = false;
		ports->port[i].guest_open = false;
		ports->port[i].pending = false;
	}
}

static void ports_free(struct virtio_device *device)
{
	free(device->state);
}

static const struct virtio_class ports_class = {
	.name = "console",
	.device_id = 3,
	.pci_class = 0x078000, /* simple communication controller, other */
	.features = ports_features,
	.config_read = ports_config_read,
	.kick = ports_kick,
	.reset = ports_reset,
	.free = ports_free,
};

struct virtio_device *virtio_ports_new(struct machine *machine, const char *name,
				       const struct port_side *sides, unsigned int count)
{
	struct ports *ports = calloc(1, sizeof(*ports));

	if (!ports) {
		error("no memory for ports to the guest");
		return NULL;
	}
	ports->count = count;
	for (unsigned int i = 0; i < count; i++) {
		struct port *port = &ports->port[i];

		*port = (struct port){.ports = ports, .number = i, .side = sides[i]};
		port->transmit_more = (struct loop_task){.run = transmit_task, .opaque = port};
		port->receive_more = (struct loop_task){.run = receive_task, .opaque = port};
	}
	ports->device.class = &ports_class;
	ports->device.machine = machine;
	ports->device.queue_count = transmit_queue(count - 1) + 1;
	if (ports->device.queue_count < CONTROL_TRANSMIT + 1)
		ports->device.queue_count = CONTROL_TRANSMIT + 1;
	ports->device.queue_size = QUEUE_SIZE;
	ports->device.state = ports;
	strncpy(ports->device.name, name, sizeof(ports->device.name) - 1);
	return &ports->device;
}
