/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of the vhost-user protocol, as its front-end sends and reads them (QEMU's
 * docs/interop/vhost-user.rst). Pure: bytes in, bytes out. The back-end is another process, and
 * nothing that it sends is believed.
 */
#ifndef VHART_VHOST_WIRE_H
#define VHART_VHOST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/vhost_backend.h"

/* The requests that vhart makes. */
enum vhost_request {
	VHOST_GET_FEATURES = 1,
	VHOST_SET_FEATURES = 2,
	VHOST_SET_OWNER = 3,
	VHOST_SET_MEM_TABLE = 5,
	VHOST_SET_VRING_NUM = 8,
	VHOST_SET_VRING_ADDR = 9,
	VHOST_SET_VRING_BASE = 10,
	VHOST_GET_VRING_BASE = 11,
	VHOST_SET_VRING_KICK = 12,
	VHOST_SET_VRING_CALL = 13,
	VHOST_GET_PROTOCOL_FEATURES = 15,
	VHOST_SET_PROTOCOL_FEATURES = 16,
	VHOST_GET_QUEUE_NUM = 17,
	VHOST_SET_VRING_ENABLE = 18,
	VHOST_GET_CONFIG = 24,
	VHOST_SET_CONFIG = 25,
	VHOST_GET_INFLIGHT_FD = 31,
	VHOST_SET_INFLIGHT_FD = 32,
};

/* A feature bit, not one of the protocol's: there are protocol features. */
#define VHOST_USER_F_PROTOCOL_FEATURES 30u

/* Protocol features. */
#define VHOST_PROTOCOL_F_MQ		0u
#define VHOST_PROTOCOL_F_REPLY_ACK	3u
#define VHOST_PROTOCOL_F_CONFIG		9u
#define VHOST_PROTOCOL_F_INFLIGHT_SHMFD 12u

#define VHOST_HEADER_LEN  12u
#define VHOST_CONFIG_MAX  256u /* bytes of configuration space in a message */
#define VHOST_PAYLOAD_MAX (12u + VHOST_CONFIG_MAX)

/* All payloads but struct vhost_ring_state, in the host's byte order: sockets are of this machine.
 */
struct vhost_ring_addresses {
	uint32_t index, flags;
	uint64_t desc, used, avail; /* in the front-end's address space */
	uint64_t log;
};
struct vhost_memory {
	uint32_t regions, padding;
	uint64_t gpa, size, address, offset; /* the one region; its memory is the message's file */
};
struct vhost_config {
	uint32_t offset, size, flags;
	uint8_t bytes[VHOST_CONFIG_MAX];
};
/* The memory in which a back-end notes what is under way; it is the message's file. */
struct vhost_inflight {
	uint64_t size, offset;	    /* of it, in the file */
	uint16_t rings, queue_size; /* that it is for */
	uint32_t padding; /* as compilers have it: 24 bytes are what others send and expect */
};

struct vhost_message {
	uint32_t request, flags, size;
	uint8_t payload[VHOST_PAYLOAD_MAX];
};

/*
 * MESSAGE with SIZE bytes of PAYLOAD; NEED_REPLY asks for an answer where there would be none. Its
 * first VHOST_HEADER_LEN + SIZE bytes are what goes out.
 */
void vhost_message_make(struct vhost_message *message, enum vhost_request request, bool need_reply,
			const void *payload, uint32_t size);

/* An answer that is awaited. */
struct vhost_awaited {
	enum vhost_request request;
	bool ack;     /* that it was done: the payload is 0, and nothing is kept */
	void *to;     /* else the payload goes here */
	uint32_t len; /* bytes of it */
};

/* The bytes of one answer, as they come. */
struct vhost_answer {
	struct vhost_message message;
	size_t have;
	int file; /* that came with them; 0: none */
};

/* Whether a file comes with an answer to that. */
bool vhost_answer_has_file(const struct vhost_awaited *awaited);

/*
 * How many bytes of the answer are to be read next, and not one more; they go behind those that
 * there are: at vhost_answer_room(). 0: it is complete. In *WHY, if it cannot be an answer to
 * AWAITED, what is wrong with it (a constant, "..." in "the back-end ..."); then 0 too.
 */
size_t vhost_answer_missing(const struct vhost_answer *answer, const struct vhost_awaited *awaited,
			    const char **why);
uint8_t *vhost_answer_room(struct vhost_answer *answer);
/* Of a complete answer: NULL, and AWAITED has its payload; or what is wrong. */
const char *vhost_answer_take(struct vhost_answer *answer, const struct vhost_awaited *awaited);

#endif
