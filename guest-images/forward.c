/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What KVM keeps to itself and vhart answers all the same (--sbi-echo): calls and counter reads,
 * beside the calls that KVM hands over, from all harts at the same time. Every result and every
 * register is checked: none is lost, answered twice, or answered with another hart's arguments.
 * Words of the command line: calls=N of each hart; reads=N, a counter read after every N calls, 0:
 * none.
 */
#include "base/echo.h"
#include "base/riscv.h"
#include "vhart-guest/csr.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/trap.h"
#include "vhart-guest/user.h"

#define WAIT (600 * TIME_SECOND)

static uint64_t calls, reads; /* of each hart; so many calls to a counter read */
static uint64_t done, wrong;

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t expected_counter(uint64_t hart, uint64_t csr)
{
	const uint64_t args[6] = {csr};

	return echo_mix(hart, args);
}

/* ---- calls ---- */

static void expected_registers(uint64_t hart, const uint64_t before[8], uint64_t after[8])
{
	uint64_t mixed = echo_mix(hart, before);

	for (unsigned int i = 2; i < 8; i++)
		after[i] = before[i];
	after[0] = before[6] == ECHO_VALUE ? 0 : before[6] == ECHO_BOTH ? ~mixed : mixed;
	after[1] = before[6] == ECHO_ERROR ? 0 : mixed;
}

static bool one_call(uint64_t hart, uint64_t number, uint64_t *random)
{
	uint64_t before[8], registers[8], expected[8];
	bool same = true;

	before[0] = number;
	for (unsigned int i = 1; i < 6; i++)
		before[i] = next_random(random);
	before[6] = before[5] % (ECHO_ERROR + 1);
	before[7] = before[4] & 1 ? ECHO_EID : ECHO_EID_FORWARDED;
	for (unsigned int i = 0; i < 8; i++)
		registers[i] = before[i];
	sbi_call_registers(registers);
	expected_registers(hart, before, expected);
	for (unsigned int i = 0; i < 8; i++)
		same = same && registers[i] == expected[i];
	if (!same)
		tap_note("hart %lu, call %lu of EID 0x%lx, FID %lu: a0 0x%lx, not 0x%lx; a1 0x%lx, "
			 "not 0x%lx",
			 hart, number, before[7], before[6], registers[0], expected[0],
			 registers[1], expected[1]);
	return same;
}

static void make_calls(uint64_t hart)
{
	uint64_t random = 0x2545f4914f6cdd1dull + hart, bad = 0;

	for (uint64_t i = 0; i < calls && bad < 5; i++) {
		bad += !one_call(hart, i, &random);
		if (reads && i % reads == 0)
			bad += csr_read(cycle) != expected_counter(hart, 0xC00);
	}
	__atomic_fetch_add(&wrong, bad, __ATOMIC_RELAXED);
	harts_count(&done);
}

static void secondary(uint64_t hart)
{
	make_calls(hart);
	hart_stop();
}

static void all_harts_call(uint64_t boot)
{
	uint64_t hart = harts_start(secondary), end;

	make_calls(boot);
	end = time_now() + WAIT;
	while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < hart && time_now() < end)
		;
	tap(done == hart, "all %lu harts made their calls", hart);
	tap(wrong == 0, "each of %lu calls got its own answer", hart * calls);
}

/* The handler makes a sbi_probe_extension() of it, which KVM answers. */
static void passed_call(void)
{
	uint64_t registers[8] = {1, SBI_EID_TIME, 3, 4, 5, 6, ECHO_PASS, ECHO_EID_FORWARDED};

	sbi_call_registers(registers);
	tap(registers[0] == 0 && registers[1] == 1, "KVM answers a call that the handler changed");
	registers[1] = 0x123456;
	registers[6] = ECHO_PASS;
	registers[7] = ECHO_EID_FORWARDED;
	sbi_call_registers(registers);
	tap(registers[0] == 0 && registers[1] == 0, "and answers it each time anew");
	tap(registers[2] == 3 && registers[3] == 4 && registers[4] == 5 && registers[5] == 6,
	    "its other registers are as they were");
}

static void unknown_function(void)
{
	uint64_t registers[8] = {1, 2, 3, 4, 5, 6, 99, ECHO_EID_FORWARDED};

	sbi_call_registers(registers);
	tap(registers[0] == (uint64_t)SBI_ERR_NOT_SUPPORTED && registers[1] == 0,
	    "an unknown function of it is not supported");
}

/* ---- counters ---- */

