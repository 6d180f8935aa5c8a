/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_wire.h"

#include <string.h>

/* The header's flags. */
#define VERSION	     1u
#define VERSION_MASK 3u
#define REPLY	     4u
#define NEED_REPLY   8u

_Static_assert(sizeof(struct vhost_ring_state) == 8 && sizeof(struct vhost_ring_addresses) == 40 &&
		       sizeof(struct vhost_memory) == 40 &&
		       sizeof(struct vhost_config) == VHOST_PAYLOAD_MAX &&
		       sizeof(struct vhost_inflight) == 24,
	       "as the protocol lays them out");

void vhost_message_make(struct vhost_message *message, enum vhost_request request, bool need_reply,
			const void *payload, uint32_t size)
{
	message->request = request;
	message->flags = VERSION | (need_reply ? NEED_REPLY : 0);
	message->size = size;
	if (size)
		memcpy(message->payload, payload, size);
}

uint8_t *vhost_answer_room(struct vhost_answer *answer)
{
	return (uint8_t *)&answer->message + answer->have;
}

static uint32_t payload_len(const struct vhost_awaited *awaited)
{
	return awaited->ack ? (uint32_t)sizeof(uint64_t) : awaited->len;
}

/* GET_CONFIG is refused by an answer without contents. */
static bool is_refusal(const struct vhost_message *message)
{
	return message->request == VHOST_GET_CONFIG && message->size == 0;
}

static const char *header_fault(const struct vhost_message *message,
				const struct vhost_awaited *awaited)
{
	if (message->request != awaited->request)
		return "answers what it was not asked";
	if ((message->flags & VERSION_MASK) != VERSION)
		return "speaks another version of the protocol";
	if (!(message->flags & REPLY))
		return "asks instead of answering";
	if (is_refusal(message))
		return "does not give its configuration";
	if (message->size != payload_len(awaited))
		return "answers with another number of bytes than there should be";
	return NULL;
}

size_t vhost_answer_missing(const struct vhost_answer *answer, const struct vhost_awaited *awaited,
			    const char **why)
{
	*why = NULL;
	if (answer->have < VHOST_HEADER_LEN)
		return VHOST_HEADER_LEN - answer->have;
	*why = header_fault(&answer->message, awaited);
	if (*why)
		return 0;
	return VHOST_HEADER_LEN + payload_len(awaited) - answer->have;
}

/* Its first fields say again of which bytes it is. */
static const char *config_fault(const struct vhost_config *config,
				const struct vhost_awaited *awaited)
{
	const uint32_t bytes = awaited->len - (uint32_t)offsetof(struct vhost_config, bytes);

	return config->offset != 0 || config->size != bytes
		       ? "gives another part of its configuration than it was asked for"
		       : NULL;
}

static const char *ring_fault(const struct vhost_ring_state *state,
			      const struct vhost_awaited *awaited)
{
	struct vhost_ring_state asked;

	memcpy(&asked, awaited->to, sizeof(asked));
	if (state->index != asked.index)
		return "answers for another ring than it was asked about";
	return state->num > UINT16_MAX ? "says that a ring is where none can be" : NULL;
}

bool vhost_answer_has_file(const struct vhost_awaited *awaited)
{
	return awaited->request == VHOST_GET_INFLIGHT_FD && !awaited->ack;
}

static const char *inflight_fault(const uint8_t *payload, const struct vhost_awaited *awaited,
				  int file)
{
	struct vhost_inflight asked, given;

	memcpy(&asked, awaited->to, sizeof(asked));
	memcpy(&given, payload, sizeof(given)); /* which is not aligned for it */
	if (!file)
		return "gives no memory for what is under way";
	if (given.rings != asked.rings || given.queue_size != asked.queue_size)
		return "gives memory for other rings than it was asked about";
	return !given.size || given.size > INT64_MAX || given.offset > INT64_MAX - given.size
		       ? "gives memory of a size that cannot be"
		       : NULL;
}

const char *vhost_answer_take(struct vhost_answer *answer, const struct vhost_awaited *awaited)
{
	const uint8_t *payload = answer->message.payload;
	const char *why = NULL;
	uint64_t status;

	answer->have = 0;
	if (awaited->ack) {
		memcpy(&status, payload, sizeof(status));
		return status ? "refuses what it was asked to do" : NULL;
	}
	if (awaited->request == VHOST_GET_CONFIG)
		why = config_fault((const struct vhost_config *)payload, awaited);
	if (awaited->request == VHOST_GET_VRING_BASE)
		why = ring_fault((const struct vhost_ring_state *)payload, awaited);
	if (vhost_answer_has_file(awaited))
		why = inflight_fault(payload, awaited, answer->file);
	if (!why)
		memcpy(awaited->to, payload, awaited->len);
	return why;
}
