/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PMU whose host gives it less than it wants. Words of the command line: eid=N; part=N:
 * 0, counters that cannot be had: refused=N, so many refusals at least (of 18), and firmware=0:
 * there are no firmware events; 1, the snapshot page; 2, calls until nobody answers them; 3, raw
 * events, of which the host's hardware counts none; 4, counters that another user of perf has:
 * free=N, so many are not; 5, counts cycles until they are taken from it and given back.
 */
#include "tests/pmu/runner.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/pmu.h"
#include "vhart-guest/tap.h"

#define HOLE   0x1000ull
#define RAW    0x20000ull
#define EVENTS 18u
#define TURNS  2000u

static _Alignas(4096) uint64_t pages[2][PAGE_WORDS];
static uint64_t all;   /* counters */
static uint64_t first; /* firmware counter */

static struct sbi_result config(uint64_t event, uint64_t data)
{
	return sbi_pmu_counter_config_matching(0, all, 0, event, data);
}

static int64_t start(uint64_t counter, uint64_t flags, uint64_t value)
{
	return sbi_pmu_counter_start(counter, 1, flags, value);
}

static int64_t stop(uint64_t counter, uint64_t mask, uint64_t flags)
{
	return sbi_pmu_counter_stop(counter, mask, flags);
}

static int64_t set_page(const void *page)
{
	return sbi_pmu_snapshot_set_shmem((uint64_t)page);
}

static void find_counters(void)
{
	uint64_t count = sbi_pmu_num_counters();

	for (uint64_t i = 0; i < count; i++) {
		struct sbi_result info = sbi_pmu_counter_get_info(i);

		if (info.error)
			continue;
		all |= 1ull << i;
		if (info.value >> 63 && !first)
			first = i;
	}
	tap(count > 0 && first > 0, "there are %lu counters", count);
}

/* ---- counters that cannot be had ---- */

/* Configures all events, starts and stops what it got. How many were refused. */
static unsigned int round(void)
{
	unsigned int refused = 0;
	bool right = true;

	for (uint64_t i = 0; i < EVENTS; i++) {
		struct sbi_result got = config(i % 2 + 1, 0); /* cycles, instructions */
		int64_t started;

		if (got.error) {
			refused++;
			right = right && got.error == SBI_ERR_NOT_SUPPORTED && got.value == 0;
			continue;
		}
		started = start(got.value, PMU_START_SET_INIT_VALUE, 0);
		right = right && started == 0 && stop(got.value, 1, 0) == 0;
	}
	stop(0, all, PMU_STOP_RESET);
	tap(right, "%u of %u counters are refused, each as not supported", refused, EVENTS);
	return refused;
}

static void firmware_goes_on(bool there)
{
	struct sbi_result got = config(PMU_EVENT_IDX_SET_TIMER, 0), value;

	if (!there) {
		tap(got.error == SBI_ERR_NOT_SUPPORTED, "firmware events are not supported");
		return;
	}
	start(got.value, PMU_START_SET_INIT_VALUE, 100);
	for (unsigned int i = 0; i < 3; i++)
		sbi_set_timer(UINT64_MAX);
	value = sbi_pmu_counter_fw_read(got.value);
	tap(got.error == 0 && value.error == 0 && value.value == 103, "firmware events go on");
	stop(0, all, PMU_STOP_RESET);
}

static void refusals(const char *args)
{
	uint64_t wanted = bootarg(args, "refused", 0);
	uint64_t counters = first - 1, beyond = EVENTS > counters ? EVENTS - counters : 0;
	unsigned int one = round(), two = round();

	tap(one >= wanted && (wanted || one == beyond), "%lu at least were to be, or %lu", wanted,
	    beyond);
	tap(two <= EVENTS, "the second time there are %u", two);
	firmware_goes_on(bootarg(args, "firmware", 1));
}

/* ---- raw events ---- */

#define SWEEP 64u

static void sweep_raw(void)
{
	unsigned int refused = 0;

	for (uint64_t i = 0; i < SWEEP; i++) {
		struct sbi_result got = config(RAW, i << 8);

		refused += got.error == SBI_ERR_NOT_SUPPORTED && got.value == 0;
	}
	tap(refused == SWEEP, "%u of %u raw events are not supported", refused, SWEEP);
	tap(config(1, 0).error == 0, "cycles are");
	stop(0, all, PMU_STOP_RESET);
}

/* ---- counters that another has ---- */

/* As Linux: it takes what config gave, and looks at no error of start. */
static uint64_t count_as_linux(uint64_t counter)
{
	const uint64_t begin = 1ull << 62;

	start(counter, PMU_START_SET_INIT_VALUE, begin);
	pmu_work(100000);
	if (stop(counter, 1, PMU_STOP_TAKE_SNAPSHOT) != 0)
		return UINT64_MAX;
	return pages[0][1] - begin;
}

