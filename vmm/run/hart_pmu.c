/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/hart_pmu.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pmu/quirks.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/lcofi.h"
#include "vmm/machine/machine_private.h"

#define SETTLE_NS	100000000ull /* many switches of tasks */
#define FIRST_KICK_NS	1000000ull
#define SLOWEST_KICK_NS 64000000ull

/* ---- what pmu/ is given ---- */

static int source_open(void *opaque, unsigned int counter, const struct pmu_event *event)
{
	struct hart_pmu *hart = opaque;

	return perf_counters_open(&hart->perf, counter, event);
}

static bool source_start(void *opaque, unsigned int counter, uint64_t period)
{
	struct hart_pmu *hart = opaque;

	if (period != PMU_NO_OVERFLOW && !vcpu_keep_signal(hart->vcpu, HART_PMU_SIGNAL))
		return false;
	return perf_counters_start(&hart->perf, counter, period);
}

/* On the loop's thread. */
static void settle_expired(struct loop_timer *timer)
{
	struct hart_pmu *hart = timer->opaque;

	atomic_store(&hart->settle, true);
	vcpu_kick(hart->vcpu);
}

/* After what can leave an event open or enabled that is not needed. */
static void settle_later(struct hart_pmu *hart)
{
	struct machine *machine = hart->vcpu->machine;

	if (hart->watched)
		return;
	hart->watched = true;
	pthread_mutex_lock(&machine->lock);
	loop_timer_set(machine->loop, &hart->timer, SETTLE_NS);
	pthread_mutex_unlock(&machine->lock);
}

static void source_stop(void *opaque, unsigned int counter)
{
	struct hart_pmu *hart = opaque;

	perf_counters_stop(&hart->perf, counter);
	settle_later(hart);
}

static void source_close(void *opaque, unsigned int counter)
{
	struct hart_pmu *hart = opaque;

	perf_counters_close(&hart->perf, counter);
	settle_later(hart);
}

static bool source_schedulable(void *opaque, unsigned int counter)
{
	struct hart_pmu *hart = opaque;
	bool schedulable = perf_counters_schedulable(&hart->perf, counter);

	settle_later(hart);
	return schedulable;
}

static bool source_read(void *opaque, unsigned int counter, uint64_t *count)
{
	struct hart_pmu *hart = opaque;

	return perf_counters_read(&hart->perf, counter, count);
}

static bool source_supported(void *opaque, const struct pmu_event *event)
{
	struct hart_pmu *hart = opaque;
	bool supported = perf_counters_supported(&hart->perf, event,
						 !pmu_has(&hart->pmu, PMU_CONFIG_UNTRIED));

	settle_later(hart);
	return supported;
}

/* The programs count, for every exit, only once somebody asks. */
static bool counting(struct hart_pmu *hart)
{
	struct forward *forward = atomic_load(&hart->vcpu->machine->forward);
	struct forward_refusal refusal = {.way_out = NULL};

	if (hart->counting || !forward)
		return hart->counting;
	hart->counting = forward_count(forward, &refusal);
	if (!hart->counting && !hart->no_count_told && refusal.way_out) {
		hart->no_count_told = true;
		warning("pmu: hart %u: no firmware events are counted: %s: %s", hart->vcpu->id,
			refusal.why, refusal.way_out);
	}
	return hart->counting;
}

static bool firmware_count(void *opaque, unsigned int code, uint64_t *count)
{
	struct hart_pmu *hart = opaque;

	return counting(hart) && forward_firmware_count(atomic_load(&hart->vcpu->machine->forward),
							hart->vcpu->id, code, count);
}

static bool forward_counted(struct hart_pmu *hart, enum forward_platform_event event,
			    uint64_t *count)
{
	return counting(hart) && forward_platform_count(atomic_load(&hart->vcpu->machine->forward),
							hart->vcpu->id, event, count);
}

static bool platform_count(void *opaque, uint64_t data, uint64_t *count)
{
	struct hart_pmu *hart = opaque;

	switch (data) {
	case PLATFORM_CALLS: return forward_counted(hart, FORWARD_ECALLS, count);
	case PLATFORM_FAULTS: return forward_counted(hart, FORWARD_STAGE_2_FAULTS, count);
	default: break;
	}
	if (!platform_counts_read(&hart->platform, data, count))
		return false;
	/* KVM does not know whom they were for. */
	if (data == PLATFORM_EXITS || data == PLATFORM_MMIO)
		*count -= hart->vcpu->lcofi.stub.exits;
	return true;
}

