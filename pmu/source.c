/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware counters: a value, and a source that counts on from it. What a counter shows is VALUE +
 * (count - BASE); when it overflows is a count, too, so that a source can be stopped and started
 * and the rest of its period stays right.
 */
#include "pmu/internal.h"

bool pmu_source_open(struct pmu *pmu, unsigned int index, const struct pmu_event *event)
{
	struct pmu_counter *counter = &pmu->state.counters[index];

	if (pmu->environment->open(pmu->opaque, index, event) != 0)
		return false;
	counter->event = *event;
	counter->open = true;
	counter->running = false;
	counter->armed = false;
	return true;
}

void pmu_source_close(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];

	if (!counter->open)
		return;
	pmu_source_stop(pmu, index);
	pmu->environment->close(pmu->opaque, index);
	counter->open = false;
	counter->armed = false;
	counter->base = 0;
	counter->carried = 0;
}

static void overflow(struct pmu *pmu, unsigned int index)
{
	pmu->state.counters[index].armed = false;
	pmu->state.overflown |= 1ull << index;
	pmu->environment->raise_lcofi(pmu->opaque);
}

void pmu_forget_overflow(struct pmu *pmu, unsigned int index)
{
	const uint64_t bit = 1ull << index;

	if (pmu->state.overflown & bit && pmu_has(pmu, PMU_UNSERVED_IS_SHOWN))
		pmu->state.unserved = true;
	pmu->state.overflown &= ~bit;
}

uint64_t pmu_source_count(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	uint64_t count = 0;

	if (!counter->open)
		return 0;
	/* A lost source gives its last count, and that is what is shown. */
	pmu->environment->read(pmu->opaque, index, &count);
	count += counter->carried;
	/* The interrupt of a counter is pending before the instruction that reads it runs; the
	 * signal of a source can be later than the guest's call. */
	if (counter->armed && count >= counter->overflow_at)
		overflow(pmu, index);
	return count;
}

bool pmu_source_start(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	uint64_t count, period = PMU_NO_OVERFLOW;

	pmu_source_stop(pmu, index);
	count = pmu_source_count(pmu, index);
	if (counter->armed)
		period = counter->overflow_at - count;
	counter->running = pmu->environment->start(pmu->opaque, index, period);
	return counter->running;
}

void pmu_source_stop(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];

	if (!counter->running)
		return;
	pmu->environment->stop(pmu->opaque, index);
	counter->running = false;
	pmu_source_count(pmu, index);
}

void pmu_overflow(struct pmu *pmu, unsigned int index)
{
	if (!pmu_is_hardware(pmu, index))
		return;
	if (pmu->state.counters[index].running && pmu->state.counters[index].armed)
		overflow(pmu, index);
}

/*
 * Far periods are none, for the source's sake: Linux starts what it only wants to count at 2^63 +
 * 1, and there is hardware (and QEMU) that goes wrong with a deadline which its clock cannot hold.
 * PMU_FAR_PERIOD at 10 GHz is more than three years.
 */
static void arm_after(struct pmu *pmu, unsigned int index, uint64_t period)
{
	struct pmu_counter *counter = &pmu->state.counters[index];

	/* In this order: an armed counter that is behind its old mark overflows when it is read. */
	counter->overflow_at = pmu_source_count(pmu, index) + period;
	counter->armed = period != 0 && period < PMU_FAR_PERIOD;
}

/* vcpu_pmu.c:kvm_pmu_get_sample_period */
static uint64_t kvm_period(const struct pmu *pmu, unsigned int index)
{
	uint64_t last = pmu_last_value(pmu, index);
	uint64_t value = pmu->state.counters[index].value;

	return value == 0 ? last : -value & last;
}

/* kernel/events/core.c:_perf_event_period takes no other. */
static bool perf_takes(uint64_t period)
{
	return period != 0 && period >> 63 == 0;
}

void pmu_arm(struct pmu *pmu, unsigned int index)
{
	const struct pmu_counter *counter = &pmu->state.counters[index];
	uint64_t last = pmu_last_value(pmu, index);

	/* To 2^(width + 1); 2^64 is 0 here, and never. */
	if (!pmu_has(pmu, PMU_PERIOD_KEPT)) {
		arm_after(pmu, index, last - (counter->value & last) + 1);
	} else if (perf_takes(kvm_period(pmu, index))) {
		arm_after(pmu, index, kvm_period(pmu, index));
	}
}

/* KVM gives a new perf event the period of whatever value the counter has. */
void pmu_arm_as_configured(struct pmu *pmu, unsigned int index)
{
	if (pmu_has(pmu, PMU_PERIOD_KEPT))
		arm_after(pmu, index, kvm_period(pmu, index));
}

void pmu_fold(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	uint64_t count = pmu_source_count(pmu, index);

	counter->value += count - counter->base;
	if (!pmu_has(pmu, PMU_WIDE_VALUES))
		counter->value &= pmu_last_value(pmu, index);
	counter->base = count;
}
