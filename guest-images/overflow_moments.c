/* SPDX-License-Identifier: Apache-2.0 */
#include "overflow_moments.h"

#include "base/board.h"
#include "base/echo.h"
#include "lib/io.h"
#include "lib/print.h"
#include "lib/sbi.h"
#include "lib/tap.h"
#include "lib/trap.h"

#define STIE	 (1ull << 5)
#define CALLS	 60u
#define SUSPENDS 24u
/* The VMM makes shorter periods as long as this one. So it is where the looks begin, a few
 * instructions further each time. */
#define LEAST 500u
/* After so much work comes what is to be interrupted. */
#define BEFORE	  (LEAST - 20)
#define UART_LSR  5
#define LSR_READY 1

int64_t pmu_suspend_hart(uint64_t *context);

static void enable(uint64_t interrupts)
{
	__asm__ volatile("csrs sie, %0" ::"r"(interrupts));
}

static void set_timer(uint64_t time)
{
	sbi_call(SBI_EID_TIME, 0, time, 0, 0);
}

static uint64_t pending(void)
{
	uint64_t sip;

	__asm__ volatile("csrr %0, sip" : "=r"(sip));
	return sip;
}

static void wait_until(uint64_t time)
{
	set_timer(time);
	while (time_now() < time)
		__asm__ volatile("wfi");
}

/* ---- a halt ---- */

/* As long after it that nothing else of the VMM's looks at this hart. */
void ends_a_late_halt(void)
{
	interrupts_off();
	enable(irq.sie | STIE);
	start(INSTRUCTIONS, PERIOD);
	pmu_work(20 * PERIOD);
	wait_until(time_now() + TIME_SECOND * 3 / 10);
	set_timer(time_now() + TIME_SECOND * 3);
	__asm__ volatile("wfi");
	tap(!(pending() & STIE), "one that has been pending for long ends a halt");
	set_timer(UINT64_MAX);
	__asm__ volatile("csrc sie, %0" ::"r"(STIE));
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
	uint64_t wrong = 0, before = trap.interrupts;

	for (uint64_t i = 0; i < rounds; i++) {
		interrupts_on();
		enable(irq.sie);
		start(INSTRUCTIONS, LEAST + i);
		for (unsigned int call = 0; call < CALLS; call++)
			wrong += !is_passed_on();
		stop(INSTRUCTIONS);
		interrupts_off();
		settle();
	}
	tap(wrong == 0, "calls that the VMM passes on to KVM: %lu wrong", wrong);
	tap(trap.interrupts - before == rounds, "under %lu overflows of %lu",
	    trap.interrupts - before, rounds);
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
		enable(irq.sie | STIE);
		set_timer(time_now() + TIME_SECOND / 100);
		configure();
		start(INSTRUCTIONS, LEAST + 3 * i);
		pmu_work(BEFORE);
		resumed += pmu_suspend_hart(context) >= 0;
		overflow_irq_set_up(&irq);
		stop(INSTRUCTIONS);
		settle();
	}
	set_timer(UINT64_MAX);
	__asm__ volatile("csrw sie, zero");
	configure();
	tap(resumed == SUSPENDS, "%lu suspends of %u, about an overflow", resumed, SUSPENDS);
}

/* ---- resets ---- */

static uint64_t character(void)
{
	while (!(io_read(MAP_UART + UART_LSR, 1) & LSR_READY))
		;
	return io_read(MAP_UART, 1);
}

void resets_as_it_is_told(void)
{
	uint64_t told;

	print("life\n");
	told = character();
	if (told != 'r' && (told < '0' || told > '9'))
		return;
	interrupts_off();
	enable(irq.sie);
	start(INSTRUCTIONS, told == 'r' ? PERIOD : LEAST + 3 * (told - '0'));
	pmu_work(told == 'r' ? 20 * PERIOD : BEFORE);
	reset(SRST_COLD_REBOOT, SRST_NO_REASON);
}
