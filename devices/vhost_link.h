/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to a vhost-user back-end: requests out, answers in, in their order. It never
 * waits, but for vhost_link_settle(). A back-end that breaks the protocol, goes away or does not
 * take what it is sent breaks the link, which then does nothing more.
 *
 * A link outlives the machine: after a reboot of the guest the next one speaks through it. Some of
 * it outlives the connection too: another back-end at the same path can go on where one ended.
 */
#ifndef VHART_VHOST_LINK_H
#define VHART_VHOST_LINK_H

#include "devices/vhost_wire.h"

/* Seven requests for each of 17 rings are the most that are made at a time. */
#define VHOST_LINK_AWAITED 128u

struct vhost_link {
	struct vhost_backend backend; /* its fd: the socket, the link's; -1: none */
	const char *path;	      /* where one that is gone may come back; NULL: nowhere */
	unsigned int greeted;	      /* of the first words, how many were said */
	uint64_t protocol_features;   /* that both sides have */
	struct vhost_config config;   /* as it was asked for last */
	/* What is under way, as the back-end notes it. The file is the link's; 0: there is none. */
	struct vhost_inflight inflight;
	int inflight_file;
	struct vhost_answer answer;
	struct vhost_awaited awaited[VHOST_LINK_AWAITED]; /* as many as are pending */
	unsigned int first;
};

/* Takes FD, a connected SOCK_STREAM of AF_UNIX, which becomes non-blocking. */
void vhost_link_init(struct vhost_link *link, int fd);
/* The same for the next connection to the same device: what outlives a connection stays. */
void vhost_link_renew(struct vhost_link *link, int fd);
/* There is no connection now. The next may bring what the guest was offered; see returns. */
void vhost_link_await(struct vhost_link *link);
/* Closes. */
void vhost_link_close(struct vhost_link *link);
/* WHY is a constant. Closes too, and nothing is awaited any more. The first reason stays. */
void vhost_link_break(struct vhost_link *link, const char *why);

/* Sends a request that has no answer of its own, with FD, if that is not negative. With REPLY_ACK
 * an answer is awaited that says whether it was done. */
void vhost_link_send(struct vhost_link *link, enum vhost_request request, const void *payload,
		     uint32_t size, int fd);
/* Sends one that has an answer, of LEN bytes, which go TO. They stay valid until then. */
void vhost_link_ask(struct vhost_link *link, enum vhost_request request, const void *payload,
		    uint32_t size, void *to, uint32_t len);
/* Takes what has come. */
void vhost_link_read(struct vhost_link *link);
/* Waits until nothing is awaited any more, TIMEOUT_MS milliseconds at most. False: it is broken. */
bool vhost_link_settle(struct vhost_link *link, int timeout_ms);

static inline bool vhost_link_has(const struct vhost_link *link, unsigned int protocol_feature)
{
	return link->protocol_features >> protocol_feature & 1;
}

/*
 * The first words: who we are, what the back-end can do. Later ones of the same link do nothing.
 * Waits for each answer for TIMEOUT_MS milliseconds at most. False: it is broken.
 */
bool vhost_link_greet(struct vhost_link *link, int timeout_ms);
/* Says the next of them, when the answers to those before have come. False: there are no more. */
bool vhost_link_greet_on(struct vhost_link *link);
/* Nothing is under way any more. */
void vhost_link_drop_inflight(struct vhost_link *link);

#endif
