/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices Linux's panic message in console output. The SBI has no word for it: a kernel that
 * panics asks for a plain reset (SRST, reason "none"), and Debian's kernels have no pvpanic driver.
 * Pure.
 */
#ifndef VHART_PANIC_TEXT_H
#define VHART_PANIC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct panic_text {
	unsigned int matched; /* characters of the message seen so far */
	bool seen;
};

/* Looks at the next LEN bytes of output; pieces may cut the message anywhere. */
void panic_text_look(struct panic_text *text, const void *bytes, size_t len);

#endif
