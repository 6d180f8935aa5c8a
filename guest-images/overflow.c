/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hart that samples itself: counters that overflow, and the interrupt by whatever way the machine
 * has for it. Words of the command line: eid=N (the PMU's), rounds=N, way=N (the first letter of
 * the way that is expected, as a number), exact=1: counts are of instructions, to the unit; asks=1,
 * moments=1: overflow_moments.h.
 */
#include "overflow_moments.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/trap.h"
#include "vhart-guest/uart.h"

#define EXITS	 1u /* platform events: the manual, THE PMU */
#define MMIO	 4u
#define PLATFORM 0xFFFFFu

void pmu_stop_hart(uint64_t *context, volatile uint64_t *stopping);
extern char pmu_hart_resumes[];

struct overflow_irq irq;
uint64_t rounds;

/* ---- this hart ---- */

void overflows_on(void)
{
	csr_set(sie, irq.sie);
	interrupts_on();
}

struct sbi_result configure(void)
{
	return sbi_pmu_counter_config_matching(INSTRUCTIONS, 1, 0, PMU_EVENT_IDX_INSTRUCTIONS, 0);
}

static void start_at(uint64_t counter, uint64_t value)
{
	sbi_pmu_counter_start(counter, 1, PMU_START_SET_INIT_VALUE, value);
}

void start(uint64_t counter, uint64_t period)
{
	start_at(counter, -period);
}

void stop(uint64_t counter)
{
	sbi_pmu_counter_stop(counter, 1, 0);
}

/* Until it is taken (trap.c then masks it in sie), or it does not come. */
static bool comes_within(uint64_t instructions, uint64_t before)
{
	for (uint64_t done = 0; done < instructions && trap_record()->interrupts == before;
	     done += 100)
		pmu_work(100);
	return trap_record()->interrupts == before + 1 && trap_record()->cause == irq.cause;
}

void settle(void)
{
	while (overflow_irq_claim(&irq))
		;
}

/* ---- tests ---- */

static void each_is_taken_once(void)
{
	uint64_t taken = 0, late = 0, twice = 0;

	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t before = trap_record()->interrupts;

		overflows_on();
		start(INSTRUCTIONS, PERIOD);
		taken += comes_within(20 * PERIOD, before);
		stop(INSTRUCTIONS);
		interrupts_off();
		late += !overflow_irq_claim(&irq);
		twice += overflow_irq_claim(&irq);
	}
	tap(taken == rounds && late == 0 && twice == 0,
	    "%lu overflows by way %s: %lu taken, %lu not claimed, %lu twice", rounds, irq.way,
	    taken, late, twice);
}

static void waits_while_masked(void)
{
	uint64_t before = trap_record()->interrupts;

	interrupts_off();
	csr_set(sie, irq.sie);
	start(INSTRUCTIONS, PERIOD);
	pmu_work(20 * PERIOD);
	tap(trap_record()->interrupts == before, "with interrupts off it waits");
	overflows_on();
	pmu_work(100);
	tap(trap_record()->interrupts == before + 1 && trap_record()->cause == irq.cause,
	    "and comes when they are on again");
	stop(INSTRUCTIONS);
	interrupts_off();
	settle();
}

/* It may be pending already, or come: there is no other interrupt. */
static void ends_a_halt(void)
{
	uint64_t ended = 0;

	ends_a_late_halt();

	for (uint64_t i = 0; i < 20; i++) {
		interrupts_off();
		csr_set(sie, irq.sie);
		start(INSTRUCTIONS, PERIOD);
		pmu_work(20 * PERIOD);
		interrupt_wait();
		ended++;
		stop(INSTRUCTIONS);
		settle();
	}
	tap(ended == 20, "one that is pending ends a halt");
}

