/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network card (virtio 1.x, section 5.1): queue 0 receives, queue 1 transmits, and further
 * pairs do the same. Checksums and segments are what the cable can do of them; a frame of the guest
 * that asks for more, or for what makes no sense, goes nowhere.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/net.h"
#include "devices/net_control.h"

/* Section 5.1.3. */
#define NET_F_MTU	3u
#define NET_F_MAC	5u
#define NET_F_MRG_RXBUF 15u
#define NET_F_STATUS	16u

#define STATUS_LINK_UP 1u

/* Section 5.1.2. */
static unsigned int receive_queue(unsigned int pair)
{
	return pair * 2;
}

static unsigned int transmit_queue(unsigned int pair)
{
	return pair * 2 + 1;
}

/* Section 5.1.4. */
struct net_config {
	uint8_t mac[6];
	uint16_t status;
	uint16_t max_virtqueue_pairs;
	uint16_t mtu;
};

#define TURN_FRAMES 256u
/* One frame into so many buffers. Sixteen of 4 KiB hold the largest. */
#define MERGE_MAX 64u

struct net_pair {
	struct net *net;
	struct loop_task transmit_more;
	bool starved; /* NET_FULL was said */
};

struct net {
	struct virtio_device device;
	const struct net_backend *backend;
	void *backend_state;
	struct net_config config;
	struct net_control control;
	struct net_pair pairs[NET_PAIRS_MOST];
	struct virtqueue_chain chains[MERGE_MAX];
};

/* ---- receive ---- */

/* Takes buffers of QUEUE for LEN bytes. NET_TAKEN: *COUNT of them are in NET->chains. */
static enum net_received take_buffers(struct net *net, unsigned int queue, uint64_t len,
				      unsigned int *count)
{
	unsigned int limit = virtio_has(&net->device, NET_F_MRG_RXBUF) ? MERGE_MAX : 1;
	uint64_t room = 0;

	*count = 0;
	while (room < len && *count < limit) {
		if (!virtio_pop(&net->device, queue, &net->chains[*count]))
			return NET_FULL;
		room += net->chains[(*count)++].writable_len;
	}
	return room < len ? NET_DROPPED : NET_TAKEN;
}

static void fill_buffers(struct net *net, unsigned int queue, unsigned int count,
			 struct net_header header, const uint8_t *frame, size_t len)
{
	struct virtqueue_used used[MERGE_MAX];
	size_t header_done = 0, frame_done = 0;

	header.num_buffers = htole16((uint16_t)count);
	for (unsigned int i = 0; i < count; i++) {
		const struct virtqueue_chain *chain = &net->chains[i];
		uint64_t part = virtqueue_write(chain, 0, (const uint8_t *)&header + header_done,
						sizeof(header) - header_done);

		header_done += part;
		used[i].head = chain->head;
		used[i].len = (uint32_t)part;
		part = virtqueue_write(chain, part, frame + frame_done, len - frame_done);
		frame_done += part;
		used[i].len += (uint32_t)part;
	}
	virtio_push_all(&net->device, queue, used, count);
}

enum net_received net_receive(struct virtio_device *device, unsigned int pair,
			      const struct net_header *header, const uint8_t *frame, size_t len)
{
	static const struct net_header whole;
	struct net *net = device->state;
	const unsigned int number = receive_queue(pair);
	struct virtqueue *queue = &device->queues[number];
	const struct guest_memory *memory = machine_memory(device->machine);
	enum net_received result;
	unsigned int count = 0;

	header = header ? header : &whole;
	if (len > NET_MAX_FRAME || !net_header_fits(header, device->driver_features))
		return NET_DROPPED;
	do {
		/* A card that does not run is a cable that is not plugged in. */
		if (!virtio_is_running(device) || pair >= net->control.pairs)
			return NET_DROPPED;
		result = take_buffers(net, number, len + NET_HEADER_LEN, &count);
		if (result == NET_TAKEN) {
			fill_buffers(net, number, count, *header, frame, len);
			return NET_TAKEN;
		}
		if (virtio_is_running(device))
			virtqueue_unpop(queue, count);
	} while (result == NET_FULL && virtqueue_enable_doorbell(queue, memory, true));
	if (result == NET_DROPPED)
		machine_guest_error(device->machine, device->name,
				    "receive buffers too small for a frame of %zu bytes", len);
	else
		net->pairs[pair].starved = true;
	return result;
}

