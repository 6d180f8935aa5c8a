/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/fuzz/liar.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY	   4u
#define FILES_MAX  3u
#define MEMORY_LEN 4096

/* ---- what it says ---- */

/* With FILES times FILE. */
static void say_with(const struct liar *liar, const void *bytes, size_t len, int file, size_t files)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(FILES_MAX * sizeof(int))];
	} control = {.room = {0}};
	struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (files) {
		packet.msg_control = &control;
		packet.msg_controllen = CMSG_SPACE(files * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(files * sizeof(int));
	}
	for (size_t i = 0; i < files; i++)
		memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &file, sizeof(file));
	sent = sendmsg(liar->socket, &packet, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)sent; /* the front-end has closed, or reads nothing more */
}

void liar_say(const struct liar *liar, const void *bytes, size_t len)
{
	say_with(liar, bytes, len, -1, 0);
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
	case 7: liar_say(liar, &message, len); break;
	case 8: return;
	case 9: shutdown(liar->socket, SHUT_WR); return;
	default: break;
	}
	liar_say(liar, &message, len);
}

static void answer_number(const struct liar *liar, uint32_t request, uint64_t number)
{
	answer(liar, request, &number, sizeof(number));
}

void liar_say_nonsense(const struct liar *liar)
{
	uint8_t nonsense[sizeof(struct vhost_message)];

	memset(nonsense, 0xff, sizeof(nonsense));
	liar_say(liar, nonsense, sizeof(nonsense));
}

void liar_forget(const struct liar *liar)
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

void liar_answer_greeting(const struct liar *liar)
{
	const struct vhost_type *type = liar->type;
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

int liar_memory(void)
{
	static int fd;

	if (!fd)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (ftruncate(fd, MEMORY_LEN) < 0)
		abort();
	return fd;
}

/* Memory of this size, or another, or none; it comes with the head, the rest, or both. */
static void answer_inflight(const struct liar *liar)
{
	struct vhost_inflight inflight = liar->link.inflight;
	const uint64_t way = input_take(liar->input, 1);
	const int file = way & 1 ? liar->socket : liar_memory();
	const size_t files = way & 2 ? 1 : way >> 2 & 3;
	struct vhost_message message;

	inflight.size = input_take(liar->input, way & 16 ? 8 : 1);
	inflight.offset = input_take(liar->input, way & 32 ? 8 : 0);
	inflight.rings += way >> 6 & 1;
	vhost_message_make(&message, VHOST_GET_INFLIGHT_FD, false, &inflight, sizeof(inflight));
	message.flags |= REPLY;
	say_with(liar, &message, VHOST_HEADER_LEN, file, files);
	say_with(liar, message.payload, sizeof(inflight), file, way >> 7);
}

static void answer_one(const struct liar *liar, const struct vhost_awaited *awaited)
{
	if (awaited->ack) {
		answer_number(liar, awaited->request, 0);
		return;
	}
	switch (awaited->request) {
	case VHOST_GET_FEATURES:
		answer_number(liar, awaited->request, input_take(liar->input, 8));
		break;
	case VHOST_GET_PROTOCOL_FEATURES:
		answer_number(liar, awaited->request, input_take(liar->input, 2));
		break;
	case VHOST_GET_QUEUE_NUM:
		answer_number(liar, awaited->request, input_take(liar->input, 1));
		break;
	case VHOST_GET_CONFIG: answer_config(liar, liar->type->backend_config); break;
	case VHOST_GET_INFLIGHT_FD: answer_inflight(liar); break;
	default: break;
	}
}

void liar_answer_pending(const struct liar *liar)
{
	for (unsigned int i = 0; i < liar->link.backend.pending; i++)
		answer_one(liar, &liar->link.awaited[(liar->link.first + i) % VHOST_LINK_AWAITED]);
}

/* Of a disk that is awaited for seconds otherwise. */
static void finish_all(const struct liar *liar)
{
	for (uint32_t i = 0; i < liar->device->queue_count; i++) {
		const struct virtqueue *queue = &liar->device->queues[i];
		const struct guest_memory *memory = &liar->machine.memory;
		const uint16_t *offered = guest_memory_at(memory, queue->driver + 2, 2);
		uint16_t *used = guest_memory_at(memory, queue->device + 2, 2);

		if (queue->ready && offered && used)
			*used = *offered;
	}
}

void liar_answer_stop(const struct liar *liar)
{
	finish_all(liar);
	liar_answer_pending(liar);
	for (uint32_t i = 0; i < liar->device->queue_count; i++) {
		const struct vhost_ring_state state = {i, (uint32_t)input_take(liar->input, 1)};

		if (liar->device->queues[i].ready)
			answer(liar, VHOST_GET_VRING_BASE, &state, sizeof(state));
	}
	liar_say_nonsense(liar);
}
