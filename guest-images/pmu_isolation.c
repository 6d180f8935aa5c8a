/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the PMU must stay apart: the guest's scounteren and the host's, user mode and what
 * scounteren keeps from it, the counts of this machine and of others beside it. Words of the
 * command line: eid=N; open=1: user mode reads whatever scounteren says (Linux's KVM); rounds=N
 * and work=N: so many times so many instructions are counted, exactly; overflow=1: and each round
 * overflows, once.
 */
#include "vhart-guest/csr.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/pmu.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/timer.h"
#include "vhart-guest/uart.h"
#include "vhart-guest/user.h"

#define INSTRUCTIONS 2u /* the event, and its counter */

extern char pmu_user_reads[]; /* pmu_hart.S */

static bool open;

static uint64_t user_read(uint64_t *cause)
{
	return user_run((void (*)(void))(uintptr_t)(pmu_user_reads + 8 * INSTRUCTIONS), cause);
}

/* ---- ways out of the guest ---- */

static void call(void)
{
	sbi_pmu_num_counters();
}

static void call_by_exit(void)
{
	sbi_call(SBI_EID_PMU_EXIT, PMU_NUM_COUNTERS, 0, 0, 0);
}

static void call_of_kvm(void)
{
	sbi_probe(SBI_EID_TIME);
}

static void device(void)
{
	io_read(MAP_UART + UART_LSR, 1);
}

static void halt(void)
{
	interrupt_enable(IRQ_S_TIMER);
	timer_set(time_now() + TIME_SECOND / 100);
	interrupt_wait();
	interrupt_disable(IRQ_S_TIMER);
	timer_off();
}

static void counter_read(void)
{
	pmu_csr_read(INSTRUCTIONS);
}

static void user_counter_read(void)
{
	uint64_t cause;

	user_read(&cause);
}

static void long_work(void)
{
	pmu_work(20000000);
}

static const struct {
	const char *name;
	void (*leave)(void);
} exits[] = {
	{"a call", call},
	{"a call that KVM hands over", call_by_exit},
	{"a call that KVM answers", call_of_kvm},
	{"a device's register", device},
	{"WFI", halt},
	{"a counter read", counter_read},
	{"a counter read in user mode", user_counter_read},
	{"the host's interrupts", long_work},
};

static void scounteren_survives(void)
{
	static const uint64_t patterns[] = {0, 1, 2, 4, 5, 7, 0xFFFFFFFF};

	for (unsigned int i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		bool same = true;

		for (unsigned int j = 0; j < sizeof(patterns) / sizeof(patterns[0]); j++) {
			uint64_t before, after;

			csr_write(scounteren, patterns[j]);
			/* The hart has not all bits. */
			before = csr_read(scounteren);
			exits[i].leave();
			after = csr_read(scounteren);
			if (after == before && (before & 7) == (patterns[j] & 7))
				continue;
			same = false;
			tap_note("0x%lx was 0x%lx, is 0x%lx", patterns[j], before, after);
		}
		tap(same, "scounteren survives %s", exits[i].name);
	}
}

/* ---- user mode ---- */

static void user_mode(void)
{
	uint64_t cause = 0, value, before;

	csr_write(scounteren, 1ul << INSTRUCTIONS);
	before = pmu_csr_read(INSTRUCTIONS);
	value = user_read(&cause);
	tap(cause == CAUSE_USER_ECALL && value >= before && before > 0,
	    "user mode reads the counter that scounteren allows");
	csr_write(scounteren, ~(1ul << INSTRUCTIONS));
	value = user_read(&cause);
	if (open)
		tap(cause == CAUSE_USER_ECALL && value >= before,
		    "and the one that it does not allow, as with KVM's PMU");
	else
		tap(cause == CAUSE_ILLEGAL_INSTRUCTION && value == 0,
		    "the one that it does not allow is an illegal instruction");
	csr_write(scounteren, 0);
}

/* ---- counts ---- */

static bool overflow_pending(void)
{
	bool pending = interrupt_pending(IRQ_LCOFI);

	interrupt_clear(IRQ_LCOFI);
	return pending;
}

static void counts(uint64_t rounds, uint64_t work, bool overflows)
{
	uint64_t first = overflows ? -(work / 2) : 0, more = work / 50 + 5000;
	uint64_t wrong = 0, pending = 0, value = 0;

	for (uint64_t i = 0; i < rounds; i++) {
		sbi_pmu_counter_start(INSTRUCTIONS, 1, PMU_START_SET_INIT_VALUE, first);
		pmu_work(work);
		sbi_pmu_counter_stop(INSTRUCTIONS, 1, 0);
		value = pmu_csr_read(INSTRUCTIONS) - first;
		pending += overflow_pending();
		if (value >= work && value < work + more)
			continue;
		if (wrong++ < 5)
			tap_note("round %lu: %lu instructions were counted as %lu", i, work, value);
	}
	tap(wrong == 0, "%lu times %lu instructions are counted, and nobody else's", rounds, work);
	tap(pending == (overflows ? rounds : 0), "%lu overflows", pending);
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	uint64_t rounds = bootarg(args, "rounds", 0);
	struct sbi_result counter;

	(void)hart;
	pmu_eid = bootarg(args, "eid", SBI_EID_PMU);
	open = bootarg(args, "open", 0);
	counter =
		sbi_pmu_counter_config_matching(INSTRUCTIONS, 1, 0, PMU_EVENT_IDX_INSTRUCTIONS, 0);
	tap(counter.error == 0 && counter.value == INSTRUCTIONS, "instructions have a counter");
	if (rounds) {
		counts(rounds, bootarg(args, "work", 1000000), bootarg(args, "overflow", 0));
		tap_end();
	}
	sbi_pmu_counter_start(INSTRUCTIONS, 1, PMU_START_SET_INIT_VALUE, 1);
	scounteren_survives();
	user_mode();
	tap_end();
}
