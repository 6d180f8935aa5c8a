/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits whose number is known, for who counts them from the host. Words of the command line:
 * calls=N of each SBI call below, mmio=N of each device access, csr=N reads of cycle, wrs=N waits
 * for a reservation (Zawrs), halts=N of us=N microseconds each; harts=N harts do all of it at once;
 * spin=N rounds of nothing afterwards; vendor=0 leaves out the calls of SBI's vendor range, at
 * which QEMU stops the guest. Nothing is printed in between. A line "begin" and one "end" are: a
 * DBCN call for each.
 */
#include <stdbool.h>

#include "base/memory_map.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/pmu.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/timer.h"

#define HOLE	   0x00010000ull
#define EID_NOBODY 0x12345678ull

static uint64_t calls, mmio, csr, wrs, halts, halt_us, harts, spin, vendor, ticks_per_us;
static volatile uint64_t started, done;

static void make_calls(uint64_t hart)
{
	for (uint64_t i = 0; i < calls; i++) {
		sbi_get_spec_version();
		sbi_probe(SBI_EID_HSM);
		sbi_hart_get_status(hart);
		sbi_remote_fence_i(1, hart);
		sbi_send_ipi(1, hart);
		interrupt_clear(IRQ_S_SOFT);
		sbi_debug_console_write_byte('.');
		if (vendor)
			sbi_call(SBI_EID_VENDOR, 3, 1, 2, 3);
		sbi_call(EID_NOBODY, 7, 1, 2, 3);
	}
}

static void touch_devices(void)
{
	for (uint64_t i = 0; i < mmio; i++) {
		io_read(MAP_UART + 7, 1);
		io_write(MAP_UART + 7, 1, i);
		io_read(MAP_RTC, 4);
		io_read(HOLE, 4);
	}
}

/* A counter that counts cycles, and starts at once: reads of it are answered then. */
static void start_counter(void)
{
	sbi_pmu_counter_config_matching(0, 1, PMU_CFG_AUTO_START, PMU_EVENT_IDX_CYCLES, 0);
}

static void read_csrs(void)
{
	if (csr)
		start_counter();
	for (uint64_t i = 0; i < csr; i++)
		csr_read(cycle);
}

/* As a spinlock of Linux waits: with the word reserved, wrs.nto. KVM takes the hart for spinning.
 */
static void wait_reserved(void)
{
	static uint64_t word;

	for (uint64_t i = 0; i < wrs; i++)
		__asm__ volatile("lr.d t0, (%0)\n.word 0x00D00073" ::"r"(&word) : "t0", "memory");
}

/* One WFI and one SBI call each: the timer is disarmed by the next one, and at the end. */
static void halt(void)
{
	interrupt_enable(IRQ_S_TIMER);
	for (uint64_t i = 0; i < halts; i++) {
		timer_set_by_call(time_now() + halt_us * ticks_per_us);
		interrupt_wait();
	}
	timer_set_by_call(UINT64_MAX);
}

static void exit_a_lot(uint64_t hart)
{
	__sync_fetch_and_add(&started, 1);
	while (started < harts)
		;
	make_calls(hart);
	touch_devices();
	read_csrs();
	wait_reserved();
	halt();
	for (volatile uint64_t i = 0; i < spin; i++)
		;
	__sync_fetch_and_add(&done, 1);
}

static void secondary(uint64_t hart)
{
	exit_a_lot(hart);
	hart_stop();
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);

	calls = bootarg(args, "calls", 0);
	mmio = bootarg(args, "mmio", 0);
	csr = bootarg(args, "csr", 0);
	wrs = bootarg(args, "wrs", 0);
	halts = bootarg(args, "halts", 0);
	halt_us = bootarg(args, "us", 1000);
	harts = bootarg(args, "harts", 1);
	spin = bootarg(args, "spin", 0);
	vendor = bootarg(args, "vendor", 1);
	ticks_per_us = fdt_timebase(fdt) / 1000000;
	for (uint64_t other = 0; other < harts; other++)
		if (other != hart)
			hart_start(other, secondary);
	print("begin\n");
	exit_a_lot(hart);
	while (done < harts)
		;
	print("end\n");
}
