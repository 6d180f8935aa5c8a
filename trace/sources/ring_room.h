/* SPDX-License-Identifier: Apache-2.0 */
/* How many exits can wait one by one in so much memory. Pure. */
#ifndef VHART_RING_ROOM_H
#define VHART_RING_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* Memory for all rings, unless said otherwise, and the most: what a BPF map may have. */
#define RINGS_LEAST (64ull << 20)
#define RINGS_USUAL (256ull << 20)
#define RINGS_MOST  (2ull << 30)

/* A ring, unless said otherwise: that is most of a second of a guest that does nothing but the
 * fastest calls there are. */
#define RING_RECORDS 65536u

/*
 * Where a guest leaves, its kernel's stack has seldom more than that. One that has more takes the
 * room of several.
 */
#define RING_STACK_PIECES 3u

struct ring_wish {
	uint64_t buffer; /* bytes for all rings; 0: as many as are usual with HOST_MEMORY bytes */
	uint64_t host_memory;
	uint32_t vcpus; /* from 1 up */
	bool long_text; /* struct exit_text beside each record */
	bool stacks;	/* and a stack */
	bool tasks;	/* and a task */
};

struct ring_room {
	uint32_t records, pieces; /* of each vCPU; from 1 and, where there are stacks, from
				     STACK_PIECES up: one exit always fits */
};

/*
 * When rings of ROOM records are to be emptied again, in ns: they were BEFORE ns after the time
 * before that, and the fullest held WAITING. Each time takes a vCPU's CPU, twice a switch of
 * threads. Never so late that a guest which begins to make the fastest calls there are fills one.
 */
#define RING_LOOK_LEAST_NS 5000000u
#define RING_LOOK_MOST_NS  100000000u
uint64_t ring_look_after(uint64_t before, uint64_t waiting, uint64_t room);

uint64_t ring_buffer(const struct ring_wish *wish);
struct ring_room ring_room(const struct ring_wish *wish);

#endif
