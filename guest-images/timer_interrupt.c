/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer interrupt comes to a hart that halts, and not before its time: by the SBI, and by Sstc.
 *
 * KVM's set_timer on a host with Sstc writes the vstimecmp of its CPU and nothing else
 * (kvm_riscv_vcpu_update_vstimecmp(); 6.12.117 and 7.2.12). A vCPU whose thread leaves the CPU
 * before the guest runs again has the value of before afterwards, which
 * kvm_riscv_vcpu_timer_restore() puts there: the deadline is lost. stimecmp shows it, and a call
 * that was lost is made again; nothing else is forgiven. A guest's own write of stimecmp is never
 * lost.
 */
#include "vhart-guest/csr.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/timer.h"
#include "vhart-guest/trap.h"

#define TIMES 20u
/* Each of so many in a row lost: that is not KVM's thread that left its CPU. */
#define MOST_TRIES 20u

static uint64_t taken_at, taken, lost;
static bool has_sstc;
static void (*set)(uint64_t time);

static void by_sbi(uint64_t time)
{
	unsigned int tries = 0;

	sbi_set_timer(time);
	while (has_sstc && csr_read(CSR_STIMECMP) != time && ++tries < MOST_TRIES) {
		lost++;
		sbi_set_timer(time);
	}
	if (tries == MOST_TRIES)
		tap_bail_out("sbi_set_timer does not set stimecmp");
}

static void by_stimecmp(uint64_t time)
{
	csr_write(CSR_STIMECMP, time);
}

static void on_timer(struct trap_frame *frame)
{
	(void)frame;
	taken_at = time_now();
	set(UINT64_MAX);
	__atomic_fetch_add(&taken, 1, __ATOMIC_RELEASE);
}

static void comes(const char *way, uint64_t ticks)
{
	uint64_t early = 0;

	taken = 0;
	for (unsigned int i = 0; i < TIMES; i++) {
		uint64_t due = time_now() + ticks;

		set(due);
		while (__atomic_load_n(&taken, __ATOMIC_ACQUIRE) == i)
			interrupt_take();
		early += taken_at < due;
	}
	tap_eq(early, 0, "%s: %u interrupts come, none before its time", way, TIMES);
	tap_eq(taken, TIMES, "%s: each once", way);
}

static void waits(const char *way)
{
	set(0);
	tap(interrupt_pending(IRQ_S_TIMER), "%s: one that is due is pending at once", way);
	set(UINT64_MAX);
	tap(!interrupt_pending(IRQ_S_TIMER), "%s: one that was put off is not", way);
}

void main(uint64_t hart, const void *fdt)
{
	uint64_t millisecond = fdt_timebase(fdt) / 1000, before = time_now();

	(void)hart;
	trap_set_handler(CAUSE_TIMER_INTERRUPT, on_timer);
	interrupt_enable(IRQ_S_TIMER);
	timer_wait(before + millisecond);
	tap(time_now() >= before + millisecond && taken == 0, "a halt ends in time");
	has_sstc = timer_has_sstc();
	set = by_sbi;
	comes("sbi_set_timer", millisecond);
	waits("sbi_set_timer");
	if (lost)
		tap_note("KVM lost the deadlines of %lu calls, which were made again", lost);
	if (!has_sstc) {
		tap_skip("stimecmp: this hart has no Sstc");
		tap_end();
	}
	set = by_stimecmp;
	comes("stimecmp", millisecond);
	waits("stimecmp");
	tap_end();
}
