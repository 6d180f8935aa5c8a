/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Software events (SBI 3.0, chapter 17) preempt this hart between two instructions, and what they
 * interrupted goes on as if there had been none: events that it injects itself, one within another,
 * and one that comes from outside, in S-mode with interrupts off and in U-mode.
 */
#include "vhart-guest/csr.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/uart.h"
#include "vhart-guest/user.h"

#define RAS	 0x00000000u /* both local; the lower number comes first */
#define SOFTWARE 0xffff0000u

enum { REGISTER = 2, ENABLE = 4, COMPLETE = 6, INJECT = 7, UNMASK = 8, MASK = 9 };

#define ECALL 0x00000073u

/* What the handler of an event saw. */
struct seen {
	uint64_t times, order, hart, epc, status;
};

static struct seen seen_ras, seen_software;
static uint64_t order;
static bool injects;

void event_entry(void);

static int64_t sse(uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return sbi_call(SBI_EID_SSE, function, a0, a1, a2).error;
}

/* Called by event_entry, with what a6 and a7 had. */
void event_taken(uint64_t hart, struct seen *seen);
void event_taken(uint64_t hart, struct seen *seen)
{
	seen->hart = hart;
	seen->epc = csr_read(sepc);
	seen->status = csr_read(sstatus);
	if (injects) {
		injects = false;
		sse(INJECT, SOFTWARE, hart, 0); /* the same: after this one */
		sse(INJECT, RAS, hart, 0);	/* at once */
	}
	seen->order = ++order;
	__atomic_fetch_add(&seen->times, 1, __ATOMIC_RELEASE);
}

/* On the stack of whom it interrupts. All registers but a6 and a7 are the handler's to keep. */
__asm__(".pushsection .text\n"
	"	.balign 4\n"
	"event_entry:\n"
	"	addi	sp, sp, -112\n"
	"	sd	ra, 0(sp)\n"
	"	sd	t0, 8(sp)\n"
	"	sd	t1, 16(sp)\n"
	"	sd	t2, 24(sp)\n"
	"	sd	a0, 32(sp)\n"
	"	sd	a1, 40(sp)\n"
	"	sd	a2, 48(sp)\n"
	"	sd	a3, 56(sp)\n"
	"	sd	a4, 64(sp)\n"
	"	sd	a5, 72(sp)\n"
	"	sd	t3, 80(sp)\n"
	"	sd	t4, 88(sp)\n"
	"	sd	t5, 96(sp)\n"
	"	sd	t6, 104(sp)\n"
	"	mv	a0, a6\n"
	"	mv	a1, a7\n"
	"	call	event_taken\n"
	"	ld	ra, 0(sp)\n"
	"	ld	t0, 8(sp)\n"
	"	ld	t1, 16(sp)\n"
	"	ld	t2, 24(sp)\n"
	"	ld	a0, 32(sp)\n"
	"	ld	a1, 40(sp)\n"
	"	ld	a2, 48(sp)\n"
	"	ld	a3, 56(sp)\n"
	"	ld	a4, 64(sp)\n"
	"	ld	a5, 72(sp)\n"
	"	ld	t3, 80(sp)\n"
	"	ld	t4, 88(sp)\n"
	"	ld	t5, 96(sp)\n"
	"	ld	t6, 104(sp)\n"
	"	addi	sp, sp, 112\n"
	"	li	a7, 0x535345\n"
	"	li	a6, 6\n" /* COMPLETE */
	"	ecall\n"
	"	ebreak\n"
	".popsection\n");

static void set_up(uint64_t event, struct seen *seen)
{
	tap_eq((uint64_t)sse(ENABLE, event, 0, 0), (uint64_t)SBI_ERR_INVALID_STATE,
	       "event 0x%lx is not enabled before it is registered", event);
	tap_eq((uint64_t)sse(REGISTER, event, (uint64_t)event_entry, (uint64_t)seen), 0,
	       "it is registered");
	tap_eq((uint64_t)sse(ENABLE, event, 0, 0), 0, "and enabled");
}

/* What an event may not change, but by its handler. */
struct state {
	uint64_t epc, status;
};

static struct state mark(uint64_t status)
{
	csr_clear(sstatus, SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE);
	csr_set(sstatus, status);
	csr_write(sepc, 0x12345678);
	return (struct state){.epc = csr_read(sepc), .status = csr_read(sstatus)};
}

