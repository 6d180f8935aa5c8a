/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions: what must hold, or nothing that follows means anything. One that does not hold prints
 * a line as this, which ends a TAP run, and ends the machine as a system failure (SRST reason 1):
 *
 *   Bail out! my-guest.c:12: check_eq(error, 0): 0xfffffffffffffffe (-2), not 0x0 (0)
 *
 * What a guest is to find out is tested with tap.h.
 */
#ifndef GUEST_CHECK_H
#define GUEST_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* CONDITION holds. */
#define check(condition)                                                                           \
	check_holds((condition) ? true : false, __FILE__, __LINE__, "check(" #condition ")")
/* GOT is WANTED: 64-bit integers, or what can be made ones of (pointers cannot). Each is evaluated
 * once. */
#define check_eq(got, wanted)                                                                      \
	check_same((uint64_t)(got), (uint64_t)(wanted), __FILE__, __LINE__,                        \
		   "check_eq(" #got ", " #wanted ")")

void check_holds(bool holds, const char *file, int line, const char *text);
void check_same(uint64_t got, uint64_t wanted, const char *file, int line, const char *text);

#endif