static void supervisor_reads(uint64_t hart)
{
	uint64_t instret, third, before = trap_record()->exceptions;
	bool on, off;

	__asm__ volatile("csrr %0, instret\n"
			 "csrr %1, hpmcounter3"
			 : "=r"(instret), "=r"(third));
	tap(csr_read(cycle) == expected_counter(hart, 0xC00), "cycle is read");
	tap(instret == expected_counter(hart, 0xC02), "instret is read");
	tap(third == expected_counter(hart, 0xC03), "hpmcounter3 is read");
	__asm__ volatile("csrr x0, cycle\n"
			 "csrrc x0, cycle, x0\n"
			 "csrrsi x0, cycle, 0");
	tap(trap_record()->exceptions == before, "reads into x0 go on as well");

	/* sie is 0: nothing comes. */
	interrupts_on();
	csr_read(cycle);
	on = interrupts_are_on();
	interrupts_off();
	csr_read(cycle);
	off = !interrupts_are_on();
	tap(on && off, "interrupts are as enabled as before");
}

static void writes_trap(void)
{
	volatile struct trap *record = trap_record();
	uint64_t before = record->exceptions;

	record->expected = true;
	__asm__ volatile("csrw cycle, x0");
	tap(record->exceptions == before + 1 && record->cause == CAUSE_ILLEGAL_INSTRUCTION,
	    "a write is an illegal instruction");
	csr_set(cycle, 1);
	tap(record->exceptions == before + 2 && record->cause == CAUSE_ILLEGAL_INSTRUCTION,
	    "so is a read that sets bits");
	record->expected = false;
}

static __attribute__((naked)) void user_cycle(void)
{
	__asm__ volatile("csrr a0, cycle\n"
			 "ecall");
}

static void user_reads(uint64_t hart)
{
	uint64_t cause = 0, value;

	csr_write(scounteren, 1);
	value = user_run(user_cycle, &cause);
	tap(cause == CAUSE_USER_ECALL && value == expected_counter(hart, 0xC00),
	    "user mode reads a counter that scounteren allows, and goes on in user mode");
	csr_write(scounteren, 6);
	value = user_run(user_cycle, &cause);
	tap(cause == CAUSE_ILLEGAL_INSTRUCTION && value == 0,
	    "one that scounteren does not allow is an illegal instruction");
	tap(csr_read(scounteren) == 6, "scounteren stays as it was");
}

/* ---- what only the host sees ---- */

enum { FW_SET_TIMER = 5, FW_IPI_SENT, FW_IPI_RCVD, FW_FENCE_I_SENT, FW_FENCE_I_RCVD };
enum {
	FW_SFENCE_SENT = 10,
	FW_SFENCE_RCVD,
	FW_SFENCE_ASID_SENT,
	FW_SFENCE_ASID_RCVD,
	FW_HFENCE_VVMA_SENT = 18
};
enum { PLATFORM_EXITS, PLATFORM_STAGE_2_FAULTS, PLATFORM_HALTS, PLATFORM_ECALLS = 4 };

#define TIMES 7u

static uint64_t count(uint64_t function, uint64_t what, uint64_t hart)
{
	struct sbi_result result = sbi_call(ECHO_EID_FORWARDED, function, what, hart, 0);

	return result.error == SBI_SUCCESS ? result.value : UINT64_MAX;
}

static void set_timer(uint64_t hart)
{
	(void)hart;
	sbi_set_timer(UINT64_MAX);
}

static void send_ipi(uint64_t hart)
{
	sbi_send_ipi(1ul << hart, 0);
}

static void send_ipi_to_all(uint64_t hart)
{
	(void)hart;
	sbi_send_ipi(0, UINT64_MAX);
}

static void fence_i(uint64_t hart)
{
	sbi_remote_fence_i(1, hart);
}

static void sfence_vma(uint64_t hart)
{
	sbi_remote_sfence_vma(1ul << hart, 0, 0, UINT64_MAX);
}

static void sfence_vma_asid(uint64_t hart)
{
	sbi_remote_sfence_vma_asid(1ul << hart, 0, 0, UINT64_MAX, 1);
}

/* An IPI is pending and enabled, but not taken: the hart goes on at once. */
static void halt(uint64_t hart)
{
	send_ipi(hart);
	interrupt_enable(IRQ_S_SOFT);
	interrupt_wait();
	interrupt_disable(IRQ_S_SOFT);
	interrupt_clear(IRQ_S_SOFT);
}

