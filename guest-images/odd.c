/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that does odd things, one after the other, for who is to find them from the host. Words
 * of the command line, each with its seconds: idle=N work=N timer=N wfi=N ipi=N fence=N csr=N
 * device=N console=N failing=N misaligned=N samples=N again=N (the same 64 MiB of RAM); numbers of
 * calls, addresses, walks over CSRs and MiB of RAM: unanswered=N probe=N walk=N csrs=N touch=N;
 * alone=N, during which another hart halts; and vector=N, after which the trap vector, as a kernel
 * has it, is another. They are done in the order of this text. A line "begin" and one "end" are
 * printed.
 */
#include <stddef.h>

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
#include "vhart-guest/trap.h"

#define HOLE	      0x00200000ull /* and behind it: no device */
#define EID_NOBODY    0x12340000ull
#define NO_HART	      1000000ull
#define UNTOUCHED     0x82000000ull /* RAM behind this guest */
#define KERNEL_VECTOR 0xffffffff80001000ull
#define SAMPLES	      2u      /* a counter: instret */
#define PERIOD	      2000ull /* of it */

static uint64_t hart, second;

static void work(void)
{
	for (volatile uint64_t i = 0; i < 10000; i++)
		;
}

static void set_timer(void)
{
	sbi_set_timer(UINT64_MAX);
}

/* The interrupt is pending already: it halts, and goes on. */
static void halt_in_vain(void)
{
	csr_set(sip, 1ull << IRQ_S_SOFT);
	interrupt_wait();
}

static void send_ipi(void)
{
	sbi_send_ipi(1, hart);
	interrupt_clear(IRQ_S_SOFT);
}

static void fence(void)
{
	sbi_remote_fence_i(1, hart);
}

static void read_csr(void)
{
	csr_read(cycle);
}

static void read_device(void)
{
	io_read(MAP_RTC + 0x10, 4);
}

static void write_console(void)
{
	sbi_debug_console_write_byte('.');
}

static void ask_for_no_hart(void)
{
	sbi_hart_get_status(NO_HART);
}

/* Loads and stores of most machines are fine with it; an AMO is not. */
static void add_misaligned(void)
{
	static uint64_t words[2];

	trap_record()->expected = true;
	__asm__ volatile("amoadd.d x0, x0, (%0)" : : "r"((uintptr_t)words + 1) : "memory");
	trap_record()->expected = false;
}

static void start_counter(void)
{
	sbi_pmu_counter_start(SAMPLES, 1, PMU_START_SET_INIT_VALUE, -PERIOD);
}

static void overflowed(struct trap_frame *frame)
{
	(void)frame;
	sbi_pmu_counter_stop(SAMPLES, 1, 0);
	interrupt_clear(IRQ_LCOFI);
	start_counter();
}

static void work_while_sampled(void)
{
	static bool on;

	if (!on) {
		trap_set_handler(CAUSE_INTERRUPT | IRQ_LCOFI, overflowed);
		sbi_pmu_counter_config_matching(SAMPLES, 1, 0, PMU_EVENT_IDX_INSTRUCTIONS, 0);
		interrupt_enable(IRQ_LCOFI);
		interrupts_on();
		start_counter();
		on = true;
	}
	work();
}

/* csrr x0, CSR for 64 of them. */
#define READ_64_FROM(csr)                                                                          \
	__asm__ volatile(".set number, " #csr "\n\t"                                               \
			 ".rept 64\n\t"                                                            \
			 ".word 0x00002073 | number << 20\n\t"                                     \
			 ".set number, number + 1\n\t"                                             \
			 ".endr"                                                                   \
			 :                                                                         \
			 :                                                                         \
			 : "memory")

/* The hypervisor's, and the counters. */
static void read_csrs(void)
{
	trap_record()->expected = true;
	READ_64_FROM(0x200);
	READ_64_FROM(0x600);
	READ_64_FROM(0x640);
	READ_64_FROM(0x680);
	READ_64_FROM(0xC00);
	trap_record()->expected = false;
}

static void touch(uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		*(volatile uint64_t *)(UNTOUCHED + i * 4096) = i;
}

/* Which the host may have taken since the last time. */
static void touch_again(void)
{
	touch((64 << 20) / 4096);
}

static void for_seconds(uint64_t seconds, void (*function)(void))
{
	const uint64_t end = time_now() + seconds * second;

	while (time_now() < end)
		function();
}

static void halt_here(uint64_t id)
{
	(void)id;
	for (;;)
		timer_wait(time_now() + second);
}

static void idle_for(uint64_t seconds)
{
	for (uint64_t i = 0; i < seconds; i++)
		timer_wait(time_now() + second);
}

/* Nothing traps meanwhile. */
static void change_vector(uint64_t seconds)
{
	const uint64_t ours = csr_read(stvec);

	csr_write(stvec, KERNEL_VECTOR);
	idle_for(seconds);
	csr_write(stvec, KERNEL_VECTOR + 0x1000);
	idle_for(3);
	csr_write(stvec, ours);
}

static void in_numbers(const char *args)
{
	for (uint64_t i = 0; i < bootarg(args, "unanswered", 0); i++)
		sbi_call(EID_NOBODY + i, 0, 0, 0, 0);
	for (uint64_t i = 0; i < bootarg(args, "probe", 0); i++)
		sbi_probe(EID_NOBODY + i);
	for (uint64_t i = 0; i < bootarg(args, "walk", 0); i++)
		io_read(HOLE + i * 0x1000, 4);
	for (uint64_t i = 0; i < bootarg(args, "csrs", 0); i++)
		read_csrs();
	touch(bootarg(args, "touch", 0) * (1 << 20) / 4096);
}

void main(uint64_t id, const void *fdt)
{
	static const struct {
		const char *word;
		void (*function)(void);
	} things[] = {
		{"work", work},
		{"timer", set_timer},
		{"wfi", halt_in_vain},
		{"ipi", send_ipi},
		{"fence", fence},
		{"csr", read_csr},
		{"device", read_device},
		{"console", write_console},
		{"failing", ask_for_no_hart},
		{"misaligned", add_misaligned},
		{"samples", work_while_sampled},
		{"again", touch_again},
	};
	const char *args = fdt_bootargs(fdt);
	const uint64_t alone = bootarg(args, "alone", 0), vector = bootarg(args, "vector", 0);

	hart = id;
	second = fdt_timebase(fdt);
	print("begin\n");
	idle_for(bootarg(args, "idle", 0));
	interrupt_enable(IRQ_S_SOFT);
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
		for_seconds(bootarg(args, things[i].word, 0), things[i].function);
	interrupt_clear(IRQ_S_SOFT);
	interrupts_off();
	in_numbers(args);
	if (alone) {
		hart_start(id ? 0 : 1, halt_here);
		for_seconds(alone, work);
	}
	if (vector)
		change_vector(vector);
	print("end\n");
}
