/* SPDX-License-Identifier: Apache-2.0 */
/* Harts, by SBI HSM (SBI 3.0, chapter 9). */
#ifndef GUEST_HART_H
#define GUEST_HART_H

#include <stdbool.h>
#include <stdint.h>

/* Which hart this is: below GUEST_MAX_HARTS. */
static inline uint64_t hart_id(void)
{
	uint64_t hart;

	/* crt0.S puts it there, and nothing else uses the register. */
	__asm__("mv %0, tp" : "=r"(hart));
	return hart;
}

/*
 * Starts the hart HART, which must be stopped: it runs FUNCTION, which gets its ID, with interrupts
 * and address translation off and 8 KiB of stack. When FUNCTION returns, the machine is powered
 * off: let it end with hart_stop(). SBI_SUCCESS or the SBI's error.
 */
int64_t hart_start(uint64_t hart, void (*function)(uint64_t hart));

/*
 * The same for all harts but this one. Returns how many harts the machine has, this one included:
 * as many IDs, from 0 on, as the SBI knows.
 */
uint64_t harts_start(void (*function)(uint64_t hart));

/* Stops this hart. */
_Noreturn void hart_stop(void);

/* Waits until HART has stopped. False: not within ten seconds. */
bool hart_await_stop(uint64_t hart);

/*
 * Waits until *COUNT, to which harts add (harts_count()), is WANTED or more. False: not within
 * thirty seconds.
 */
bool harts_await(const uint64_t *count, uint64_t wanted);

static inline void harts_count(uint64_t *count)
{
	__atomic_fetch_add(count, 1, __ATOMIC_RELEASE);
}

#endif
