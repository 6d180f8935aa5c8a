/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Round trips out of the guest, for tests/bench. How often each is made comes from words of the
 * command line, NAME=N; those that are not named are not made, and all are made 1000 times when
 * none is. One line for each: NAME TICKS N, with the ticks of the time CSR. The first line is the
 * time since the VM was created at the first instruction.
 */
#include <stdbool.h>

#include "base/echo.h"
#include "base/memory_map.h"
#include "vhart-guest/csr.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/io.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"

#define HOLE 0x00010000ull

static void rtc_read(void)
{
	io_read(MAP_RTC, 4);
}

/* The scratch register of the UART, which every VMM has, here and in kvmtool at the same place. */
static void uart_read(void)
{
	io_read(MAP_UART + 7, 1);
}

static void hole_read(void)
{
	io_read(HOLE, 4);
}

static void forwarded_call(void)
{
	sbi_call(SBI_EID_PMU_EXIT, 0xff, 0, 0, 0);
}

static void console_byte(void)
{
	sbi_debug_console_write_byte('.');
}

static void kernel_call(void)
{
	sbi_call(SBI_EID_BASE, 0, 0, 0, 0);
}

static void echo_by_exit(void)
{
	sbi_call(ECHO_EID, ECHO_VALUE, 0, 0, 0);
}

static void echo_by_forward(void)
{
	sbi_call(ECHO_EID_FORWARDED, ECHO_VALUE, 0, 0, 0);
}

/* Its answer is in one register, as that of most PMU calls. */
static void error_by_forward(void)
{
	sbi_call(ECHO_EID_FORWARDED, ECHO_ERROR, 0, 0, 0);
}

static void counter_read(void)
{
	csr_read(cycle);
}

static void timer_call(void)
{
	sbi_set_timer(UINT64_MAX);
}

static const struct {
	const char *name;
	void (*trip)(void);
} loops[] = {
	{"mmio", rtc_read},	   {"uart", uart_read},		 {"hole", hole_read},
	{"sbi", forwarded_call},   {"dbcn", console_byte},	 {"base", kernel_call},
	{"echo", echo_by_exit},	   {"forward", echo_by_forward}, {"forward1", error_by_forward},
	{"counter", counter_read}, {"timer", timer_call},
};
#define LOOPS (sizeof(loops) / sizeof(loops[0]))

static void measure(const char *name, void (*trip)(void), uint64_t count)
{
	/* What is slow only once (page tables, host caches) is not what is measured. */
	for (unsigned int i = 0; i < 8; i++)
		trip();
	/* For who measures from outside, by what KVM does: one call that it answers on either side.
	 */
	kernel_call();
	uint64_t start = time_now();
	for (uint64_t i = 0; i < count; i++)
		trip();
	uint64_t ticks = time_now() - start;
	kernel_call();
	print("\n%s %lu %lu\n", name, ticks, count);
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	uint64_t counts[LOOPS];
	bool any = false;

	(void)hart;
	print("start %lu 1\n", start_time);
	for (unsigned int i = 0; i < LOOPS; i++) {
		counts[i] = bootarg(args, loops[i].name, 0);
		any = any || counts[i];
	}
	for (unsigned int i = 0; i < LOOPS; i++) {
		if (!any || counts[i])
			measure(loops[i].name, loops[i].trip, any ? counts[i] : 1000);
	}
}