static void several_at_once(void)
{
	uint64_t before = trap_record()->interrupts, interrupts = 0, overflown = 0;

	interrupts_off();
	for (uint64_t i = 0; i < 20; i++) {
		csr_set(sie, irq.sie);
		start(INSTRUCTIONS, PERIOD);
		start(0, PERIOD);
		pmu_work(20 * PERIOD);
		overflows_on();
		pmu_work(100);
		interrupts_off();
		stop(INSTRUCTIONS);
		stop(0);
		overflown +=
			(pmu_csr_read(INSTRUCTIONS) < 1ull << 63) + (pmu_csr_read(0) < 1ull << 63);
		settle();
	}
	interrupts = trap_record()->interrupts - before;
	tap(interrupts == 20 && overflown == 40, "two at once are one: %lu, of %lu counters",
	    interrupts, overflown);
}

/* What it interrupts is as it was: a sum by LR and SC, under many overflows. */
static uint64_t cell;

static void add_atomically(uint64_t times)
{
	uint64_t broken = 1;

	for (uint64_t i = 0; i < times; i++) {
		do {
			uint64_t value;

			__asm__ volatile("lr.d %0, (%2)\n\t"
					 "addi %0, %0, 1\n\t"
					 "sc.d %1, %0, (%2)"
					 : "=&r"(value), "=&r"(broken)
					 : "r"(&cell)
					 : "memory");
		} while (broken);
	}
}

/* Registers, a device's, and calls of all kinds, while the interrupt comes at any instruction. */
static uint64_t do_all_kinds(void)
{
	uint64_t wrong = 0, before = cell;

	add_atomically(50);
	wrong += cell != before + 50;
	wrong += (io_read(MAP_UART + UART_LSR, 1) & 0x60) != 0x60;
	wrong += sbi_pmu(PMU_NUM_COUNTERS, 0, 0, 0, 0, 0).error != 0;
	wrong += sbi_call(SBI_EID_PMU_EXIT, PMU_NUM_COUNTERS, 0, 0, 0).error != 0;
	wrong += sbi_probe(SBI_EID_TIME) != 1;
	wrong += sbi_probe(pmu_eid) != (pmu_eid == SBI_EID_PMU_EXIT ? sbi_probe(pmu_eid) : 1);
	wrong += pmu_csr_read(INSTRUCTIONS) == 0;
	return wrong;
}

static void disturbs_nothing(void)
{
	uint64_t wrong = 0, taken = 0;

	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t before = trap_record()->interrupts;

		overflows_on();
		/* Periods that meet each instruction of it sooner or later. */
		start(INSTRUCTIONS, 200 + i * 7 % 1500);
		for (unsigned int twice = 0; twice < 4; twice++)
			wrong += do_all_kinds();
		pmu_work(40000);
		stop(INSTRUCTIONS);
		interrupts_off();
		taken += trap_record()->interrupts - before;
		settle();
	}
	tap(wrong == 0, "LR and SC, devices, calls and counters are as they were");
	tap(taken == rounds, "under %lu overflows of %lu", taken, rounds);
}

/* The same work counts the same, whether it overflows or not. */
static uint64_t count_work(uint64_t first)
{
	start_at(INSTRUCTIONS, first);
	pmu_work(20 * PERIOD);
	stop(INSTRUCTIONS);
	return pmu_csr_read(INSTRUCTIONS) - first;
}

static void is_in_no_count(void)
{
	uint64_t without, with, wrong = 0;

	interrupts_off();
	count_work(0);
	without = count_work(0);
	for (uint64_t i = 0; i < 10; i++) {
		with = count_work(-10ull * PERIOD);
		settle();
		if (with == without)
			continue;
		wrong++;
		tap_note("%lu and not %lu", with, without);
	}
	tap(wrong == 0, "an overflow is in no count of instructions");
}

/* ---- a platform event: exits of this guest ---- */

