/* SPDX-License-Identifier: Apache-2.0 */
/* What the forward's programs count: firmware events that are KVM's own answers, and exits. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "sbi/forward_private.h"

static int start_counting(struct forward *forward)
{
	struct forward_programs *exits = &forward->programs;
	void *firmware_at, *exits_at;
	int result;

	if (forward->programs.on_functions) {
		exits = &forward->exit_programs;
		result = forward_load_exits(exits, forward->harts);
		if (result < 0)
			return result;
	}
	firmware_at = forward_map(forward->programs.firmware,
				  forward->harts * sizeof(*forward->firmware));
	exits_at = forward_map(exits->exits, forward->harts * sizeof(*forward->exits));
	__atomic_store_n(forward->programs.counting, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&forward->firmware, firmware_at, __ATOMIC_RELEASE);
	__atomic_store_n(&forward->exits, exits_at, __ATOMIC_RELEASE);
	return firmware_at && exits_at ? 0 : -ENOMEM;
}

bool forward_count(struct forward *forward, struct forward_refusal *refusal)
{
	int result = 0;

	if (!forward->rules.counts)
		return false;
	pthread_mutex_lock(&forward->lock);
	if (!forward->exits)
		result = start_counting(forward);
	pthread_mutex_unlock(&forward->lock);
	if (result == 0)
		return true;
	snprintf(refusal->why, sizeof(refusal->why), "%s the BPF programs that count: %s",
		 forward->exit_programs.step ? forward->exit_programs.step : "loading",
		 strerror(-result));
	refusal->way_out = forward_way_out(-result);
	return false;
}

void forward_end_counts(struct forward *forward)
{
	if (forward->firmware)
		munmap((void *)(uintptr_t)forward->firmware,
		       forward->harts * sizeof(*forward->firmware));
	if (forward->exits)
		munmap((void *)(uintptr_t)forward->exits, forward->harts * sizeof(*forward->exits));
	forward_unload(&forward->exit_programs);
}

static uint64_t load_count(const uint64_t *count)
{
	return __atomic_load_n(count, __ATOMIC_RELAXED);
}

static const struct forward_exits *exits_of(const struct forward *forward, unsigned int hart)
{
	const struct forward_exits *exits = __atomic_load_n(&forward->exits, __ATOMIC_ACQUIRE);

	return exits && hart < forward->harts ? &exits[hart] : NULL;
}

static uint64_t sum_causes(const struct forward_exits *exits, uint64_t causes)
{
	uint64_t sum = 0;

	for (unsigned int cause = 0; cause < FORWARD_CAUSES; cause++)
		if (causes >> cause & 1)
			sum += load_count(&exits->causes[cause]);
	return sum;
}

bool forward_firmware_count(const struct forward *forward, unsigned int hart, unsigned int code,
			    uint64_t *count)
{
	/* Events 0 to 4 are exceptions that get to the host, and these their causes. */
	static const unsigned int cause_of[] = {4, 6, 5, 7, 2};
	const struct forward_firmware *firmware =
		__atomic_load_n(&forward->firmware, __ATOMIC_ACQUIRE);
	const struct forward_exits *exits = exits_of(forward, hart);

	if (!exits || !firmware)
		return false;
	if (code < sizeof(cause_of) / sizeof(cause_of[0])) {
		*count = load_count(&exits->causes[cause_of[code]]);
		return true;
	}
	/* The hfence events are of calls that KVM does not have. */
	if (code < FORWARD_FW_SET_TIMER || code > FORWARD_FW_FENCE_I_SENT + 5)
		return false;
	*count = load_count(&firmware[hart].events[code]);
	return true;
}

/* Bits of CAUSES: exceptions, then from bit 32 interrupts (privileged specification, scause). */
static const struct {
	const char *name;
	uint64_t causes;
} platform_events[] = {
	[FORWARD_EXITS] = {"exits", UINT64_MAX},
	[FORWARD_STAGE_2_FAULTS] = {"stage-2-faults", 1u << 20 | 1u << 21 | 1u << 23},
	[FORWARD_HALTS] = {"halts", 0},
	[FORWARD_HOST_INTERRUPTS] = {"host-interrupts", UINT64_MAX << 32},
	[FORWARD_ECALLS] = {"ecalls", 1u << 10},
	[FORWARD_VIRTUAL_INSTRUCTIONS] = {"virtual-instructions", 1u << 22},
};

const char *forward_platform_name(enum forward_platform_event event)
{
	return event < FORWARD_PLATFORM_EVENTS ? platform_events[event].name : NULL;
}

bool forward_platform_count(const struct forward *forward, unsigned int hart,
			    enum forward_platform_event event, uint64_t *count)
{
	const struct forward_exits *exits = exits_of(forward, hart);

	if (!exits || event >= FORWARD_PLATFORM_EVENTS)
		return false;
	*count = event == FORWARD_HALTS ? load_count(&exits->halts)
					: sum_causes(exits, platform_events[event].causes);
	return true;
}
