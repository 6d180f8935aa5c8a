/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/ring_room.h"

#include "trace/exits/exit_task.h"
#include "trace/exits/exits_map.h"

uint64_t ring_buffer(const struct ring_wish *wish)
{
	uint64_t part = wish->host_memory / 32;

	if (wish->buffer)
		return wish->buffer;
	if (part < RINGS_LEAST)
		return RINGS_LEAST;
	return part < RINGS_USUAL ? part : RINGS_USUAL;
}

static uint64_t bytes_of_one(const struct ring_wish *wish)
{
	return sizeof(struct exit_record) + (wish->long_text ? sizeof(struct exit_text) : 0) +
	       (wish->stacks
			? sizeof(struct exit_stack) + RING_STACK_PIECES * sizeof(struct stack_piece)
			: 0) +
	       (wish->tasks ? sizeof(struct exit_task) : 0);
}

struct ring_room ring_room(const struct ring_wish *wish)
{
	uint64_t most = wish->buffer ? RINGS_MOST / sizeof(struct exit_record) : RING_RECORDS;
	uint64_t records = ring_buffer(wish) / wish->vcpus / bytes_of_one(wish);

	if (records > most)
		records = most;
	if (records < 1)
		records = 1;
	uint64_t pieces = wish->stacks ? records * RING_STACK_PIECES : 1;

	if (wish->stacks && pieces < STACK_PIECES)
		pieces = STACK_PIECES;
	return (struct ring_room){.records = (uint32_t)records, .pieces = (uint32_t)pieces};
}

/* A call that is watched takes twice as long, at least. */
#define CALL_NS 2500u

uint64_t ring_look_after(uint64_t before, uint64_t waiting, uint64_t room)
{
	uint64_t most = room * CALL_NS, next = before;

	if (waiting > room / 4)
		next = before / 4;
	else if (waiting < room / 16)
		next = before * 2;
	if (most > RING_LOOK_MOST_NS)
		most = RING_LOOK_MOST_NS;
	if (next > most)
		next = most;
	return next > RING_LOOK_LEAST_NS ? next : RING_LOOK_LEAST_NS;
}
