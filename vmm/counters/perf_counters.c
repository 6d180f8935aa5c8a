/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/counters/perf_counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/log.h"

/* drivers/perf/riscv_pmu_sbi.c: the event counts in VS- and VU-mode. */
#define CONFIG1_GUEST_EVENTS 1u

#define NO_SLOT PERF_SLOTS

/*
 * perf record -F begins with a period of 1. The overflow may come late, as hardware's does; one for
 * every instruction of the host's own way back into the guest would be the end of both.
 */
#define LEAST_PERIOD 500u

#define COUNTING_PERIOD (1ull << 40) /* minutes; nobody is told */

/* ---- which perf event an SBI event is (SBI 3.0, section 11.3) ---- */

/* perf's PERF_COUNT_HW_* are the SBI's codes 1 to 10, less one. */
#define HARDWARE_CODES 10u

static bool cache_config(unsigned int code, uint64_t *config)
{
	unsigned int id = code >> 3, op = code >> 1 & 3, result = code & 1;

	*config = id | op << 8 | result << 16;
	return id < PERF_COUNT_HW_CACHE_MAX && op < PERF_COUNT_HW_CACHE_OP_MAX;
}

bool perf_counters_attr(const struct pmu_event *event, struct perf_event_attr *attr)
{
	uint64_t config = 0;

	*attr = (struct perf_event_attr){
		.size = sizeof(*attr),
		.disabled = 1,
		/* All of the time or none of it: a multiplexed count would be a guess. */
		.pinned = 1,
		.exclude_host = 1,
		.exclude_hv = 1,
		.exclude_user = event->no_user,
		.exclude_kernel = event->no_supervisor,
		.config1 = CONFIG1_GUEST_EVENTS,
	};
	switch (event->type) {
	case 0:
		attr->type = PERF_TYPE_HARDWARE;
		attr->config = event->code - 1u;
		return event->code >= 1 && event->code <= HARDWARE_CODES;
	case 1:
		attr->type = PERF_TYPE_HW_CACHE;
		if (!cache_config(event->code, &config))
			return false;
		attr->config = config;
		return true;
	case 2:
		attr->type = PERF_TYPE_RAW;
		attr->config = event->data & ((1ull << 48) - 1);
		return true;
	case 3:
		attr->type = PERF_TYPE_RAW;
		attr->config = event->data & ((1ull << 56) - 1);
		return true;
	default: return false;
	}
}

/* ---- slots ---- */

static bool same_event(const struct pmu_event *a, const struct pmu_event *b)
{
	return a->type == b->type && a->code == b->code && a->data == b->data &&
	       a->no_user == b->no_user && a->no_supervisor == b->no_supervisor;
}

static void slot_close(struct perf_counters *perf, struct perf_slot *slot)
{
	perf->calls->close(perf->opaque, slot->fd);
	slot->fd = -1;
}

/* A parked slot of EVENT; else a free one; else the one that was parked longest, closed. */
static unsigned int slot_choose(struct perf_counters *perf, const struct pmu_event *event,
				bool sampling)
{
	unsigned int free = NO_SLOT, oldest = NO_SLOT;

	for (unsigned int i = 0; i < PERF_SLOTS; i++) {
		const struct perf_slot *slot = &perf->slots[i];

		if (slot->fd < 0) {
			if (free == NO_SLOT)
				free = i;
			continue;
		}
		if (slot->used)
			continue;
		if (slot->sampling == sampling && same_event(&slot->event, event))
			return i;
		if (oldest == NO_SLOT || slot->last_use < perf->slots[oldest].last_use)
			oldest = i;
	}
	if (free != NO_SLOT)
		return free;
	if (oldest != NO_SLOT)
		slot_close(perf, &perf->slots[oldest]);
	return oldest;
}

/* Descriptors are the process's: when there are no more, what is parked can go. */
static bool close_parked(struct perf_counters *perf)
{
	bool any = false;

	for (unsigned int i = 0; i < PERF_SLOTS; i++) {
		if (perf->slots[i].fd < 0 || perf->slots[i].used)
			continue;
		slot_close(perf, &perf->slots[i]);
		any = true;
	}
	return any;
}

int perf_event_take(struct perf_counters *perf, struct perf_event_attr *attr, bool sampling)
{
	int fd;

	attr->sample_period = COUNTING_PERIOD;
	fd = perf->calls->open(perf->opaque, attr, sampling ? perf->signal : 0);
	if (sampling || (fd != -EOPNOTSUPP && fd != -EINVAL))
		return fd;
	attr->sample_period = 0;
	return perf->calls->open(perf->opaque, attr, 0);
}

