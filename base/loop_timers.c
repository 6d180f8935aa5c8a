/* SPDX-License-Identifier: Apache-2.0 */

#include "base/loop_timers.h"

#include "base/saturate.h"

static void take_out(struct loop_timer **list, struct loop_timer *timer)
{
	struct loop_timer **at = list;

	while (*at && *at != timer)
		at = &(*at)->next;
	if (*at)
		*at = timer->next;
	timer->deadline = 0;
}

void loop_timers_set(struct loop_timer **list, struct loop_timer *timer, uint64_t now,
		     uint64_t after_ns)
{
	struct loop_timer **at = list;

	if (timer->deadline)
		take_out(list, timer);
	if (!after_ns)
		return;
	timer->deadline = saturating_add(now, after_ns);
	while (*at && (*at)->deadline <= timer->deadline)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
}

void loop_timers_run(struct loop_timer **list, uint64_t now)
{
	while (*list && (*list)->deadline <= now) {
		struct loop_timer *timer = *list;

		*list = timer->next;
		timer->deadline = 0;
		timer->expired(timer);
	}
}

uint64_t loop_timers_wait(const struct loop_timer *list, uint64_t now)
{
	uint64_t wait;

	if (!list)
		return UINT64_MAX;
	wait = saturating_sub(list->deadline, now);
	return wait < LOOP_LONGEST_WAIT_NS ? wait : LOOP_LONGEST_WAIT_NS;
}
