/* SPDX-License-Identifier: Apache-2.0 */
#include "overflow_moments.h"

#include "base/echo.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/print.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/timer.h"
#include "vhart-guest/trap.h"
#include "vhart-guest/uart.h"

#define CALLS	 60u
#define SUSPENDS 24u
/* The VMM makes shorter periods as long as this one. So it is where the looks begin, a few
 * instructions further each time. */
#define LEAST 500u
/* After so much work comes what is to be interrupted. */
#define BEFORE (LEAST - 20)

static void wait_until(uint64_t time)
{
	timer_set(time);
	while (time_now() < time)
		interrupt_wait();
}

/* ---- a halt ---- */

/* As long after it that nothing else of the VMM's looks at this hart. */
void ends_a_late_halt(void)
{
	interrupts_off();
	csr_set(sie, irq.sie | SIP_STIP);
	start(INSTRUCTIONS, PERIOD);
	pmu_work(20 * PERIOD);
	wait_until(time_now() + TIME_SECOND * 3 / 10);
	timer_set(time_now() + TIME_SECOND * 3);
	interrupt_wait();
	tap(!interrupt_pending(IRQ_S_TIMER), "one that has been pending for long ends a halt");
	timer_off();
	interrupt_disable(IRQ_S_TIMER);
	stop(INSTRUCTIONS);
	settle();
}

/* ---- calls ---- */

/* As BASE answers it: TIME is there. */
static bool is_passed_on(void)
{
	uint64_t registers[8] = {7, SBI_EID_TIME, 2, 3, 4, 5, ECHO_PASS, ECHO_EID_FORWARDED};

	sbi_call_registers(registers);
	return registers[0] == 0 && registers[1] == 1 && registers[2] == 2 && registers[5] == 5;
}

void calls_that_are_passed_on(void)
{
	uint64_t wrong = 0, taken, before = trap_record()->interrupts;

	for (uint64_t i = 0; i < rounds; i++) {
		overflows_on();
		start(INSTRUCTIONS, LEAST + i);
		for (unsigned int call = 0; call < CALLS; call++)
			wrong += !is_passed_on();
		stop(INSTRUCTIONS);
		interrupts_off();
		settle();
	}
	tap(wrong == 0, "calls that the VMM passes on to KVM: %lu wrong", wrong);
	taken = trap_record()->interrupts - before;
	tap(taken == rounds, "under %lu overflows of %lu", taken, rounds);
}

/* ---- suspends ---- */

void suspends(void)
{
	static uint64_t context[17];
	uint64_t resumed = 0;

	if (!sbi_probe(SBI_EID_SUSP)) {
		tap_note("this host's KVM does not forward SUSP");
		return;
	}
	for (uint64_t i = 0; i < SUSPENDS; i++) {
		interrupts_off();
		csr_set(sie, irq.sie | SIP_STIP);
		timer_set(time_now() + TIME_SECOND / 100);
		configure();
		start(INSTRUCTIONS, LEAST + 3 * i);
		pmu_work(BEFORE);
		resumed += pmu_suspend_hart(context) >= 0;
		overflow_irq_set_up(&irq);
		stop(INSTRUCTIONS);
		settle();
	}
	timer_off();
	csr_write(sie, 0);
	configure();
	tap(resumed == SUSPENDS, "%lu suspends of %u, about an overflow", resumed, SUSPENDS);
}

/* ---- resets ---- */

void resets_as_it_is_told(void)
{
	uint64_t told;

	print("life\n");
	told = uart_get();
	if (told != 'r' && (told < '0' || told > '9'))
		return;
	interrupts_off();
	csr_set(sie, irq.sie);
	start(INSTRUCTIONS, told == 'r' ? PERIOD : LEAST + 3 * (told - '0'));
	pmu_work(told == 'r' ? 20 * PERIOD : BEFORE);
	reset(SRST_COLD_REBOOT, SRST_NO_REASON);
}