void net_flush(struct virtio_device *device, unsigned int pair)
{
	virtio_notify(device, receive_queue(pair));
}

static void receive_kick(struct net *net, unsigned int pair)
{
	const struct guest_memory *memory = machine_memory(net->device.machine);
	bool *starved = &net->pairs[pair].starved;

	if (*starved) {
		*starved = false;
		if (net->backend->has_buffers)
			net->backend->has_buffers(net->backend_state, pair);
	}
	/* New buffers are news only for who waits for them. */
	if (!*starved)
		virtqueue_enable_doorbell(&net->device.queues[receive_queue(pair)], memory, false);
}

/* ---- transmit ---- */

static void send_frame(struct net *net, unsigned int pair, const struct virtqueue_chain *chain,
		       const struct net_header *header)
{
	struct iovec pieces[VIRTQUEUE_MAX_SEGMENTS];
	struct net_frame frame = {
		.header = header, .pieces = pieces, .len = chain->readable_len - NET_HEADER_LEN};
	uint64_t skip = NET_HEADER_LEN;

	for (unsigned int i = 0; i < chain->readable; i++) {
		const struct iovec *segment = &chain->segments[i];

		if (segment->iov_len <= skip) {
			skip -= segment->iov_len;
			continue;
		}
		pieces[frame.count].iov_base = (uint8_t *)segment->iov_base + skip;
		pieces[frame.count++].iov_len = segment->iov_len - skip;
		skip = 0;
	}
	net->backend->send(net->backend_state, pair, &frame);
}

static void transmit_chain(struct net *net, unsigned int pair, const struct virtqueue_chain *chain)
{
	struct virtio_device *device = &net->device;
	struct net_header header;
	const char *wrong;

	/* From here on only the copy counts. */
	virtqueue_read(chain, 0, &header, sizeof(header));
	wrong = net_header_check(&header, device->driver_features,
				 chain->readable_len - NET_HEADER_LEN);
	if (wrong)
		machine_guest_error(device->machine, device->name, "a frame %s", wrong);
	else
		send_frame(net, pair, chain, &header);
}

/* One frame; false when there is none. */
static bool transmit_one(struct net *net, unsigned int pair)
{
	struct virtio_device *device = &net->device;
	struct virtqueue_chain chain;

	if (!virtio_pop(device, transmit_queue(pair), &chain))
		return false;
	if (chain.readable_len <= NET_HEADER_LEN ||
	    chain.readable_len > NET_HEADER_LEN + NET_MAX_FRAME)
		machine_guest_error(device->machine, device->name,
				    "a frame of %" PRIu64 " bytes with its header",
				    chain.readable_len);
	else
		transmit_chain(net, pair, &chain);
	virtio_push(device, transmit_queue(pair), chain.head, 0);
	return true;
}

static void transmit(struct net *net, unsigned int pair)
{
	struct virtqueue *queue = &net->device.queues[transmit_queue(pair)];
	const struct guest_memory *memory = machine_memory(net->device.machine);
	unsigned int frames = 0;

	virtqueue_enable_doorbell(queue, memory, false);
	do {
		while (frames < TURN_FRAMES && transmit_one(net, pair))
			frames++;
	} while (frames < TURN_FRAMES && virtio_is_running(&net->device) &&
		 virtqueue_enable_doorbell(queue, memory, true));
	if (frames == TURN_FRAMES)
		loop_post(machine_loop(net->device.machine), &net->pairs[pair].transmit_more);
	virtio_notify(&net->device, transmit_queue(pair));
}

static void transmit_task(struct loop_task *task)
{
	const struct net_pair *pair = task->opaque;
	struct net *net = pair->net;

	if (virtio_is_running(&net->device))
		transmit(net, (unsigned int)(pair - net->pairs));
}

/* ---- the class ---- */

