/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/wake.h"

#include "base/clock.h"

/* Longer than this is waited in pieces: no sum with it wraps. */
#define LONGEST_WAIT_NS (3600 * NS_PER_S)

/* Bits of sie and sip. */
enum { TIMER = 5, EXTERNAL = 9 };

static bool enabled(const struct wake_state *state, unsigned int bit)
{
	return state->sie >> bit & 1;
}

static uint64_t timer_wait_ns(const struct wake_state *state)
{
	uint64_t ticks = state->compare - state->time;

	/* Rounded up: before its time it is not due. */
	if (ticks / state->frequency >= LONGEST_WAIT_NS / NS_PER_S)
		return LONGEST_WAIT_NS;
	return ticks / state->frequency * NS_PER_S +
	       (ticks % state->frequency * NS_PER_S + state->frequency - 1) / state->frequency;
}

bool wake_due(const struct wake_state *state, uint64_t *wait_ns)
{
	*wait_ns = WAKE_NEVER;
	if (state->sie & state->sip)
		return true;
	if (enabled(state, EXTERNAL) && state->external)
		return true;
	/* All ones is how a timer is put off (SBI 3.0, chapter 6). */
	if (!enabled(state, TIMER) || !state->frequency || state->compare == UINT64_MAX)
		return false;
	if (state->time >= state->compare)
		return true;
	*wait_ns = timer_wait_ns(state);
	return false;
}
