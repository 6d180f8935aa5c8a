/* SPDX-License-Identifier: Apache-2.0 */
/* Test results as TAP (Test Anything Protocol) lines on the console. */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#include <stdbool.h>

/* "ok N - ..." or "not ok N - ...", numbered from 1. Returns OK. */
bool tap(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "# ..." */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The plan; then powers off, or says "system failure" (SRST reason 1) when a test failed. */
_Noreturn void tap_end(void);

#endif
