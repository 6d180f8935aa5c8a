/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suspends the system (SBI 3.0, chapter 13) with one kind of interrupt enabled each time, and sees
 * that this wakes it: the timer, later and already due; an IPI that is pending. On each resume
 * what woke it must be pending, and scounteren what it was before the first.
 */
#include "vhart-guest/csr.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/io.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/timer.h"

/* Neither what KVM starts a hart with (7), nor 0. */
#define SCOUNTEREN 5u

static uint64_t suspended_at, ticks;
static unsigned int step;

static _Noreturn void next(void);

static void arm_later(void)
{
	timer_set(time_now() + ticks);
}

static void arm_in_the_past(void)
{
	timer_set(0);
	ticks = 0;
}

static void send_ipi(void)
{
	timer_off();
	sbi_send_ipi(1, 0);
	ticks = 0;
}

static const struct {
	const char *what;
	uint64_t enabled;
	void (*prepare)(void);
} steps[] = {
	{"its timer", SIP_STIP, arm_later},
	{"its timer, which was due already", SIP_STIP, arm_in_the_past},
	{"an IPI that was pending", SIP_SSIP, send_ipi},
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void resumed(uint64_t hart)
{
	uint64_t slept = time_now() - suspended_at;
	uint64_t scounteren = csr_read(scounteren), sip = csr_read(sip);

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
	csr_write(sie, steps[step].enabled);
	csr_write(sip, 0);
	suspended_at = time_now();
	steps[step].prepare();
	sbi_system_suspend((uint64_t)secondary_start, (uint64_t)resumed);
	tap(false, "%s: the system suspends", steps[step].what);
	tap_end();
}

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	if (!sbi_probe(SBI_EID_SUSP))
		tap_skip_all("this host's KVM does not forward SUSP");
	csr_write(scounteren, SCOUNTEREN);
	next();
}
