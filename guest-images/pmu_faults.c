/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PMU whose host gives it less than it wants. Words of the command line: eid=N; part=N:
 * 0, counters that cannot be had: refused=N, so many refusals at least (of 18), and firmware=0:
 * there are no firmware events; 1, the snapshot page; 2, calls until nobody answers them.
 */
#include "lib/fdt.h"
#include "lib/guest.h"
#include "lib/memory.h"
#include "lib/sbi.h"
#include "lib/tap.h"
#include "pmu/pmu.h"
#include "pmu_machine.h"

#define EID_EXIT 0x08504D55ull
#define HOLE	 0x1000ull
#define TIMER	 0xF0005ull
#define IPI	 0xF0006ull
#define RAW	 0x20000ull
#define EVENTS	 18u
#define TURNS	 2000u

enum { SKIP = 1, SET = 1, RESET = 1, SNAP = 2 };

struct answer pmu_ecall(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
			uint64_t fid, uint64_t eid);
void pmu_work(uint64_t instructions);

static _Alignas(4096) uint64_t pages[2][PAGE_WORDS];
static uint64_t eid;
static uint64_t all;   /* counters */
static uint64_t first; /* firmware counter */

static struct answer config(uint64_t event, uint64_t data)
{
	return pmu_ecall(0, all, 0, event, data, PMU_COUNTER_CONFIG_MATCHING, eid);
}

static int64_t start(uint64_t counter, uint64_t flags, uint64_t value)
{
	return pmu_ecall(counter, 1, flags, value, 0, PMU_COUNTER_START, eid).error;
}

static int64_t stop(uint64_t counter, uint64_t mask, uint64_t flags)
{
	return pmu_ecall(counter, mask, flags, 0, 0, PMU_COUNTER_STOP, eid).error;
}

static int64_t set_page(const void *page)
{
	return pmu_ecall((uint64_t)page, 0, 0, 0, 0, PMU_SNAPSHOT_SET_SHMEM, eid).error;
}

static void find_counters(void)
{
	uint64_t count = pmu_ecall(0, 0, 0, 0, 0, PMU_NUM_COUNTERS, eid).value;

	for (uint64_t i = 0; i < count; i++) {
		struct answer info = pmu_ecall(i, 0, 0, 0, 0, PMU_COUNTER_GET_INFO, eid);

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
		struct answer got = i < 2 ? config(i + 1, 0) : config(RAW, i);
		int64_t started;

		if (got.error) {
			refused++;
			right = right && got.error == SBI_ERR_NOT_SUPPORTED && got.value == 0;
			continue;
		}
		/* Raw events are taken by a host that does not have them; they do not start. */
		started = start(got.value, SET, 0);
		right = right && (started == 0 || started == -1);
		if (started == 0 && stop(got.value, 1, 0) != 0)
			right = false;
	}
	stop(0, all, RESET);
	tap(right, "%u of %u counters are refused, each as not supported", refused, EVENTS);
	return refused;
}

static void firmware_goes_on(bool there)
{
	struct answer got = config(TIMER, 0), value;

	if (!there) {
		tap(got.error == SBI_ERR_NOT_SUPPORTED, "firmware events are not supported");
		return;
	}
	start(got.value, SET, 100);
	for (unsigned int i = 0; i < 3; i++)
		sbi_call(EID_TIME, 0, UINT64_MAX, 0, 0);
	value = pmu_ecall(got.value, 0, 0, 0, 0, PMU_COUNTER_FW_READ, eid);
	tap(got.error == 0 && value.error == 0 && value.value == 103, "firmware events go on");
	stop(0, all, RESET);
}

static void refusals(const char *args)
{
	uint64_t wanted = bootarg(args, "refused", 0);
	unsigned int one = round(), two = round();

	tap(one >= wanted && (wanted || one == 0), "%lu at least were to be", wanted);
	tap(two <= EVENTS, "the second time there are %u", two);
	firmware_goes_on(bootarg(args, "firmware", 1));
}

/* ---- the snapshot page ---- */

static void page_outside(void)
{
	config(TIMER, 0);
	tap(set_page((const void *)HOLE) == SBI_ERR_INVALID_ADDRESS, "a page in a hole is refused");
	start(first, SET, 5);
	tap(stop(first, 1, SNAP) == -9, "and there is none then");
	stop(first, 1, 0);
}

static void page_moved(void)
{
	memset(pages, 0x11, sizeof(pages));
	set_page(pages[0]);
	start(first, SET, 7);
	stop(first, 1, SNAP);
	tap(pages[0][1] == 7 && pages[1][1] == 0x1111111111111111, "a snapshot is in its page");
	set_page(pages[1]);
	start(first, SET, 9);
	stop(first, 1, SNAP);
	tap(pages[0][1] == 7 && pages[1][1] == 9, "then in the page that it moved to");
	tap(set_page((const void *)HOLE) == SBI_ERR_INVALID_ADDRESS, "a hole is refused again");
	start(first, SET, 11);
	tap(stop(first, 1, SNAP) == 0 && pages[1][1] == 11, "and the page stays where it was");
	stop(0, all, RESET);
}

/* Both harts write the same words of one page. */
static uint64_t ready, done, wrong;

static void share(uint64_t value)
{
	uint64_t bad = 0;

	bad += set_page(pages[0]) != 0;
	bad += config(IPI, 0).error != 0;
	__atomic_fetch_add(&ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) < 2)
		;
	for (unsigned int i = 0; i < TURNS; i++) {
		uint64_t seen;

		bad += start(first, SET, value) != 0;
		bad += stop(first, 1, SNAP) != 0;
		seen = __atomic_load_n(&pages[0][1], __ATOMIC_RELAXED);
		bad += seen != 100 && seen != 200;
		/* What it counts is its own, whatever is in the page. */
		bad += pmu_ecall(first, 0, 0, 0, 0, PMU_COUNTER_FW_READ, eid).value != value;
	}
	__atomic_fetch_add(&wrong, bad, __ATOMIC_RELAXED);
	__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

static void secondary(uint64_t hart)
{
	(void)hart;
	share(200);
	sbi_call(EID_HSM, FID_HSM_STOP, 0, 0, 0);
	for (;;)
		;
}

static void page_shared(uint64_t hart)
{
	if (!tap(sbi_hart_start(hart + 1, secondary) == 0, "there is a second hart"))
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

	while (pmu_ecall(0, 0, 0, 0, 0, PMU_NUM_COUNTERS, eid).error == 0) {
		if (calls++ == 100)
			tap_note("calls are answered");
	}
	tap(pmu_ecall(0, 0, 0, 0, 0, PMU_NUM_COUNTERS, eid).error == SBI_ERR_NOT_SUPPORTED,
	    "calls are not supported any more");
	tap(pmu_ecall(0, 0, 0, 0, 0, PMU_NUM_COUNTERS, EID_EXIT).error == 0,
	    "those that KVM hands over still are");
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);

	eid = bootarg(args, "eid", PMU_EID);
	find_counters();
	switch (bootarg(args, "part", 0)) {
	case 0: refusals(args); break;
	case 1:
		page_outside();
		page_moved();
		page_shared(hart);
		break;
	default: until_nobody_answers();
	}
	tap_end();
}
