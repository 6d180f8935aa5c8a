/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hart that samples itself: counters that overflow, and the interrupt by whatever way the machine
 * has for it. Words of the command line: eid=N (the PMU's), rounds=N, way=N (the first letter of
 * the way that is expected, as a number), exact=1: counts are of instructions, to the unit; asks=1,
 * moments=1: overflow_moments.h.
 */
#include "base/riscv.h"
#include "lib/fdt.h"
#include "lib/guest.h"
#include "lib/io.h"
#include "lib/print.h"
#include "lib/sbi.h"
#include "lib/tap.h"
#include "lib/trap.h"
#include "overflow_moments.h"
#include "pmu/pmu.h"

#define CYCLES	    1u
#define EXITS	    1u /* platform events: the manual, THE PMU */
#define MMIO	    4u
#define PLATFORM    0xFFFFFu
#define UART_STATUS 0x10000005ull

void pmu_stop_hart(uint64_t *context, volatile uint64_t *stopping);
uint64_t pmu_csr_read(uint64_t index);
extern char pmu_hart_resumes[];

struct overflow_irq irq;
uint64_t pmu_eid, rounds;

/* ---- this hart ---- */

void interrupts_on(void)
{
	__asm__ volatile("csrs sie, %0" ::"r"(irq.sie));
	__asm__ volatile("csrs sstatus, %0" ::"r"(SSTATUS_SIE));
}

void interrupts_off(void)
{
	__asm__ volatile("csrc sstatus, %0" ::"r"(SSTATUS_SIE));
}

struct answer configure(void)
{
	return pmu_ecall(INSTRUCTIONS, 1, 0, INSTRUCTIONS, 0, PMU_COUNTER_CONFIG_MATCHING, pmu_eid);
}

void start(uint64_t counter, uint64_t period)
{
	pmu_ecall(counter, 1, SET_VALUE, -period, 0, PMU_COUNTER_START, pmu_eid);
}

void stop(uint64_t counter)
{
	pmu_ecall(counter, 1, 0, 0, 0, PMU_COUNTER_STOP, pmu_eid);
}

/* Until it is taken (trap.c then masks it in sie), or it does not come. */
static bool comes_within(uint64_t instructions, uint64_t before)
{
	for (uint64_t done = 0; done < instructions && trap.interrupts == before; done += 100)
		pmu_work(100);
	return trap.interrupts == before + 1 && trap.cause == irq.cause;
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
		uint64_t before = trap.interrupts;

		interrupts_on();
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
	uint64_t before = trap.interrupts;

	interrupts_off();
	__asm__ volatile("csrs sie, %0" ::"r"(irq.sie));
	start(INSTRUCTIONS, PERIOD);
	pmu_work(20 * PERIOD);
	tap(trap.interrupts == before, "with interrupts off it waits");
	interrupts_on();
	pmu_work(100);
	tap(trap.interrupts == before + 1 && trap.cause == irq.cause,
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
		__asm__ volatile("csrs sie, %0" ::"r"(irq.sie));
		start(INSTRUCTIONS, PERIOD);
		pmu_work(20 * PERIOD);
		__asm__ volatile("wfi");
		ended++;
		stop(INSTRUCTIONS);
		settle();
	}
	tap(ended == 20, "one that is pending ends a halt");
}

static void several_at_once(void)
{
	uint64_t before = trap.interrupts, interrupts = 0, overflown = 0;

	interrupts_off();
	for (uint64_t i = 0; i < 20; i++) {
		__asm__ volatile("csrs sie, %0" ::"r"(irq.sie));
		start(INSTRUCTIONS, PERIOD);
		start(0, PERIOD);
		pmu_work(20 * PERIOD);
		interrupts_on();
		pmu_work(100);
		interrupts_off();
		stop(INSTRUCTIONS);
		stop(0);
		overflown +=
			(pmu_csr_read(INSTRUCTIONS) < 1ull << 63) + (pmu_csr_read(0) < 1ull << 63);
		settle();
	}
	interrupts = trap.interrupts - before;
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
	wrong += (io_read(UART_STATUS, 1) & 0x60) != 0x60;
	wrong += pmu_ecall(0, 0, 0, 0, 0, PMU_NUM_COUNTERS, pmu_eid).error != 0;
	wrong += pmu_ecall(0, 0, 0, 0, 0, PMU_NUM_COUNTERS, SBI_EID_PMU_EXIT).error != 0;
	wrong += sbi_probe(SBI_EID_TIME) != 1;
	wrong += sbi_probe(pmu_eid) != (pmu_eid == SBI_EID_PMU_EXIT ? sbi_probe(pmu_eid) : 1);
	wrong += pmu_csr_read(INSTRUCTIONS) == 0;
	return wrong;
}

