/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Harts halt (WFI) until an MSI comes: hart 0 sends one to all others, which answer with one each,
 * 300 times. With more harts than the host has CPUs their threads move from one to another
 * while they halt. A timer ends a halt whose MSI is there and did not.
 */
#include "base/board.h"
#include "lib/guest.h"
#include "lib/io.h"
#include "lib/sbi.h"
#include "lib/tap.h"

#define ROUNDS	     300u
#define LONGEST_HALT (5 * TIME_SECOND)
#define STIE	     (1ull << 5)
#define SEIE	     (1ull << 9)
#define IDENTITY     1u

/* AIA 1.0, chapter 3: numbers for siselect. */
#define EIDELIVERY  0x70u
#define EITHRESHOLD 0x72u
#define EIE0	    0xc0u

static uint64_t harts, answers, late;

static void imsic_write(uint64_t number, uint64_t value)
{
	__asm__ volatile("csrw 0x150, %0\n\tcsrw 0x151, %1" ::"r"(number), "r"(value));
}

static void imsic_set_up(void)
{
	imsic_write(EITHRESHOLD, 0);
	imsic_write(EIE0, 1u << IDENTITY);
	imsic_write(EIDELIVERY, 1);
	__asm__ volatile("csrw sie, %0" ::"r"(STIE | SEIE));
}

static void send_msi(uint64_t hart)
{
	io_write(MAP_IMSIC + hart * 0x1000, 4, IDENTITY);
}

static bool claim_msi(void)
{
	uint64_t top;

	__asm__ volatile("csrrw %0, 0x15c, x0" : "=r"(top)); /* stopei */
	return top != 0;
}

static void halt_until_msi(void)
{
	uint64_t end = 0;

	while (!claim_msi()) {
		if (time_now() >= end) {
			end = time_now() + LONGEST_HALT;
			sbi_call(SBI_EID_TIME, 0, end, 0, 0);
		}
		__asm__ volatile("wfi" ::: "memory");
		if (time_now() >= end && claim_msi()) {
			__atomic_fetch_add(&late, 1, __ATOMIC_RELAXED);
			return;
		}
	}
}

static void answer(uint64_t hart)
{
	(void)hart;
	imsic_set_up();
	for (;;) {
		__atomic_fetch_add(&answers, 1, __ATOMIC_RELEASE);
		send_msi(0);
		halt_until_msi();
	}
}

static void start_others(void)
{
	for (harts = 1; harts < GUEST_MAX_HARTS; harts++)
		if (sbi_hart_start(harts, answer) != SBI_SUCCESS)
			break;
}

static void wait_for_answers(uint64_t count)
{
	while (__atomic_load_n(&answers, __ATOMIC_ACQUIRE) < count)
		halt_until_msi();
}

void main(uint64_t boot, const void *fdt)
{
	(void)boot;
	(void)fdt;
	imsic_set_up();
	start_others();
	wait_for_answers(harts - 1);
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		for (uint64_t hart = 1; hart < harts; hart++)
			send_msi(hart);
		wait_for_answers((harts - 1) * (round + 1));
	}
	tap(late == 0, "an MSI ends a halt: %lu did not", late);
	tap_end();
}
