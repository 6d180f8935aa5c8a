/* SPDX-License-Identifier: Apache-2.0 */
/* A trap goes to the handler of its cause, on the hart that trapped, and to no other. */
#include "vhart-guest/csr.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/timer.h"
#include "vhart-guest/trap.h"

static uint64_t breakpoints, illegal_value, timers, inner, softs[GUEST_MAX_HARTS], ready, done;

static void on_breakpoint(struct trap_frame *frame)
{
	breakpoints++;
	frame->x[10] = frame->x[11] + 1; /* a0, a1 */
	trap_skip(frame);
}

static void on_illegal(struct trap_frame *frame)
{
	illegal_value = frame->value;
	trap_skip(frame);
}

/* Meets an exception itself. */
static void on_timer(struct trap_frame *frame)
{
	uint64_t before = breakpoints;

	(void)frame;
	__asm__ volatile("ebreak" : : : "a0", "memory");
	inner += breakpoints - before;
	timers++;
	timer_off();
}

static void on_soft(struct trap_frame *frame)
{
	(void)frame;
	interrupt_clear(IRQ_S_SOFT);
	__atomic_fetch_add(&softs[hart_id()], 1, __ATOMIC_RELEASE);
}

static uint64_t break_with(uint64_t value)
{
	uint64_t result;

	__asm__ volatile("mv a1, %1\n\tebreak\n\tmv %0, a0"
			 : "=r"(result)
			 : "r"(value)
			 : "a0", "a1", "memory");
	return result;
}

static void exceptions(void)
{
	trap_set_handler(CAUSE_BREAKPOINT, on_breakpoint);
	trap_set_handler(CAUSE_ILLEGAL_INSTRUCTION, on_illegal);
	tap_eq(break_with(41), 42, "a breakpoint's handler changes a register");
	__asm__ volatile(".word 0xffffffff" : : : "memory");
	tap(illegal_value == 0xffffffff || illegal_value == 0,
	    "an illegal instruction has its own handler, and stval");
	tap_eq(breakpoints, 1, "which is not that of the breakpoint");
	tap_eq(trap_record()->exceptions, 0, "neither is one without a handler");
}

static void a_timer(void)
{
	trap_set_handler(CAUSE_TIMER_INTERRUPT, on_timer);
	interrupt_enable(IRQ_S_TIMER);
	interrupts_on();
	timer_set(time_now() + 1000);
	while (!__atomic_load_n(&timers, __ATOMIC_ACQUIRE))
		;
	interrupts_off();
	tap_eq(inner, 1, "a handler may meet an exception itself");
	tap(!interrupts_are_on() && csr_read(sie) == SIP_STIP,
	    "and who was interrupted goes on as before");
}

static void other(uint64_t hart)
{
	interrupt_enable(IRQ_S_SOFT);
	interrupts_on();
	harts_count(&ready);
	while (__atomic_load_n(&softs[hart], __ATOMIC_ACQUIRE) < hart)
		;
	interrupts_off();
	harts_count(&done);
	hart_stop();
}

/* Hart N gets N of them, each sent when it has taken the one before. */
static void to_each_hart(void)
{
	uint64_t harts, right = 0;

	trap_set_handler(CAUSE_INTERRUPT | IRQ_S_SOFT, on_soft);
	harts = harts_start(other);
	tap(harts_await(&ready, harts - 1), "%lu harts wait", harts - 1);
	for (uint64_t hart = 1; hart < harts; hart++) {
		for (uint64_t sent = 0; sent < hart; sent++) {
			sbi_send_ipi(1, hart);
			harts_await(&softs[hart], sent + 1);
		}
	}
	tap(harts_await(&done, harts - 1), "and take all their interrupts");
	for (uint64_t hart = 0; hart < harts; hart++)
		right += softs[hart] == hart;
	tap_eq(right, harts, "each its own");
}

static void breaks(void)
{
	__asm__ volatile("ebreak");
}

static void without_handler(void)
{
	trap_set_handler(CAUSE_BREAKPOINT, NULL);
	tap(!trap_free(breaks) && trap_record()->cause == CAUSE_BREAKPOINT,
	    "without a handler an exception that is expected is recorded");
}

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	exceptions();
	a_timer();
	to_each_hart();
	without_handler();
	tap_end();
}