static bool memory_read(void *opaque, uint64_t address, void *to, size_t size)
{
	struct hart_pmu *hart = opaque;
	const void *from = guest_memory_at(&hart->vcpu->machine->memory, address, size);

	if (from)
		memcpy(to, from, size);
	return from != NULL;
}

static bool memory_write(void *opaque, uint64_t address, const void *from, size_t size)
{
	struct hart_pmu *hart = opaque;
	void *to = guest_memory_at(&hart->vcpu->machine->memory, address, size);

	if (to)
		memcpy(to, from, size);
	return to != NULL;
}

static bool memory_writable(void *opaque, uint64_t address, size_t size)
{
	struct hart_pmu *hart = opaque;

	return guest_memory_at(&hart->vcpu->machine->memory, address, size) != NULL;
}

/* Pending when the guest runs next: this is in the middle of a call, or of an interrupted run. */
static void raise_lcofi(void *opaque)
{
	struct hart_pmu *hart = opaque;

	hart->vcpu->lcofi.due = hart->vcpu->lcofi.way != NULL;
}

static const struct pmu_environment environment = {
	.open = source_open,
	.close = source_close,
	.schedulable = source_schedulable,
	.start = source_start,
	.stop = source_stop,
	.read = source_read,
	.firmware = firmware_count,
	.platform = platform_count,
	.supported = source_supported,
	.memory_read = memory_read,
	.memory_write = memory_write,
	.memory_writable = memory_writable,
	.raise_lcofi = raise_lcofi,
};

/* ---- a PMU with no events (--pmu off) ---- */

static int nothing_open(void *opaque, unsigned int counter, const struct pmu_event *event)
{
	(void)opaque;
	(void)counter;
	(void)event;
	return -ENOENT;
}

static bool nothing_firmware(void *opaque, unsigned int code, uint64_t *count)
{
	(void)opaque;
	(void)code;
	(void)count;
	return false;
}

static bool nothing_platform(void *opaque, uint64_t data, uint64_t *count)
{
	(void)opaque;
	(void)data;
	(void)count;
	return false;
}

static bool nothing_supported(void *opaque, const struct pmu_event *event)
{
	(void)opaque;
	(void)event;
	return false;
}

static const struct pmu_environment no_events = {
	.open = nothing_open,
	.close = source_close,
	.schedulable = source_schedulable,
	.start = source_start,
	.stop = source_stop,
	.read = source_read,
	.firmware = nothing_firmware,
	.platform = nothing_platform,
	.supported = nothing_supported,
	.memory_read = memory_read,
	.memory_write = memory_write,
	.memory_writable = memory_writable,
	.raise_lcofi = raise_lcofi,
};

/* ---- an LCOFI that is pending while the hart may halt ---- */

/* On the loop's thread. */
static void kick_expired(struct loop_timer *timer)
{
	struct hart_pmu *hart = timer->opaque;

	atomic_store(&hart->kicked, true);
	vcpu_kick(hart->vcpu);
}

static void set_kick(struct hart_pmu *hart, uint64_t ns)
{
	struct machine *machine = hart->vcpu->machine;

	hart->kick_ns = ns;
	pthread_mutex_lock(&machine->lock);
	loop_timer_set(machine->loop, &hart->kick_timer, ns);
	pthread_mutex_unlock(&machine->lock);
}

/* One has been raised. */
static void watch_masked(struct hart_pmu *hart)
{
	if (hart->kick_ns == 0 && lcofi_is_masked(&hart->vcpu->lcofi))
		set_kick(hart, FIRST_KICK_NS);
}

static void kicked_while_masked(struct hart_pmu *hart)
{
	if (!atomic_exchange(&hart->kicked, false) || hart->kick_ns == 0)
		return;
	if (lcofi_is_masked(&hart->vcpu->lcofi))
		set_kick(hart, hart->kick_ns < SLOWEST_KICK_NS ? 2 * hart->kick_ns : hart->kick_ns);
	else
		hart->kick_ns = 0;
}