/* A slot for EVENT, stopped, into *INDEX. 0 or -errno. */
static int slot_get(struct perf_counters *perf, const struct pmu_event *event, bool sampling,
		    unsigned int *index)
{
	struct perf_event_attr attr;
	struct perf_slot *slot;
	unsigned int chosen;
	int fd;

	if (!perf_counters_attr(event, &attr))
		return -ENOENT;
	if (event->type == PMU_EVENT_RAW_V2 && attr.config >> perf->raw_bits)
		return -ENOENT;
	chosen = slot_choose(perf, event, sampling);
	if (chosen == NO_SLOT)
		return -EMFILE;
	slot = &perf->slots[chosen];
	if (slot->fd < 0) {
		fd = perf_event_take(perf, &attr, sampling);
		if (fd == -EMFILE && close_parked(perf))
			fd = perf_event_take(perf, &attr, sampling);
		if (fd < 0)
			return fd;
		*slot = (struct perf_slot){.fd = fd, .event = *event, .sampling = sampling};
	}
	slot->used = true;
	slot->idle = false;
	slot->last_use = ++perf->serial;
	*index = chosen;
	return 0;
}

static void slot_disable(struct perf_counters *perf, struct perf_slot *slot)
{
	perf->calls->control(perf->opaque, slot->fd, PERF_EVENT_IOC_DISABLE, 0);
	slot->enabled = false;
}

/* ---- counters ---- */

static uint64_t total(const struct perf_counters *perf, const struct perf_counter *counter)
{
	if (!counter->running)
		return counter->before;
	return counter->before + perf->slots[counter->slot].count - counter->base;
}

static void lose(struct perf_counters *perf, unsigned int counter)
{
	if (perf->lost++ == 0)
		warning("pmu: hart %u: the host took counter %u away (another user of perf has "
			"it): it stands still until the guest starts it again",
			perf->hart, counter);
	perf->counters[counter].lost = true;
}

static bool slot_read(struct perf_counters *perf, unsigned int counter)
{
	struct perf_slot *slot = &perf->slots[perf->counters[counter].slot];
	uint64_t count;

	if (perf->calls->read(perf->opaque, slot->fd, &count)) {
		slot->count = count - slot->hidden;
		return true;
	}
	lose(perf, counter);
	/* It is not enabled any more, and has to be enabled to be tried again. */
	slot->enabled = false;
	return false;
}

void perf_counters_init(struct perf_counters *perf, unsigned int hart, int signal,
			const struct perf_calls *calls, void *opaque)
{
	*perf = (struct perf_counters){
		.hart = hart, .signal = signal, .calls = calls, .opaque = opaque};
	perf->raw_bits = calls->raw_bits(opaque);
	for (unsigned int i = 0; i < PERF_SLOTS; i++)
		perf->slots[i].fd = -1;
}

void perf_counters_free(struct perf_counters *perf)
{
	for (unsigned int i = 0; i < PERF_SLOTS; i++)
		if (perf->slots[i].fd >= 0)
			slot_close(perf, &perf->slots[i]);
}

/* Whether the user hears of this errno for the first time. */
static bool first_time(struct perf_counters *perf, unsigned int reason)
{
	uint64_t *word = &perf->told[reason / 64 % 3], bit = 1ull << reason % 64;
	bool first = !(*word & bit);

	*word |= bit;
	return first;
}

bool perf_no_event(int error)
{
	return error == -ENOENT || error == -EOPNOTSUPP || error == -EINVAL;
}

static void refuse(struct perf_counters *perf, const struct pmu_event *event, int error)
{
	/* News for the guest only. */
	if (perf_no_event(error) || !first_time(perf, (unsigned int)-error))
		return;
	warning("pmu: hart %u: no counter for event type %u, code 0x%x: perf_event_open: %s: the "
		"guest gets NOT_SUPPORTED%s",
		perf->hart, event->type, event->code, strerror(-error),
		error == -EACCES || error == -EPERM
			? " (sysctl kernel.perf_event_paranoid=1 or CAP_PERFMON allow it)"
			: "");
}

int perf_counters_open(struct perf_counters *perf, unsigned int index,
		       const struct pmu_event *event)
{
	struct perf_counter *counter = &perf->counters[index];
	int result = slot_get(perf, event, false, &counter->slot);

	if (result < 0) {
		refuse(perf, event, result);
		return result;
	}
	counter->open = true;
	counter->running = counter->lost = false;
	counter->event = *event;
	counter->before = 0;
	return 0;
}

void perf_counters_close(struct perf_counters *perf, unsigned int index)
{
	struct perf_counter *counter = &perf->counters[index];

	perf_counters_stop(perf, index);
	perf->slots[counter->slot].used = false;
	counter->open = false;
}

/* A counter that overflows needs another kind of event than one that only counts: one whose signal
 * the vCPU's thread waits for. */