static uint64_t net_features(struct virtio_device *device)
{
	const struct net *net = device->state;

	uint64_t features = 1ull << NET_F_MAC | 1ull << NET_F_MRG_RXBUF | 1ull << NET_F_STATUS;

	features |= net_control_features(&net->control);
	if (net->config.mtu)
		features |= 1ull << NET_F_MTU;
	if (net->backend->features)
		features |= net->backend->features(net->backend_state);
	return features;
}

static void net_config_read(struct virtio_device *device, uint64_t offset, void *to, unsigned size)
{
	const struct net *net = device->state;

	memset(to, 0, size);
	if (offset < sizeof(net->config))
		memcpy(to, (const uint8_t *)&net->config + offset,
		       size < sizeof(net->config) - offset ? size : sizeof(net->config) - offset);
}

static void net_started(struct virtio_device *device)
{
	const struct net *net = device->state;

	for (unsigned int i = 0; i < net_control_usable(&net->control); i++)
		virtqueue_enable_doorbell(&device->queues[receive_queue(i)],
					  machine_memory(device->machine), false);
	if (net->backend->started)
		net->backend->started(net->backend_state, device->driver_features);
}

/* Frames go out of a pair that the driver does not use, too: Linux lets them come for a while after
 * it has said so, and waits for their end. */
static void net_kick(struct virtio_device *device, unsigned int queue)
{
	struct net *net = device->state;

	if (queue && queue == net_control_queue(&net->control))
		net_control_kick(&net->control);
	else if (queue / 2 >= net_control_usable(&net->control))
		return;
	else if (queue % 2)
		transmit(net, queue / 2);
	else
		receive_kick(net, queue / 2);
}

static bool net_set_pairs(struct virtio_device *device, unsigned int pairs)
{
	struct net *net = device->state;

	if (!net->backend->set_pairs || !net->backend->set_pairs(net->backend_state, pairs))
		return false;
	for (unsigned int i = pairs; i < net->control.most; i++)
		net->pairs[i].starved = false;
	return true;
}

static void net_reset(struct virtio_device *device)
{
	struct net *net = device->state;

	for (unsigned int i = 0; i < net->control.most; i++)
		net->pairs[i].starved = false;
	net_control_reset(&net->control);
	if (net->backend->stopped)
		net->backend->stopped(net->backend_state);
}

static void net_free(struct virtio_device *device)
{
	struct net *net = device->state;

	for (unsigned int i = 0; i < net->control.most; i++)
		loop_withdraw(machine_loop(device->machine), &net->pairs[i].transmit_more);
	net_control_reset(&net->control);
	net->backend->free(net->backend_state);
	free(net);
}

static const struct virtio_class net_class = {
	.name = "net",
	.device_id = 1,
	.pci_class = 0x020000, /* Ethernet controller */
	.features = net_features,
	.config_read = net_config_read,
	.started = net_started,
	.kick = net_kick,
	.reset = net_reset,
	.free = net_free,
};

struct virtio_device *net_new(struct machine *machine, const char *name,
			      const struct net_options *options, const struct net_backend *backend,
			      void *state)
{
	struct net *net = calloc(1, sizeof(*net));

	if (!net) {
		error("no memory for the network card");
		backend->free(state);
		return NULL;
	}
	net->backend = backend;
	net->backend_state = state;
	net->config.status = htole16(STATUS_LINK_UP);
	net->config.mtu = htole16((uint16_t)options->mtu);
	memcpy(net->config.mac, options->mac, sizeof(net->config.mac));
	net_control_init(&net->control, &net->device, options->pairs, net_set_pairs);
	net->config.max_virtqueue_pairs = htole16((uint16_t)net->control.most);
	for (unsigned int i = 0; i < net->control.most; i++)
		net->pairs[i] = (struct net_pair){
			.net = net,
			.transmit_more = {.run = transmit_task, .opaque = &net->pairs[i]}};
	net->device.class = &net_class;
	net->device.machine = machine;
	net->device.queue_count = net_control_queue_count(&net->control);
	net->device.state = net;
	strncpy(net->device.name, name, sizeof(net->device.name) - 1);
	return &net->device;
}
