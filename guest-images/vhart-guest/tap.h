/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test results as lines of the Test Anything Protocol on the console. Any hart may write them; the
 * numbers count all of them, from 1.
 */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#include <stdbool.h>
#include <stdint.h>

/* The plan, "1..COUNT", before the first test. Another number of tests is then a failure; without
 * it the end writes how many there were. */
void tap_plan(unsigned int count);

/* "ok N - ..." or "not ok N - ...". Returns OK. */
bool tap(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same of GOT being WANTED; where it is not, a note has both. */
bool tap_eq(uint64_t got, uint64_t wanted, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "ok N # SKIP ...": a test that cannot be had here, and why. */
void tap_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "# ..." */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Powers off, or says "system failure" (SRST reason 1) when a test failed or the plan was not kept.
 */
_Noreturn void tap_end(void);

/* "1..0 # SKIP ...", and powers off: nothing here can be tested, and why. */
_Noreturn void tap_skip_all(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "Bail out! ...": a system failure at once. */
_Noreturn void tap_bail_out(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
