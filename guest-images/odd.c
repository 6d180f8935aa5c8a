/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that does odd things, one after the other, for who is to find them from the host. Words
 * of the command line, each with its seconds: idle=N work=N timer=N wfi=N ipi=N fence=N csr=N
 * device=N console=N alone=N; and unanswered=N probe=N walk=N, which are numbers of calls and of
 * addresses. They are done in this order; during alone=N another hart halts. A line "begin" and one
 * "end" are printed.
 */
#include <stddef.h>

#include "base/memory_map.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/io.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/timer.h"

#define HOLE	   0x00200000ull /* and behind it: no device */
#define EID_NOBODY 0x12340000ull

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

static void make_calls(uint64_t unanswered, uint64_t probes, uint64_t addresses)
{
	for (uint64_t i = 0; i < unanswered; i++)
		sbi_call(EID_NOBODY + i, 0, 0, 0, 0);
	for (uint64_t i = 0; i < probes; i++)
		sbi_probe(EID_NOBODY + i);
	for (uint64_t i = 0; i < addresses; i++)
		io_read(HOLE + i * 0x1000, 4);
}

void main(uint64_t id, const void *fdt)
{
	static const struct {
		const char *word;
		void (*function)(void);
	} things[] = {
		{"work", work},		 {"timer", set_timer},	     {"wfi", halt_in_vain},
		{"ipi", send_ipi},	 {"fence", fence},	     {"csr", read_csr},
		{"device", read_device}, {"console", write_console},
	};
	const char *args = fdt_bootargs(fdt);
	const uint64_t idle = bootarg(args, "idle", 0), alone = bootarg(args, "alone", 0);

	hart = id;
	second = fdt_timebase(fdt);
	print("begin\n");
	for (uint64_t i = 0; i < idle; i++)
		timer_wait(time_now() + second);
	interrupt_enable(IRQ_S_SOFT);
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
		for_seconds(bootarg(args, things[i].word, 0), things[i].function);
	interrupt_clear(IRQ_S_SOFT);
	make_calls(bootarg(args, "unanswered", 0), bootarg(args, "probe", 0),
		   bootarg(args, "walk", 0));
	if (alone) {
		hart_start(id ? 0 : 1, halt_here);
		for_seconds(alone, work);
	}
	/* What came last is seen by the next look. */
	timer_wait(time_now() + second * 3 / 2);
	print("end\n");
}