static bool change_slot(struct perf_counters *perf, struct perf_counter *counter, bool sampling)
{
	unsigned int slot;
	int result = slot_get(perf, &counter->event, sampling, &slot);

	if (result < 0) {
		refuse(perf, &counter->event, result);
		return false;
	}
	perf->slots[counter->slot].used = false;
	counter->slot = slot;
	return true;
}

static bool is_running(const struct perf_counters *perf, unsigned int slot)
{
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++)
		if (perf->counters[i].open && perf->counters[i].running &&
		    perf->counters[i].slot == slot)
			return true;
	return false;
}

static void refresh(struct perf_counters *perf, struct perf_slot *slot)
{
	uint64_t count;

	if (perf->calls->read(perf->opaque, slot->fd, &count))
		slot->count = count - slot->hidden;
	else
		slot->enabled = false; /* in error: it has to be enabled again */
}

static void settle(struct perf_counters *perf, struct perf_slot *slot)
{
	refresh(perf, slot);
	slot_disable(perf, slot);
}

static bool same_kind(const struct pmu_event *a, const struct pmu_event *b)
{
	return a->type == b->type && a->code == b->code && a->data == b->data;
}

/*
 * The hardware has few counters, and in the lab one for each event: those that do not run go, of
 * EVENT alone where it is given, and with KEEP only those that no counter has.
 */
static bool make_room(struct perf_counters *perf, const struct pmu_event *event, bool keep)
{
	bool any = false;

	for (unsigned int i = 0; i < PERF_SLOTS; i++) {
		struct perf_slot *slot = &perf->slots[i];

		if (slot->fd < 0 || !slot->enabled || is_running(perf, i) || (keep && slot->used))
			continue;
		if (event && !same_kind(&slot->event, event))
			continue;
		settle(perf, slot);
		any = true;
	}
	return any;
}

