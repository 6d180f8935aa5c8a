/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suspends the system (SBI 3.0, chapter 13) with one kind of interrupt enabled each time, and sees
 * that this wakes it: the timer, later and already due; an IPI that is pending. On each resume
 * what woke it must be pending, and scounteren what it was before the first.
 */
#include "lib/guest.h"
#include "lib/io.h"
#include "lib/print.h"
#include "lib/sbi.h"
#include "lib/tap.h"

#define SSIE (1u << 1)
#define STIE (1u << 5)

/* Neither what KVM starts a hart with (7), nor 0. */
#define SCOUNTEREN 5u

static uint64_t suspended_at, ticks;
static unsigned int step;

static _Noreturn void next(void);

static void set_timer(uint64_t time)
{
	sbi_call(SBI_EID_TIME, 0, time, 0, 0);
}

static void arm_later(void)
{
	set_timer(time_now() + ticks);
}

static void arm_in_the_past(void)
{
	set_timer(0);
	ticks = 0;
}

static void send_ipi(void)
{
	set_timer(UINT64_MAX);
	sbi_call(SBI_EID_IPI, 0, 1, 0, 0);
	ticks = 0;
}

static const struct {
	const char *what;
	uint64_t enabled;
	void (*prepare)(void);
} steps[] = {
	{"its timer", STIE, arm_later},
	{"its timer, which was due already", STIE, arm_in_the_past},
	{"an IPI that was pending", SSIE, send_ipi},
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void resumed(uint64_t hart)
{
	uint64_t slept = time_now() - suspended_at, scounteren, sip;

	__asm__ volatile("csrr %0, scounteren" : "=r"(scounteren));
	__asm__ volatile("csrr %0, sip" : "=r"(sip));
	tap(hart == 0 && slept >= ticks, "%s wakes the system", steps[step].what);
	tap(sip & steps[step].enabled, "and is pending on the resume: sip 0x%lx", sip);
	tap(scounteren == SCOUNTEREN, "scounteren is what it was: 0x%lx", scounteren);
	step++;
	next();
}

static _Noreturn void next(void)
{
	if (step == STEPS)
		tap_end();
	ticks = TIME_SECOND / 4;
	__asm__ volatile("csrw sie, %0" ::"r"(steps[step].enabled));
	__asm__ volatile("csrw sip, zero");
	suspended_at = time_now();
	steps[step].prepare();
	sbi_call(SBI_EID_SUSP, 0, 0, (uint64_t)secondary_start, (uint64_t)resumed);
	tap(false, "%s: the system suspends", steps[step].what);
	tap_end();
}

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	if (!sbi_probe(SBI_EID_SUSP)) {
		tap(true, "suspends # SKIP this host's KVM does not forward SUSP");
		tap_end();
	}
	__asm__ volatile("csrw scounteren, %0" ::"r"((uint64_t)SCOUNTEREN));
	next();
}