static void is_as_it_was(const struct state *before)
{
	tap_eq(csr_read(sepc), before->epc, "sepc is as it was");
	tap_eq(csr_read(sstatus), before->status, "sstatus is as it was");
}

static void injects_itself(uint64_t hart)
{
	uint64_t registers[8] = {SOFTWARE, hart, 12, 13, 14, 15, INJECT, SBI_EID_SSE};
	struct state before = mark(SSTATUS_SIE);

	sbi_call_registers(registers);
	is_as_it_was(&before);
	csr_clear(sstatus, SSTATUS_SIE);
	tap_eq(seen_software.times, 2, "an event that is injected comes");
	tap_eq(registers[0], 0, "the call's error is 0");
	tap(registers[2] == 12 && registers[5] == 15 && registers[6] == INJECT &&
		    registers[7] == SBI_EID_SSE,
	    "a2 to a7 are as they were");
	tap_eq(seen_software.hart, hart, "the handler had its hart in a6");
	tap_eq(*(const uint32_t *)(seen_software.epc - 4), ECALL, "sepc was behind the call");
	tap(seen_software.status & SSTATUS_SPP && seen_software.status & SSTATUS_SPIE &&
		    !(seen_software.status & SSTATUS_SIE),
	    "it came from S-mode with interrupts on, and they were off for it");
}

static void one_within_another(uint64_t hart)
{
	struct state before = mark(SSTATUS_SPP);

	order = 0;
	injects = true;
	sse(INJECT, SOFTWARE, hart, 0);
	is_as_it_was(&before);
	tap(seen_ras.times == 1 && seen_software.times == 4 && seen_ras.order == 1 &&
		    seen_software.order == 3,
	    "one of a higher priority comes within a handler, the same one after it");
	tap(!(seen_software.status & SSTATUS_SPIE), "interrupts were off");
}

static void masked(uint64_t hart)
{
	uint64_t times = seen_software.times;

	tap_eq((uint64_t)sse(MASK, 0, 0, 0), 0, "events are masked");
	sse(INJECT, SOFTWARE, hart, 0);
	tap_eq(seen_software.times, times, "none comes then");
	tap_eq((uint64_t)sse(UNMASK, 0, 0, 0), 0, "they are unmasked");
	tap_eq(seen_software.times, times + 1, "and it comes");
}

static void wait_for_ras(uint64_t times)
{
	while (__atomic_load_n(&seen_ras.times, __ATOMIC_ACQUIRE) < times)
		;
}

/* Says so itself: what is said before may be heard, and answered, while this is still S-mode. */
static void in_user_mode(void)
{
	for (const char *at = "in U-mode\n"; *at; at++)
		uart_put((uint8_t)*at);
	wait_for_ras(3);
	__asm__ volatile("ecall");
}

static void from_outside(void)
{
	struct state before = mark(SSTATUS_SPP | SSTATUS_SPIE);
	uint64_t cause;

	print("in S-mode\n");
	wait_for_ras(2);
	is_as_it_was(&before);
	tap(seen_ras.status & SSTATUS_SPP, "an event from outside comes in S-mode");
	user_run(in_user_mode, &cause);
	tap_eq(cause, CAUSE_USER_ECALL, "user mode goes on behind one");
	tap(!(seen_ras.status & SSTATUS_SPP), "which came from there");
}

void main(uint64_t hart, const void *fdt)
{
	(void)fdt;
	if (!sbi_probe(SBI_EID_SSE))
		tap_skip_all("there is no SSE here");
	set_up(SOFTWARE, &seen_software);
	set_up(RAS, &seen_ras);
	sse(INJECT, SOFTWARE, hart, 0);
	tap_eq(seen_software.times, 0, "events are masked at first");
	tap_eq((uint64_t)sse(COMPLETE, 0, 0, 0), 0, "there is nothing to complete");
	tap_eq((uint64_t)sse(UNMASK, 0, 0, 0), 0, "they are unmasked");
	tap_eq(seen_software.times, 1, "and what waited comes");
	injects_itself(hart);
	one_within_another(hart);
	masked(hart);
	from_outside();
	tap_end();
}
