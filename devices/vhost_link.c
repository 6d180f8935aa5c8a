/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define WANTED_PROTOCOL_FEATURES                                                                   \
	(1ull << VHOST_PROTOCOL_F_MQ | 1ull << VHOST_PROTOCOL_F_REPLY_ACK |                        \
	 1ull << VHOST_PROTOCOL_F_CONFIG)

static const char closed[] = "has closed its socket";

void vhost_link_init(struct vhost_link *link, int fd)
{
	*link = (struct vhost_link){.backend.fd = fd};
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void vhost_link_renew(struct vhost_link *link, int fd)
{
	const struct vhost_link old = *link;

	vhost_link_init(link, fd);
	link->backend.operations = old.backend.operations;
	link->backend.returns = old.backend.returns;
	link->backend.offer = old.backend.offer;
	link->path = old.path;
	link->inflight = old.inflight;
	link->inflight_file = old.inflight_file;
	link->backend.notes = old.backend.notes;
}

void vhost_link_await(struct vhost_link *link)
{
	vhost_link_renew(link, -1);
	link->backend.broken = closed;
	link->backend.gone = true;
}

static void close_file(int *file)
{
	if (*file)
		close(*file);
	*file = 0;
}

void vhost_link_drop_inflight(struct vhost_link *link)
{
	close_file(&link->inflight_file);
	link->backend.notes = false;
}

void vhost_link_close(struct vhost_link *link)
{
	if (link->backend.fd >= 0)
		close(link->backend.fd);
	link->backend.fd = -1;
	link->backend.pending = 0;
	close_file(&link->answer.file);
}

void vhost_link_break(struct vhost_link *link, const char *why)
{
	if (!link->backend.broken)
		link->backend.broken = why;
	vhost_link_close(link);
}

static void break_closed(struct vhost_link *link)
{
	if (!link->backend.broken)
		link->backend.gone = true;
	vhost_link_break(link, closed);
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
	if (sent >= 0 || errno == EAGAIN)
		vhost_link_break(link, "does not read what it is sent");
	else
		break_closed(link);
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

/* The file with a packet goes to *FILE. False: there is one there already. */
static bool take_file(struct msghdr *packet, int *file)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(packet);
	int one;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(one)))
		return true;
	memcpy(&one, CMSG_DATA(header), sizeof(one));
	if (!*file)
		*file = one;
	else
		close(one);
	return *file == one;
}

/* Up to LEN bytes; 0: there are none now, or the link is broken. FILE: where one file goes that may
 * come with them; NULL: none may. The kernel closes those for which there is no room. */
static size_t receive(struct vhost_link *link, uint8_t *to, size_t len, int *file)
{
	struct iovec bytes = {.iov_base = to, .iov_len = len};
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr packet = {.msg_iov = &bytes, .msg_iovlen = 1};
	ssize_t got;

	/* Not CMSG_SPACE(): two files would find room in that. */
	if (file) {
		packet.msg_control = &control;
		packet.msg_controllen = CMSG_LEN(sizeof(int));
	}
	got = recvmsg(link->backend.fd, &packet, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		break_closed(link);
	else if ((file && !take_file(&packet, file)) || packet.msg_flags & MSG_CTRUNC)
		vhost_link_break(link, "sends files that nobody asked for");
	return link->backend.broken ? 0 : (size_t)got;
}

/*
 * It is never mapped here, but the next back-end is to find what this one has promised. Seals are
 * a matter of memory alone, and are asked for first: who is asked about another file could make us
 * wait.
 */
static const char *memory_fault(const struct vhost_inflight *inflight, int file)
{
	struct stat is;

	if (fcntl(file, F_GET_SEALS) < 0)
		return "gives a file that is no memory for what is under way";
	return fstat(file, &is) < 0 || (uint64_t)is.st_size < inflight->offset + inflight->size
		       ? "gives less memory than it says"
		       : NULL;
}

static const char *keep_inflight(struct vhost_link *link)
{
	const char *why = memory_fault(&link->inflight, link->answer.file);

	if (why)
		return why;
	vhost_link_drop_inflight(link);
	link->inflight_file = link->answer.file;
	link->backend.notes = true;
	link->answer.file = 0;
	return NULL;
}

static void take_answer(struct vhost_link *link)
{
	const struct vhost_awaited *awaited = &link->awaited[link->first];
	const char *why = vhost_answer_take(&link->answer, awaited);

	if (!why && vhost_answer_has_file(awaited))
		why = keep_inflight(link);
	link->first = (link->first + 1) % VHOST_LINK_AWAITED;
	link->backend.pending--;
	if (why)
		vhost_link_break(link, why);
}

/* True: there may be more. */
static bool read_some(struct vhost_link *link)
{
	const struct vhost_awaited *awaited = &link->awaited[link->first];
	const char *why;
	size_t missing = vhost_answer_missing(&link->answer, awaited, &why);
	size_t got;

	if (why) {
		vhost_link_break(link, why);
		return false;
	}
	got = receive(link, vhost_answer_room(&link->answer), missing,
		      vhost_answer_has_file(awaited) ? &link->answer.file : NULL);
	link->answer.have += got;
	if (got == 0)
		return false;
	if (vhost_answer_missing(&link->answer, awaited, &why) == 0 && !why)
		take_answer(link);
	return true;
}

/* Nothing is awaited: what comes all the same is the socket's end, or a lie. */
static void read_nothing(struct vhost_link *link)
{
	uint8_t byte;

	if (receive(link, &byte, sizeof(byte), NULL) > 0)
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

static void ask_u64(struct vhost_link *link, enum vhost_request request, uint64_t *to)
{
	vhost_link_ask(link, request, NULL, 0, to, sizeof(*to));
}

static void say_who(struct vhost_link *link)
{
	vhost_link_send(link, VHOST_SET_OWNER, NULL, 0, -1);
	ask_u64(link, VHOST_GET_FEATURES, &link->backend.features);
}

static bool knows_protocol_features(const struct vhost_link *link)
{
	return link->backend.features >> VHOST_USER_F_PROTOCOL_FEATURES & 1;
}

static void ask_protocol(struct vhost_link *link)
{
	if (knows_protocol_features(link))
		ask_u64(link, VHOST_GET_PROTOCOL_FEATURES, &link->protocol_features);
}

/* Some that note what is under way insist on the memory for it, so that is agreed on only where it
 * will be given. */
static void agree_on_protocol(struct vhost_link *link)
{
	uint64_t both = link->protocol_features & WANTED_PROTOCOL_FEATURES;

	if (link->path)
		both |= link->protocol_features & 1ull << VHOST_PROTOCOL_F_INFLIGHT_SHMFD;
	link->protocol_features = 0; /* of this message itself */
	if (!knows_protocol_features(link))
		return;
	vhost_link_send(link, VHOST_SET_PROTOCOL_FEATURES, &both, sizeof(both), -1);
	link->protocol_features = both;
	if (vhost_link_has(link, VHOST_PROTOCOL_F_MQ))
		ask_u64(link, VHOST_GET_QUEUE_NUM, &link->backend.ring_count);
}

static void (*const first_words[])(struct vhost_link *link) = {say_who, ask_protocol,
							       agree_on_protocol};

bool vhost_link_greet_on(struct vhost_link *link)
{
	if (link->backend.broken || link->greeted == sizeof(first_words) / sizeof(first_words[0]))
		return false;
	first_words[link->greeted++](link);
	return true;
}

bool vhost_link_greet(struct vhost_link *link, int timeout_ms)
{
	while (vhost_link_greet_on(link))
		vhost_link_settle(link, timeout_ms);
	return !link->backend.broken;
}
