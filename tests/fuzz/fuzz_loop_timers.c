/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's timers, armed as a guest likes, on a clock that the input moves, beside a model: an
 * array of deadlines. Exactly those due expire, and no wait is longer than the next deadline.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "base/loop_timers.h"
#include "tests/fuzz/program.h"

#define TIMERS 4u

struct world {
	struct loop_timer *list;
	struct timer {
		struct loop_timer timer;
		struct world *world;
		uint64_t due; /* 0: not armed */
		uint64_t again;
	} timers[TIMERS];
	uint64_t now;
	uint64_t last_due;
};

static void require(bool good)
{
	if (!good)
		abort();
}

static void arm(struct world *world, struct timer *timer, uint64_t after)
{
	loop_timers_set(&world->list, &timer->timer, world->now, after);
	timer->due = after > UINT64_MAX - world->now ? UINT64_MAX : world->now + after;
	if (!after)
		timer->due = 0;
	require(timer->timer.deadline == timer->due);
}

static void expired(struct loop_timer *loop_timer)
{
	struct timer *timer = loop_timer->opaque;
	struct world *world = timer->world;

	require(timer->due && timer->due <= world->now && timer->due >= world->last_due);
	world->last_due = timer->due;
	timer->due = 0;
	if (timer->again && world->now != UINT64_MAX)
		arm(world, timer, timer->again);
	timer->again = 0;
}

static void check(const struct world *world)
{
	uint64_t wait = loop_timers_wait(world->list, world->now), first = UINT64_MAX;
	unsigned int armed = 0, listed = 0;

	for (unsigned int i = 0; i < TIMERS; i++) {
		uint64_t due = world->timers[i].due;

		armed += due != 0;
		if (due && due < first)
			first = due;
	}
	for (const struct loop_timer *at = world->list; at; at = at->next)
		listed++;
	require(armed == listed);
	if (!armed)
		require(wait == UINT64_MAX);
	else if (first <= world->now)
		require(wait == 0);
	else
		require(wait > 0 && wait <= LOOP_LONGEST_WAIT_NS && wait <= first - world->now);
}

static void run(struct world *world)
{
	world->last_due = 0;
	loop_timers_run(&world->list, world->now);
	for (unsigned int i = 0; i < TIMERS; i++)
		require(!world->timers[i].due || world->timers[i].due > world->now);
}

/* Far and near are as likely: a number of as many bytes as the input says. */
static uint64_t take_time(struct input *input, uint64_t op)
{
	uint64_t value = input_take(input, 1u << (op >> 4 & 3));

	return op & 0x40 ? ~value : value;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {.bytes = bytes, .left = size};
	struct world world = {0};

	for (unsigned int i = 0; i < TIMERS; i++) {
		struct timer *timer = &world.timers[i];

		timer->timer = (struct loop_timer){.expired = expired, .opaque = timer};
		timer->world = &world;
	}
	while (input.left) {
		uint64_t op = input_take(&input, 1);
		struct timer *timer = &world.timers[op >> 2 & 3];
		uint64_t time = take_time(&input, op);

		switch (op & 3) {
		case 0:
		case 1: arm(&world, timer, time); break;
		case 2: timer->again = time; break;
		default:
			world.now = time > UINT64_MAX - world.now ? UINT64_MAX : world.now + time;
			run(&world);
			break;
		}
		check(&world);
	}
	return 0;
}
