/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the PMU must stay apart: the guest's scounteren and the host's, user mode and what
 * scounteren keeps from it, the counts of this machine and of others beside it. Words of the
 * command line: eid=N; open=1: user mode reads whatever scounteren says (Linux's KVM); rounds=N
 * and work=N: so many times so many instructions are counted, exactly; overflow=1: and each round
 * overflows, once.
 */
#include "base/riscv.h"
#include "lib/fdt.h"
#include "lib/guest.h"
#include "lib/io.h"
#include "lib/sbi.h"
#include "lib/tap.h"
#include "lib/trap.h"
#include "lib/user.h"
#include "pmu/pmu.h"
#include "pmu_machine.h"

#define UART_STATUS  0x10000005ull
#define INSTRUCTIONS 2u
#define SET_VALUE    1u
#define SIE_TIMER    (1ul << 5)
#define SIP_OVERFLOW (1ul << 13)

struct answer pmu_ecall(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
			uint64_t fid, uint64_t eid);
void pmu_work(uint64_t instructions);
uint64_t pmu_csr_read(uint64_t index);
extern char pmu_user_reads[];

static uint64_t eid;
static bool open;

static uint64_t scounteren(void)
{
	uint64_t value;

	__asm__ volatile("csrr %0, scounteren" : "=r"(value));
	return value;
}

static uint64_t user_read(uint64_t *cause)
{
	return user_run((void (*)(void))(uintptr_t)(pmu_user_reads + 8 * INSTRUCTIONS), cause);
}

/* ---- ways out of the guest ---- */

static void call(void)
{
	pmu_ecall(0, 0, 0, 0, 0, PMU_NUM_COUNTERS, eid);
}

static void call_by_exit(void)
{
	pmu_ecall(0, 0, 0, 0, 0, PMU_NUM_COUNTERS, SBI_EID_PMU_EXIT);
}

static void call_of_kvm(void)
{
	sbi_probe(SBI_EID_TIME);
}

static void device(void)
{
	io_read(UART_STATUS, 1);
}

static void halt(void)
{
	__asm__ volatile("csrs sie, %0" ::"r"(SIE_TIMER));
	/* 10 ms: under a host that is QEMU, a deadline in the middle of KVM's halt can be missed.
	 */
	sbi_call(SBI_EID_TIME, 0, time_now() + 100000, 0, 0);
	__asm__ volatile("wfi");
	__asm__ volatile("csrc sie, %0" ::"r"(SIE_TIMER));
	sbi_call(SBI_EID_TIME, 0, UINT64_MAX, 0, 0);
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

			__asm__ volatile("csrw scounteren, %0" ::"r"(patterns[j]));
			/* The hart has not all bits. */
			before = scounteren();
			exits[i].leave();
			after = scounteren();
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

	__asm__ volatile("csrw scounteren, %0" ::"r"(1ul << INSTRUCTIONS));
	before = pmu_csr_read(INSTRUCTIONS);
	value = user_read(&cause);
	tap(cause == CAUSE_USER_ECALL && value >= before && before > 0,
	    "user mode reads the counter that scounteren allows");
	__asm__ volatile("csrw scounteren, %0" ::"r"(~(1ul << INSTRUCTIONS)));
	value = user_read(&cause);
	if (open)
		tap(cause == CAUSE_USER_ECALL && value >= before,
		    "and the one that it does not allow, as with KVM's PMU");
	else
		tap(cause == CAUSE_ILLEGAL_INSTRUCTION && value == 0,
		    "the one that it does not allow is an illegal instruction");
	__asm__ volatile("csrw scounteren, x0");
}

/* ---- counts ---- */

static bool overflow_pending(void)
{
	uint64_t sip;

	__asm__ volatile("csrr %0, sip" : "=r"(sip));
	__asm__ volatile("csrc sip, %0" ::"r"(SIP_OVERFLOW));
	return sip & SIP_OVERFLOW;
}

static void counts(uint64_t rounds, uint64_t work, bool overflows)
{
	uint64_t first = overflows ? -(work / 2) : 0, more = work / 50 + 5000;
	uint64_t wrong = 0, pending = 0, value = 0;

	for (uint64_t i = 0; i < rounds; i++) {
		pmu_ecall(INSTRUCTIONS, 1, SET_VALUE, first, 0, PMU_COUNTER_START, eid);
		pmu_work(work);
		pmu_ecall(INSTRUCTIONS, 1, 0, 0, 0, PMU_COUNTER_STOP, eid);
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
	struct answer counter;

	(void)hart;
	eid = bootarg(args, "eid", SBI_EID_PMU);
	open = bootarg(args, "open", 0);
	counter = pmu_ecall(INSTRUCTIONS, 1, 0, INSTRUCTIONS, 0, PMU_COUNTER_CONFIG_MATCHING, eid);
	tap(counter.error == 0 && counter.value == INSTRUCTIONS, "instructions have a counter");
	if (rounds) {
		counts(rounds, bootarg(args, "work", 1000000), bootarg(args, "overflow", 0));
		tap_end();
	}
	pmu_ecall(INSTRUCTIONS, 1, SET_VALUE, 1, 0, PMU_COUNTER_START, eid);
	scounteren_survives();
	user_mode();
	tap_end();
}