/* ---- the hart ---- */

/*
 * As many counters as can be used together. KVM shows all that the hardware has, so its profiles
 * do. The same for all harts: Linux asks one of them.
 */
static unsigned int counters_shown(struct hart_pmu *hart, uint64_t quirks)
{
	atomic_uint *shown = &hart->vcpu->machine->pmu_counters;
	unsigned int before = 0, found = HART_PMU_COUNTERS;

	if (atomic_load(shown))
		return atomic_load(shown);
	/* Time is counted among them. */
	if (!(quirks >> PMU_CONFIG_UNTRIED & 1))
		found = perf_counters_together(&hart->perf, HART_PMU_COUNTERS - 1) + 1;
	if (found < HART_PMU_LEAST) {
		warning("pmu: the host has no free counters (another user of perf has them): the "
			"guest finds few, and they count nothing until they are free");
		found = HART_PMU_LEAST;
	}
	return atomic_compare_exchange_strong(shown, &before, found) ? found : before;
}

struct hart_pmu *hart_pmu_new(struct vcpu *vcpu, enum pmu_profile profile)
{
	struct hart_pmu *hart = calloc(1, sizeof(*hart));
	bool off = vcpu->machine->pmu.answers == CONFIG_PMU_OFF;
	struct pmu_config config = {
		.quirks = pmu_profile_quirks(profile),
		.hw_counters = HART_PMU_COUNTERS,
		.hw_width = HART_PMU_WIDTH,
	};

	if (!hart)
		return NULL;
	hart->vcpu = vcpu;
	hart->kick_timer = (struct loop_timer){.expired = kick_expired, .opaque = hart};
	hart->timer = (struct loop_timer){.expired = settle_expired, .opaque = hart};
	perf_counters_init(&hart->perf, vcpu->id, HART_PMU_SIGNAL, &perf_calls_kernel, NULL);
	if (!off)
		config.hw_counters = counters_shown(hart, config.quirks);
	platform_counts_open(&hart->platform, vcpu->fd);
	pmu_init(&hart->pmu, &config, off ? &no_events : &environment, hart);
	return hart;
}

void hart_pmu_free(struct hart_pmu *hart)
{
	if (!hart)
		return;
	pthread_mutex_lock(&hart->vcpu->machine->lock);
	loop_timer_set(hart->vcpu->machine->loop, &hart->timer, 0);
	loop_timer_set(hart->vcpu->machine->loop, &hart->kick_timer, 0);
	pthread_mutex_unlock(&hart->vcpu->machine->lock);
	hart->watched = true; /* nobody looks any more */
	pmu_reset(&hart->pmu);
	perf_counters_free(&hart->perf);
	platform_counts_close(&hart->platform);
	free(hart);
}

void hart_pmu_reset(struct hart_pmu *hart)
{
	lcofi_forget(&hart->vcpu->lcofi);
	hart->hidden = false;
	hart->kick_ns = 0;
	pmu_reset(&hart->pmu);
}

void hart_pmu_interrupted(struct hart_pmu *hart)
{
	kicked_while_masked(hart);
	if (!atomic_exchange(&hart->settle, false))
		return;
	hart->watched = false;
	if (perf_counters_settle(&hart->perf))
		settle_later(hart);
}

void hart_pmu_overflow(struct hart_pmu *hart, int fd)
{
	int counter = perf_counters_of_signal(&hart->perf, fd);

	if (counter >= 0)
		pmu_overflow(&hart->pmu, (unsigned int)counter);
}

enum lcofi_raised hart_pmu_raise(struct hart_pmu *hart, int *result)
{
	struct lcofi_port *port = &hart->vcpu->lcofi;
	enum lcofi_raised raised;

	if (port->way->runs && !hart->hidden)
		perf_counters_hide(&hart->perf);
	hart->hidden = port->way->runs;
	raised = lcofi_raise(port, result);
	if (hart->hidden && !port->due) {
		perf_counters_show(&hart->perf);
		hart->hidden = false;
	}
	if (raised == LCOFI_RAISED)
		watch_masked(hart);
	return raised;
}
