/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define WANTED_PROTOCOL_FEATURES                                                                   \
	(1ull << VHOST_PROTOCOL_F_MQ | 1ull << VHOST_PROTOCOL_F_REPLY_ACK |                        \
	 1ull << VHOST_PROTOCOL_F_CONFIG)

void vhost_link_init(struct vhost_link *link, int fd)
{
	*link = (struct vhost_link){.backend.fd = fd};
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void vhost_link_close(struct vhost_link *link)
{
	if (link->backend.fd >= 0)
		close(link->backend.fd);
	link->backend.fd = -1;
	link->backend.pending = 0;
}

void vhost_link_break(struct vhost_link *link, const char *why)
{
	if (!link->backend.broken)
		link->backend.broken = why;
	vhost_link_close(link);
}

/* ---- out ---- */

static ssize_t send_message(int to, const struct vhost_message *message, int fd)
{
	struct iovec bytes = {.iov_base = (void *)(uintptr_t)message,
			      .iov_len = VHOST_HEADER_LEN + message->size};
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct msghdr packet = {.msg_iov = &bytes, .msg_iovlen = 1};

	if (fd >= 0) {
		packet.msg_control = &control;
		packet.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(to, &packet, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void send_request(struct vhost_link *link, const struct vhost_message *message, int fd)
{
	ssize_t sent;

	if (link->backend.broken)
		return;
	sent = send_message(link->backend.fd, message, fd);
	if (sent == (ssize_t)(VHOST_HEADER_LEN + message->size))
		return;
	/* The socket has room for hundreds of messages: nobody has read any. */
	vhost_link_break(link, sent >= 0 || errno == EAGAIN ? "does not read what it is sent"
							    : "has closed its socket");
}

static void await(struct vhost_link *link, const struct vhost_awaited *awaited)
{
	if (link->backend.broken)
		return;
	if (link->backend.pending == VHOST_LINK_AWAITED) {
		vhost_link_break(link, "owes too many answers");
		return;
	}
	link->awaited[(link->first + link->backend.pending) % VHOST_LINK_AWAITED] = *awaited;
	link->backend.pending++;
}

void vhost_link_send(struct vhost_link *link, enum vhost_request request, const void *payload,
		     uint32_t size, int fd)
{
	const bool ack = vhost_link_has(link, VHOST_PROTOCOL_F_REPLY_ACK);
	const struct vhost_awaited awaited = {.request = request, .ack = true};
	struct vhost_message message;

	vhost_message_make(&message, request, ack, payload, size);
	send_request(link, &message, fd);
	if (ack)
		await(link, &awaited);
}

void vhost_link_ask(struct vhost_link *link, enum vhost_request request, const void *payload,
		    uint32_t size, void *to, uint32_t len)
{
	const struct vhost_awaited awaited = {.request = request, .to = to, .len = len};
	struct vhost_message message;

	vhost_message_make(&message, request, false, payload, size);
	send_request(link, &message, -1);
	await(link, &awaited);
}

/* ---- in ---- */

/* Up to LEN bytes; 0: there are none now, or the link is broken. File descriptors with them, which
 * no answer has, are closed by the kernel. */
static size_t receive(struct vhost_link *link, uint8_t *to, size_t len)
{
	struct iovec bytes = {.iov_base = to, .iov_len = len};
	struct msghdr packet = {.msg_iov = &bytes, .msg_iovlen = 1};
	ssize_t got = recvmsg(link->backend.fd, &packet, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		vhost_link_break(link, "has closed its socket");
	else if (packet.msg_flags & MSG_CTRUNC)
		vhost_link_break(link, "sends files that nobody asked for");
	return link->backend.broken ? 0 : (size_t)got;
}

static void take_answer(struct vhost_link *link)
{
	const char *why = vhost_answer_take(&link->answer, &link->awaited[link->first]);

	link->first = (link->first + 1) % VHOST_LINK_AWAITED;
	link->backend.pending--;
	if (why)
		vhost_link_break(link, why);
}

/* True: there may be more. */
static bool read_some(struct vhost_link *link)
{
	const char *why;
	size_t missing = vhost_answer_missing(&link->answer, &link->awaited[link->first], &why);
	size_t got;

	if (why) {
		vhost_link_break(link, why);
		return false;
	}
	got = receive(link, vhost_answer_room(&link->answer), missing);
	link->answer.have += got;
	if (got == 0)
		return false;
	if (vhost_answer_missing(&link->answer, &link->awaited[link->first], &why) == 0 && !why)
		take_answer(link);
	return true;
}

/* Nothing is awaited: what comes all the same is the socket's end, or a lie. */
static void read_nothing(struct vhost_link *link)
{
	uint8_t byte;

	if (receive(link, &byte, sizeof(byte)) > 0)
		vhost_link_break(link, "speaks without being asked");
}

static void read_awaited(struct vhost_link *link)
{
	while (!link->backend.broken && link->backend.pending && read_some(link))
		;
}

void vhost_link_read(struct vhost_link *link)
{
	read_awaited(link);
	if (!link->backend.broken && !link->backend.pending)
		read_nothing(link);
}

bool vhost_link_settle(struct vhost_link *link, int timeout_ms)
{
	const uint64_t end = clock_now() + (uint64_t)timeout_ms * 1000000u;

	while (!link->backend.broken && link->backend.pending) {
		const uint64_t now = clock_now();
		struct pollfd ready = {.fd = link->backend.fd, .events = POLLIN};

		if (now >= end)
			vhost_link_break(link, "does not answer");
		else if (poll(&ready, 1, (int)((end - now) / 1000000u) + 1) > 0)
			read_awaited(link);
	}
	return !link->backend.broken;
}

/* ---- the first words ---- */

static bool ask_u64(struct vhost_link *link, enum vhost_request request, uint64_t *to,
		    int timeout_ms)
{
	vhost_link_ask(link, request, NULL, 0, to, sizeof(*to));
	return vhost_link_settle(link, timeout_ms);
}

static bool agree_on_protocol(struct vhost_link *link, int timeout_ms)
{
	uint64_t offered = 0;

	if (!(link->backend.features >> VHOST_USER_F_PROTOCOL_FEATURES & 1))
		return true;
	if (!ask_u64(link, VHOST_GET_PROTOCOL_FEATURES, &offered, timeout_ms))
		return false;
	offered &= WANTED_PROTOCOL_FEATURES;
	vhost_link_send(link, VHOST_SET_PROTOCOL_FEATURES, &offered, sizeof(offered), -1);
	link->protocol_features = offered;
	return !vhost_link_has(link, VHOST_PROTOCOL_F_MQ) ||
	       ask_u64(link, VHOST_GET_QUEUE_NUM, &link->backend.ring_count, timeout_ms);
}

bool vhost_link_greet(struct vhost_link *link, int timeout_ms)
{
	if (link->owned || link->backend.broken)
		return !link->backend.broken;
	link->owned = true;
	vhost_link_send(link, VHOST_SET_OWNER, NULL, 0, -1);
	return ask_u64(link, VHOST_GET_FEATURES, &link->backend.features, timeout_ms) &&
	       agree_on_protocol(link, timeout_ms);
}