/* All are configured, then all started, so that each has a counter of its own. */
static void others_have_them(uint64_t free)
{
	uint64_t got[EVENTS], configured = 0, counted = 0, odd = 0;

	set_page(pages[0]);
	pages[0][1] = 123456789; /* of some event before */
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct sbi_result answer = config(i % 2 + 1, 0);

		if (answer.error == 0)
			got[configured++] = answer.value;
		else if (answer.error != SBI_ERR_NOT_SUPPORTED)
			odd++;
	}
	for (uint64_t i = 0; i < configured; i++) {
		uint64_t count = count_as_linux(got[i]);

		counted += count >= 100000 && count < 1000000;
		odd += count > 1000000;
	}
	tap(odd == 0, "every count is one or nothing");
	tap(counted == configured, "%lu were configured, and count", configured);
	tap(configured <= free, "%lu at most are free", free);
	stop(0, all, PMU_STOP_RESET);
}

/* One counter, configured once: what it shows is right, or nothing. */
static void taken_and_given_back(void)
{
	uint64_t counter = config(1, 0).value, odd = 0;
	unsigned int phase = 0; /* 0: it counts; 1: no more; 2: again */

	set_page(pages[0]);
	tap_note("it counts");
	while (phase < 2) {
		uint64_t count = count_as_linux(counter);

		odd += count > 1000000;
		if (phase == (count == 0 ? 0 : 1)) {
			phase++;
			tap_note(phase == 1 ? "it counts nothing" : "it counts again");
		}
	}
	tap(odd == 0, "every count is one or nothing");
}

/* ---- the snapshot page ---- */

static void page_outside(void)
{
	config(PMU_EVENT_IDX_SET_TIMER, 0);
	tap(set_page((const void *)HOLE) == SBI_ERR_INVALID_ADDRESS, "a page in a hole is refused");
	start(first, PMU_START_SET_INIT_VALUE, 5);
	tap(stop(first, 1, PMU_STOP_TAKE_SNAPSHOT) == -9, "and there is none then");
	stop(first, 1, 0);
}

static void page_moved(void)
{
	memset(pages, 0x11, sizeof(pages));
	set_page(pages[0]);
	start(first, PMU_START_SET_INIT_VALUE, 7);
	stop(first, 1, PMU_STOP_TAKE_SNAPSHOT);
	tap(pages[0][1] == 7 && pages[1][1] == 0x1111111111111111, "a snapshot is in its page");
	set_page(pages[1]);
	start(first, PMU_START_SET_INIT_VALUE, 9);
	stop(first, 1, PMU_STOP_TAKE_SNAPSHOT);
	tap(pages[0][1] == 7 && pages[1][1] == 9, "then in the page that it moved to");
	tap(set_page((const void *)HOLE) == SBI_ERR_INVALID_ADDRESS, "a hole is refused again");
	start(first, PMU_START_SET_INIT_VALUE, 11);
	tap(stop(first, 1, PMU_STOP_TAKE_SNAPSHOT) == 0 && pages[1][1] == 11,
	    "and the page stays where it was");
	stop(0, all, PMU_STOP_RESET);
}

/* Both harts write the same words of one page. */
static uint64_t ready, done, wrong;

static void share(uint64_t value)
{
	uint64_t bad = 0;

	bad += set_page(pages[0]) != 0;
	bad += config(PMU_EVENT_IDX_IPI_SENT, 0).error != 0;
	__atomic_fetch_add(&ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) < 2)
		;
	for (unsigned int i = 0; i < TURNS; i++) {
		uint64_t seen;

		bad += start(first, PMU_START_SET_INIT_VALUE, value) != 0;
		bad += stop(first, 1, PMU_STOP_TAKE_SNAPSHOT) != 0;
		seen = __atomic_load_n(&pages[0][1], __ATOMIC_RELAXED);
		bad += seen != 100 && seen != 200;
		/* What it counts is its own, whatever is in the page. */
		bad += sbi_pmu_counter_fw_read(first).value != value;
	}
	__atomic_fetch_add(&wrong, bad, __ATOMIC_RELAXED);
	__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

static void secondary(uint64_t hart)
{
	(void)hart;
	share(200);
	hart_stop();
}

static void page_shared(uint64_t hart)
{
	if (!tap(hart_start(hart + 1, secondary) == 0, "there is a second hart"))
		return;
	share(100);
	while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < 2)
		;
	tap(wrong == 0, "two harts share a page, and each counts its own");
}

/* ---- calls until nobody answers them ---- */

static void until_nobody_answers(void)
{
	uint64_t calls = 0;

	while (sbi_pmu(PMU_NUM_COUNTERS, 0, 0, 0, 0, 0).error == 0) {
		if (calls++ == 100)
			tap_note("calls are answered");
	}
	tap(sbi_pmu(PMU_NUM_COUNTERS, 0, 0, 0, 0, 0).error == SBI_ERR_NOT_SUPPORTED,
	    "calls are not supported any more");
	tap(sbi_call(SBI_EID_PMU_EXIT, PMU_NUM_COUNTERS, 0, 0, 0).error == 0,
	    "those that KVM hands over still are");
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);

	pmu_eid = bootarg(args, "eid", SBI_EID_PMU);
	find_counters();
	switch (bootarg(args, "part", 0)) {
	case 0: refusals(args); break;
	case 1:
		page_outside();
		page_moved();
		page_shared(hart);
		break;
	case 3: sweep_raw(); break;
	case 4: others_have_them(bootarg(args, "free", 0)); break;
	case 5: taken_and_given_back(); break;
	default: until_nobody_answers();
	}
	tap_end();
}