static uint64_t exits_in(uint64_t first, uint64_t counter)
{
	struct sbi_result before, after;

	interrupts_off();
	start_at(INSTRUCTIONS, first);
	before = sbi_pmu_counter_fw_read(counter);
	pmu_work(PERIOD + PERIOD / 2); /* the host's counter goes on, to the next */
	after = sbi_pmu_counter_fw_read(counter);
	stop(INSTRUCTIONS);
	settle();
	return after.value - before.value;
}

static uint64_t least_exits(uint64_t first, uint64_t counter)
{
	uint64_t least = UINT64_MAX;

	for (uint64_t i = 0; i < 10; i++) {
		uint64_t exits = exits_in(first, counter);

		least = exits < least ? exits : least;
	}
	return least;
}

/* The host's interrupts are exits too, in some of the rounds. An overflow itself is OWN. */
static void is_no_exit(const char *name, uint64_t data, uint64_t own)
{
	/* Without the place of time, which is no counter. */
	uint64_t all = (1ull << sbi_pmu_num_counters()) - 1 - 2;
	struct sbi_result counter = sbi_pmu_counter_config_matching(0, all, 0, PLATFORM, data);
	uint64_t without, with;

	sbi_pmu_counter_start(counter.value, 1, 0, 0);
	without = least_exits(0, counter.value);
	with = least_exits(-(uint64_t)PERIOD, counter.value);
	sbi_pmu_counter_stop(counter.value, 1, PMU_STOP_RESET);
	tap(counter.error == 0 && with == without + own,
	    "%s: %lu without an overflow, %lu with one", name, without, with);
}

/* ---- a hart that stops, and starts ---- */

static uint64_t context[17];
static volatile uint64_t stopping;

static void restarter(uint64_t hart)
{
	(void)hart;
	for (;;) {
		while (!stopping)
			;
		while (sbi_hart_get_status(irq.hart).value != SBI_HSM_STOPPED)
			;
		stopping = 0;
		sbi_hart_start(irq.hart, (uint64_t)pmu_hart_resumes, (uint64_t)context);
	}
}

static void is_forgotten_by_a_stop(void)
{
	uint64_t other = irq.hart ? 0 : 1, pending = 0, times = 20;

	if (hart_start(other, restarter) != SBI_SUCCESS) {
		tap_note("one hart only: none that starts another");
		return;
	}
	for (uint64_t i = 0; i < times; i++) {
		interrupts_off();
		configure();
		start(INSTRUCTIONS, 200 + i * 13);
		pmu_work(i * 20);
		pmu_stop_hart(context, &stopping);
		pending += *irq.way == 'l' && overflow_irq_claim(&irq);
	}
	tap(pending == 0, "a hart that was stopped starts with none pending");
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	struct sbi_result counter;

	pmu_eid = bootarg(args, "eid", SBI_EID_PMU);
	rounds = bootarg(args, "rounds", 200);
	irq = overflow_irq_find(fdt, hart);
	tap((uint64_t)*irq.way == bootarg(args, "way", (uint64_t)*irq.way), "the way is %s",
	    irq.way);
	overflow_irq_set_up(&irq);
	counter = configure();
	tap(counter.error == 0 && counter.value == INSTRUCTIONS, "instructions have a counter");
	counter = sbi_pmu_counter_config_matching(0, 1, 0, PMU_EVENT_IDX_CYCLES, 0);
	tap(counter.error == 0 && counter.value == 0, "cycles have a counter");
	if (bootarg(args, "asks", 0))
		resets_as_it_is_told();
	each_is_taken_once();
	if (bootarg(args, "moments", 0)) {
		calls_that_are_passed_on();
		suspends();
		each_is_taken_once();
		tap_end();
	}
	waits_while_masked();
	ends_a_halt();
	several_at_once();
	disturbs_nothing();
	if (bootarg(args, "exact", 0)) {
		is_in_no_count();
		is_no_exit("exits", EXITS, 1);
		is_no_exit("MMIO accesses", MMIO, 0);
	}
	is_forgotten_by_a_stop();
	tap_end();
}
