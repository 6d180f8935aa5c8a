/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_PRINT_H
#define GUEST_PRINT_H

#include <stdarg.h>
#include <stdint.h>

/*
 * The console. A line or less to the console: DBCN where the SBI has it, else the legacy putchar.
 * Knows %s %c %d %u %x with l in between, and zero-padded widths; text beyond 250 bytes is cut. Any
 * hart: what one call prints stays together.
 */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* Between these other harts wait before they print. They nest. */
void print_hold(void);
void print_release(void);

#endif