/* False: no counter of the hardware is free. */
static bool enable(struct perf_counters *perf, struct perf_slot *slot, uint64_t period)
{
	uint64_t count;

	if (period < LEAST_PERIOD)
		period = LEAST_PERIOD;
	if (slot->sampling &&
	    perf->calls->control(perf->opaque, slot->fd, PERF_EVENT_IOC_PERIOD, period) < 0)
		return false;
	/* This also ends the error state of an event that was lost. */
	if (perf->calls->control(perf->opaque, slot->fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return false;
	/* A pinned event that finds no counter is in error at once: this thread runs, and so its
	 * events are on the hardware even while none of them counts, outside the guest. */
	slot->enabled = perf->calls->read(perf->opaque, slot->fd, &count);
	/* One that was lost has counted on since it was read last. */
	if (slot->enabled)
		slot->count = count - slot->hidden;
	return slot->enabled;
}

/* ---- what can run together ---- */

static bool is_raw(const struct pmu_event *event)
{
	return event->type == PMU_EVENT_RAW || event->type == PMU_EVENT_RAW_V2;
}

/* Once: the guest hears of each. */
static void no_counter(struct perf_counters *perf, const struct pmu_event *event, const char *what)
{
	if (perf->without_counter++ == 0)
		warning("pmu: hart %u: the host has no free counter for event type %u, code 0x%x "
			"(another user of perf may have them): %s",
			perf->hart, event->type, event->code, what);
}

static bool enable_for_trial(struct perf_counters *perf, struct perf_slot *slot)
{
	return enable(perf, slot, COUNTING_PERIOD) ||
	       (make_room(perf, NULL, true) && enable(perf, slot, COUNTING_PERIOD));
}

/* Enables what counters have and is not enabled, into TRIED; false: it does not all fit. */
static bool enable_all(struct perf_counters *perf, bool *tried)
{
	for (unsigned int i = 0; i < PERF_SLOTS; i++) {
		struct perf_slot *slot = &perf->slots[i];

		if (slot->fd < 0 || !slot->used || slot->enabled)
			continue;
		tried[i] = true;
		if (!enable_for_trial(perf, slot))
			return false;
	}
	return true;
}

/*
 * Not only this one: a guest that configures more than the host has is told at the first that is
 * too many, and not when it starts them. What was enabled for the trial does not stay so, but for
 * the counter itself, which is likely to be started next.
 */
bool perf_counters_schedulable(struct perf_counters *perf, unsigned int index)
{
	const struct perf_counter *counter = &perf->counters[index];
	struct perf_slot *slot = &perf->slots[counter->slot];
	bool tried[PERF_SLOTS] = {false}, stays = !slot->sampling, fits;

	slot->idle = false;
	if (slot->enabled)
		refresh(perf, slot);
	make_room(perf, &slot->event, true);
	fits = enable_all(perf, tried);
	for (unsigned int i = 0; i < PERF_SLOTS; i++) {
		struct perf_slot *other = &perf->slots[i];

		if (other != slot && other->fd >= 0 && other->enabled &&
		    same_kind(&other->event, &slot->event))
			stays = false;
		if (other != slot && tried[i])
			slot_disable(perf, other);
	}
	if (slot->enabled && !(fits && stays))
		settle(perf, slot);
	/* The host opens any raw event: that there is none is news for the guest only. */
	if (!fits && !is_raw(&counter->event))
		no_counter(perf, &counter->event, "the guest gets NOT_SUPPORTED");
	return fits;
}

bool perf_counters_start(struct perf_counters *perf, unsigned int index, uint64_t period)
{
	struct perf_counter *counter = &perf->counters[index];
	bool sampling = period != PMU_NO_OVERFLOW;
	struct perf_slot *slot;

	if (perf->slots[counter->slot].sampling != sampling &&
	    !change_slot(perf, counter, sampling))
		return false;
	slot = &perf->slots[counter->slot];
	slot->idle = false;
	if (slot->enabled)
		refresh(perf, slot); /* what it counted while nobody wanted it is left out */
	if (!slot->enabled) {
		make_room(perf, &slot->event, false);
		if (!enable(perf, slot, period) &&
		    !(make_room(perf, NULL, false) && enable(perf, slot, period))) {
			no_counter(perf, &counter->event, "it counts nothing");
			return false;
		}
	}
	counter->lost = false;
	counter->base = slot->count;
	counter->due = slot->count + slot->hidden + period;
	counter->running = true;
	return true;
}

void perf_counters_stop(struct perf_counters *perf, unsigned int index)
{
	struct perf_counter *counter = &perf->counters[index];
	struct perf_slot *slot = &perf->slots[counter->slot];

	if (!counter->running)
		return;
	if (!counter->lost)
		slot_read(perf, index);
	counter->before = total(perf, counter);
	counter->running = false;
	/* One that overflows would go on to interrupt. */
	if (slot->sampling)
		slot_disable(perf, slot);
}

bool perf_counters_read(struct perf_counters *perf, unsigned int index, uint64_t *count)
{
	struct perf_counter *counter = &perf->counters[index];
	bool good = !counter->lost;

	if (good && counter->running)
		good = slot_read(perf, index);
	*count = total(perf, counter);
	return good;
}

bool perf_counters_settle(struct perf_counters *perf)
{
	bool more = false;

	for (unsigned int i = 0; i < PERF_SLOTS; i++) {
		struct perf_slot *slot = &perf->slots[i];

		if (slot->fd < 0 || (slot->used && !slot->enabled) || is_running(perf, i))
			continue;
		if (!slot->idle)
			slot->idle = more = true;
		else if (slot->used)
			settle(perf, slot);
		else
			slot_close(perf, slot);
	}
	return more;
}

/*
 * Of other events the driver knows at open() which of them the hardware has. Whether a counter is
 * free for them just now is not asked: Linux never asks again for what was not there at its start.
 */
static bool raw_exists(struct perf_counters *perf, struct perf_slot *slot)
{
	bool exists = slot->enabled || enable_for_trial(perf, slot);

	if (slot->enabled)
		settle(perf, slot);
	return exists;
}

bool perf_counters_supported(struct perf_counters *perf, const struct pmu_event *event, bool try)
{
	unsigned int slot;

	/* Left parked: who asks is likely to want it. */
	if (slot_get(perf, event, false, &slot) < 0)
		return false;
	perf->slots[slot].used = false;
	return !try || !is_raw(event) || raw_exists(perf, &perf->slots[slot]);
}

static uint64_t host_count(const struct perf_slot *slot)
{
	return slot->count + slot->hidden;
}

/* Of every counter that runs: remembers what the host has counted, or hides what it did since. */
static void count_hidden(struct perf_counters *perf, bool ended)
{
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++) {
		const struct perf_counter *counter = &perf->counters[i];
		struct perf_slot *slot = &perf->slots[counter->slot];
		uint64_t count;

		if (!counter->open || !counter->running || counter->lost)
			continue;
		/* One that is lost is so for who reads it next, too. */
		if (!perf->calls->read(perf->opaque, slot->fd, &count))
			continue;
		if (ended)
			slot->hidden += count - slot->hiding_from;
		slot->hiding_from = count;
	}
}

void perf_counters_hide(struct perf_counters *perf)
{
	count_hidden(perf, false);
}

void perf_counters_show(struct perf_counters *perf)
{
	count_hidden(perf, true);
}

int perf_counters_of_signal(struct perf_counters *perf, int fd)
{
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++) {
		const struct perf_counter *counter = &perf->counters[i];

		if (!counter->open || !counter->running || perf->slots[counter->slot].fd != fd)
			continue;
		if (slot_read(perf, i) && host_count(&perf->slots[counter->slot]) >= counter->due)
			return (int)i;
	}
	return -1;
}
