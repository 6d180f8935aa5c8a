/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/timer.h"

#include "vhart-guest/csr.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/trap.h"

static void write_stimecmp(void)
{
	csr_write(CSR_STIMECMP, UINT64_MAX);
}

bool timer_has_sstc(void)
{
	if (trap_free(write_stimecmp))
		return true;
	sbi_set_timer(UINT64_MAX);
	return false;
}

/* Asked once, for all harts. */
static bool is_by_stimecmp(void)
{
	static enum { UNKNOWN, SSTC, SBI } way;

	if (way == UNKNOWN)
		way = timer_has_sstc() ? SSTC : SBI;
	return way == SSTC;
}

void timer_set(uint64_t time)
{
	if (is_by_stimecmp())
		csr_write(CSR_STIMECMP, time);
	else
		sbi_set_timer(time);
}

void timer_set_by_call(uint64_t time)
{
	const bool by_stimecmp = is_by_stimecmp();

	sbi_set_timer(time);
	if (by_stimecmp)
		csr_write(CSR_STIMECMP, time);
}

void timer_off(void)
{
	timer_set(UINT64_MAX);
}

void timer_wait(uint64_t time)
{
	uint64_t sie = csr_read(sie);
	bool on = interrupts_are_on();

	interrupts_off();
	timer_set(time);
	interrupt_enable(IRQ_S_TIMER);
	while (time_now() < time)
		interrupt_wait();
	timer_off();
	csr_write(sie, sie);
	if (on)
		interrupts_on();
}