static void disturbs_nothing(void)
{
	uint64_t wrong = 0, taken = 0;

	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t before = trap.interrupts;

		interrupts_on();
		/* Periods that meet each instruction of it sooner or later. */
		start(INSTRUCTIONS, 200 + i * 7 % 1500);
		for (unsigned int twice = 0; twice < 4; twice++)
			wrong += do_all_kinds();
		pmu_work(40000);
		stop(INSTRUCTIONS);
		interrupts_off();
		taken += trap.interrupts - before;
		settle();
	}
	tap(wrong == 0, "LR and SC, devices, calls and counters are as they were");
	tap(taken == rounds, "under %lu overflows of %lu", taken, rounds);
}

/* The same work counts the same, whether it overflows or not. */
static uint64_t count_work(uint64_t first)
{
	pmu_ecall(INSTRUCTIONS, 1, SET_VALUE, first, 0, PMU_COUNTER_START, pmu_eid);
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
	struct answer before, after;

	interrupts_off();
	pmu_ecall(INSTRUCTIONS, 1, SET_VALUE, first, 0, PMU_COUNTER_START, pmu_eid);
	before = pmu_ecall(counter, 0, 0, 0, 0, PMU_COUNTER_FW_READ, pmu_eid);
	pmu_work(PERIOD + PERIOD / 2); /* the host's counter goes on, to the next */
	after = pmu_ecall(counter, 0, 0, 0, 0, PMU_COUNTER_FW_READ, pmu_eid);
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
	uint64_t all = (1ull << pmu_ecall(0, 0, 0, 0, 0, PMU_NUM_COUNTERS, pmu_eid).value) - 1 - 2;
	struct answer counter =
		pmu_ecall(0, all, 0, PLATFORM, data, PMU_COUNTER_CONFIG_MATCHING, pmu_eid);
	uint64_t without, with;

	pmu_ecall(counter.value, 1, 0, 0, 0, PMU_COUNTER_START, pmu_eid);
	without = least_exits(0, counter.value);
	with = least_exits(-(uint64_t)PERIOD, counter.value);
	pmu_ecall(counter.value, 1, 1, 0, 0, PMU_COUNTER_STOP, pmu_eid);
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
		while (sbi_call(SBI_EID_HSM, SBI_HSM_HART_GET_STATUS, irq.hart, 0, 0).value !=
		       SBI_HSM_STOPPED)
			;
		stopping = 0;
		sbi_call(SBI_EID_HSM, SBI_HSM_HART_START, irq.hart, (uint64_t)pmu_hart_resumes,
			 (uint64_t)context);
	}
}

static void is_forgotten_by_a_stop(void)
{
	uint64_t other = irq.hart ? 0 : 1, pending = 0, times = 20;

	if (sbi_hart_start(other, restarter) != SBI_SUCCESS) {
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
	struct answer counter;

	pmu_eid = bootarg(args, "eid", SBI_EID_PMU);
	rounds = bootarg(args, "rounds", 200);
	irq = overflow_irq_find(fdt, hart);
	tap((uint64_t)*irq.way == bootarg(args, "way", (uint64_t)*irq.way), "the way is %s",
	    irq.way);
	overflow_irq_set_up(&irq);
	counter = configure();
	tap(counter.error == 0 && counter.value == INSTRUCTIONS, "instructions have a counter");
	counter = pmu_ecall(0, 1, 0, CYCLES, 0, PMU_COUNTER_CONFIG_MATCHING, pmu_eid);
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
