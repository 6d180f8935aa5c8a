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

#include "base/board.h"
#include "lib/fdt.h"
#include "lib/guest.h"
#include "lib/io.h"
#include "lib/print.h"
#include "lib/sbi.h"
#include "pmu/pmu.h"

#define HOLE	   0x00010000ull
#define EID_NOBODY 0x12345678ull
/* SBI 3.0, chapter 11. */
#define FID_CONFIG_MATCHING 2u
#define AUTO_START	    4u
#define CPU_CYCLES	    1u
#define SSIP		    2ull
#define STIE		    32ull

static uint64_t calls, mmio, csr, wrs, halts, halt_us, harts, spin, vendor, ticks_per_us;
static volatile uint64_t started, done;

static void make_calls(uint64_t hart)
{
	for (uint64_t i = 0; i < calls; i++) {
		sbi_call(SBI_EID_BASE, 0, 0, 0, 0);
		sbi_call(SBI_EID_BASE, SBI_BASE_PROBE_EXTENSION, SBI_EID_HSM, 0, 0);
		sbi_call(SBI_EID_HSM, SBI_HSM_HART_GET_STATUS, hart, 0, 0);
		sbi_call(SBI_EID_RFENCE, 0, 1, hart, 0);
		sbi_call(SBI_EID_IPI, 0, 1, hart, 0);
		__asm__ volatile("csrc sip, %0" ::"r"(SSIP));
		sbi_call(SBI_EID_DBCN, SBI_DBCN_WRITE_BYTE, '.', 0, 0);
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
	uint64_t registers[8] = {0, 1, AUTO_START,	    CPU_CYCLES,
				 0, 0, FID_CONFIG_MATCHING, SBI_EID_PMU};

	sbi_call_registers(registers);
}

static void read_csrs(void)
{
	if (csr)
		start_counter();
	for (uint64_t i = 0; i < csr; i++)
		__asm__ volatile("csrr t0, cycle" ::: "t0");
}

/* As a spinlock of Linux waits: with the word reserved, wrs.nto. KVM takes the hart for spinning.
 */
static void wait_reserved(void)
{
	static uint64_t word;

	for (uint64_t i = 0; i < wrs; i++)
		__asm__ volatile("lr.d t0, (%0)\n.word 0x00D00073" ::"r"(&word) : "t0", "memory");
}

static uint64_t time_csr(void)
{
	uint64_t now;

	__asm__ volatile("csrr %0, time" : "=r"(now));
	return now;
}

/* One WFI and one SBI call each: the timer is disarmed by the next one, and at the end. */
static void halt(void)
{
	__asm__ volatile("csrs sie, %0" ::"r"(STIE));
	for (uint64_t i = 0; i < halts; i++) {
		sbi_call(SBI_EID_TIME, 0, time_csr() + halt_us * ticks_per_us, 0, 0);
		__asm__ volatile("wfi");
	}
	sbi_call(SBI_EID_TIME, 0, UINT64_MAX, 0, 0);
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
	sbi_call(SBI_EID_HSM, SBI_HSM_HART_STOP, 0, 0, 0);
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
			sbi_hart_start(other, secondary);
	print("begin\n");
	exit_a_lot(hart);
	while (done < harts)
		;
	print("end\n");
}
