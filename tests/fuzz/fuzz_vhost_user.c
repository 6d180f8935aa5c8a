/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vhost-user back-end that lies: whatever it answers, and when, the device works or is broken,
 * nothing waits for ever, and what it says is not read beyond its end.
 *
 * The answers to what is going to be asked are written in advance, honest or not, and behind them
 * bytes that are an answer to nothing: who waits for more than was foreseen finds those.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "devices/vhost_device.h"
#include "devices/vhost_link.h"
#include "tests/fuzz/program.h"

#define STEPS	24u
#define REPLY	4u
#define TURN_NS 1000u

/* Instead of log.c's: formatted, not shown. */
static void format_only(const char *format, va_list arguments)
{
	char line[400];

	if (vsnprintf(line, sizeof(line), format, arguments) < 0)
		abort();
}

void error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_only(format, arguments);
	va_end(arguments);
}

void warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_only(format, arguments);
	va_end(arguments);
}

struct liar {
	struct input *input;
	int socket; /* the back-end's end */
	struct machine machine;
	struct vhost_link link;
	struct guest_driver driver;
	struct virtio_device *device;
};

/* ---- what it says ---- */

static void say(const struct liar *liar, const void *bytes, size_t len)
{
	ssize_t sent = send(liar->socket, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	(void)sent; /* the front-end has closed, or reads nothing more */
}

/* One field of the header, the length, or the whole: honest mostly. */
static void answer(const struct liar *liar, uint32_t request, const void *payload, uint32_t size)
{
	struct vhost_message message;
	size_t len = VHOST_HEADER_LEN + size;
	const uint64_t way = input_take(liar->input, 1);

	vhost_message_make(&message, (enum vhost_request)request, false, payload, size);
	message.flags |= REPLY;
	switch (way) {
	case 1: message.request = (uint32_t)input_take(liar->input, 1); break;
	case 2: message.flags = (uint32_t)input_take(liar->input, 2); break;
	case 3: message.size = (uint32_t)input_take(liar->input, 4); break;
	case 4: len = input_take(liar->input, 2) % (len + 1); break;
	case 5: memset(message.payload, (int)input_take(liar->input, 1), size); break;
	case 6:
		message.size = 0;
		len = VHOST_HEADER_LEN;
		break;
	case 7: say(liar, &message, len); break;
	case 8: return;
	case 9: shutdown(liar->socket, SHUT_WR); return;
	default: break;
	}
	say(liar, &message, len);
}

static void answer_number(const struct liar *liar, uint32_t request, uint64_t number)
{
	answer(liar, request, &number, sizeof(number));
}

static void say_nonsense(const struct liar *liar)
{
	uint8_t nonsense[sizeof(struct vhost_message)];

	memset(nonsense, 0xff, sizeof(nonsense));
	say(liar, nonsense, sizeof(nonsense));
}

/* What is left on both sides is forgotten. */
static void forget(const struct liar *liar)
{
	uint8_t bytes[65536];

	while (recv(liar->socket, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	while (liar->link.backend.fd >= 0 &&
	       recv(liar->link.backend.fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

/* ---- what it will be asked ---- */

static void answer_config(const struct liar *liar, uint32_t bytes)
{
	struct vhost_config config = {.size = bytes};

	for (uint32_t i = 0; i < bytes; i++)
		config.bytes[i] = (uint8_t)input_take(liar->input, 1);
	answer(liar, VHOST_GET_CONFIG, &config,
	       (uint32_t)offsetof(struct vhost_config, bytes) + bytes);
}

static void answer_greeting(const struct liar *liar, const struct vhost_type *type)
{
	const uint64_t features = input_take(liar->input, 8);
	uint64_t protocol = 0;

	answer_number(liar, VHOST_GET_FEATURES, features);
	if (features >> VHOST_USER_F_PROTOCOL_FEATURES & 1) {
		protocol = input_take(liar->input, 2);
		answer_number(liar, VHOST_GET_PROTOCOL_FEATURES, protocol);
		if (protocol >> VHOST_PROTOCOL_F_MQ & 1)
			answer_number(liar, VHOST_GET_QUEUE_NUM, input_take(liar->input, 1));
	}
	if (protocol >> VHOST_PROTOCOL_F_REPLY_ACK & 1) {
		answer_number(liar, VHOST_SET_FEATURES, 0);
		answer_number(liar, VHOST_SET_MEM_TABLE, 0);
	}
	if (type->backend_config)
		answer_config(liar, type->backend_config);
}

/* All that is awaited now. */
static void answer_pending(const struct liar *liar)
{
	for (unsigned int i = 0; i < liar->link.backend.pending; i++) {
		const struct vhost_awaited *awaited =
			&liar->link.awaited[(liar->link.first + i) % VHOST_LINK_AWAITED];

		if (awaited->ack)
			answer_number(liar, awaited->request, 0);
	}
}

/* And that the rings stop. */
static void answer_stop(const struct liar *liar)
{
	answer_pending(liar);
	for (uint32_t i = 0; i < liar->device->queue_count; i++) {
		const struct vhost_ring_state state = {i, (uint32_t)input_take(liar->input, 1)};

		if (liar->device->queues[i].ready)
			answer(liar, VHOST_GET_VRING_BASE, &state, sizeof(state));
	}
	say_nonsense(liar);
}

/* ---- what happens ---- */

static void restart(struct liar *liar)
{
	answer_stop(liar);
	guest_driver_restart(&liar->driver, ~0ull);
	forget(liar);
}

static void pause_and_go_on(struct liar *liar)
{
	struct machine_outsider *outsider = liar->machine.outsiders;

	answer_stop(liar);
	outsider->stop(outsider);
	machine_wait_answers(&liar->machine, outsider->busy);
	forget(liar);
	outsider->go_on(outsider);
}

static void call(struct liar *liar)
{
	const struct vhost_device *vhost = liar->device->state;
	const unsigned int queue =
		(unsigned int)input_take(liar->input, 1) % liar->device->queue_count;

	eventfd_write(vhost->calls[queue].fd, 1);
}

static void say_anything(struct liar *liar)
{
	uint8_t bytes[64];
	const size_t len = input_take(liar->input, 1) % sizeof(bytes);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)input_take(liar->input, 1);
	say(liar, bytes, len);
}

static void kick(struct liar *liar)
{
	guest_driver_kick(&liar->driver, (unsigned int)input_take(liar->input, 1));
}

static void (*const steps[])(struct liar *liar) = {restart, pause_and_go_on, call, say_anything,
						   kick};

static void step(struct liar *liar)
{
	const size_t kind = input_take(liar->input, 1) % (sizeof(steps) / sizeof(steps[0]) + 1);

	if (kind == sizeof(steps) / sizeof(steps[0]))
		answer_pending(liar);
	else
		steps[kind](liar);
	fake_machine_run_for(&liar->machine, TURN_NS);
	if (liar->link.backend.pending > VHOST_LINK_AWAITED)
		abort();
	/* Whoever is told of a broken link is told once, and needs a reset. */
	if (liar->link.backend.broken && (liar->link.backend.fd >= 0 || liar->link.backend.pending))
		abort();
}

static void run(struct liar *liar)
{
	if (liar->device->queue_count < 1 || liar->device->queue_count > VIRTIO_MAX_QUEUES)
		abort();
	forget(liar);
	guest_driver_start(&liar->driver, &liar->machine, liar->device, ~0ull);
	for (unsigned int i = 0; i < STEPS && liar->input->left; i++)
		step(liar);
	answer_stop(liar);
	virtio_device_free(liar->device);
}

static int shared_memory(void)
{
	static int fd;

	if (!fd)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const types[] = {"fs", "blk", "net"};
	struct input input = {.bytes = bytes, .left = size};
	struct liar liar = {.input = &input};
	static const uint8_t mac[6] = {0x52};
	struct vhost_user_options options = {
		.tag = "t", .mac = mac, .who = "the liar", .link = &liar.link};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	options.type = types[input_take(&input, 1) % 3];
	liar.socket = ends[1];
	vhost_link_init(&liar.link, ends[0]);
	program_machine(&liar.machine);
	liar.machine.memory.shared_fd = shared_memory();
	answer_greeting(&liar, vhost_user_type_find(options.type));
	say_nonsense(&liar);
	liar.device = virtio_vhost_user_new(&liar.machine, "device0", &options);
	if (liar.device)
		run(&liar);
	vhost_link_close(&liar.link);
	close(liar.socket);
	fake_machine_destroy(&liar.machine);
	return 0;
}