static const struct {
	const char *what;
	void (*make)(uint64_t hart);
	uint64_t function, event;
	unsigned int other; /* 1: looked at on the next hart */
	unsigned int each;
} counted[] = {
	{"set_timer", set_timer, ECHO_FIRMWARE, FW_SET_TIMER, 0, 1},
	{"an IPI sent", send_ipi, ECHO_FIRMWARE, FW_IPI_SENT, 0, 1},
	{"an IPI received", send_ipi, ECHO_FIRMWARE, FW_IPI_RCVD, 0, 1},
	{"an IPI to all", send_ipi_to_all, ECHO_FIRMWARE, FW_IPI_RCVD, 0, 1},
	{"an IPI to all, received elsewhere,", send_ipi_to_all, ECHO_FIRMWARE, FW_IPI_RCVD, 1, 1},
	{"an IPI sent by another hart, not here, it", send_ipi, ECHO_FIRMWARE, FW_IPI_SENT, 1, 0},
	{"fence.i sent", fence_i, ECHO_FIRMWARE, FW_FENCE_I_SENT, 0, 1},
	{"fence.i received", fence_i, ECHO_FIRMWARE, FW_FENCE_I_RCVD, 0, 1},
	{"sfence.vma sent", sfence_vma, ECHO_FIRMWARE, FW_SFENCE_SENT, 0, 1},
	{"sfence.vma received", sfence_vma, ECHO_FIRMWARE, FW_SFENCE_RCVD, 0, 1},
	{"sfence.vma by ASID sent", sfence_vma_asid, ECHO_FIRMWARE, FW_SFENCE_ASID_SENT, 0, 1},
	{"sfence.vma by ASID received", sfence_vma_asid, ECHO_FIRMWARE, FW_SFENCE_ASID_RCVD, 0, 1},
	{"an hfence.vvma sent", sfence_vma, ECHO_FIRMWARE, FW_HFENCE_VVMA_SENT, 0, 1},
	{"an hfence.vvma received", sfence_vma, ECHO_FIRMWARE, FW_HFENCE_VVMA_SENT + 1, 0, 1},
	{"an hfence.vvma by ASID sent", sfence_vma_asid, ECHO_FIRMWARE, FW_HFENCE_VVMA_SENT + 2, 0,
	 1},
	{"an hfence.vvma by ASID received", sfence_vma_asid, ECHO_FIRMWARE, FW_HFENCE_VVMA_SENT + 3,
	 0, 1},
	{"a halt", halt, ECHO_PLATFORM, PLATFORM_HALTS, 0, 1},
};

static void counts(uint64_t hart)
{
	uint64_t before, after, exits;

	for (unsigned int i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		before = count(counted[i].function, counted[i].event, hart + counted[i].other);
		for (unsigned int n = 0; n < TIMES; n++)
			counted[i].make(hart);
		after = count(counted[i].function, counted[i].event, hart + counted[i].other);
		tap(before != UINT64_MAX && after - before == TIMES * counted[i].each,
		    "%s is counted (%lu)", counted[i].what, after - before);
	}
	tap(count(ECHO_FIRMWARE, 14, hart) == UINT64_MAX, "hfence.gvma events are not countable");
	tap(count(ECHO_PLATFORM, 99, hart) == UINT64_MAX, "nor is platform event 99");
	before = count(ECHO_PLATFORM, PLATFORM_ECALLS, hart);
	exits = count(ECHO_PLATFORM, PLATFORM_EXITS, hart);
	for (unsigned int n = 0; n < TIMES; n++)
		set_timer(hart);
	/* These, and the two questions behind the first. */
	after = count(ECHO_PLATFORM, PLATFORM_ECALLS, hart);
	tap(after - before == TIMES + 2, "ecalls are counted (%lu)", after - before);
	after = count(ECHO_PLATFORM, PLATFORM_EXITS, hart);
	tap(after - exits >= TIMES + 2, "so are exits of all causes");
}

void main(uint64_t boot, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);

	calls = bootarg(args, "calls", 1000);
	reads = bootarg(args, "reads", 8);
	tap(sbi_probe(ECHO_EID) == 1, "the extension that KVM hands over is there");
	tap(sbi_probe(ECHO_EID_FORWARDED) == 1, "the extension that KVM keeps is there");
	unknown_function();
	passed_call();
	supervisor_reads(boot);
	writes_trap();
	user_reads(boot);
	counts(boot);
	all_harts_call(boot);
	tap_end();
}
