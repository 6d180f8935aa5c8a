/* SPDX-License-Identifier: Apache-2.0 */
/* The end of what a guest wrote to its console, for when it ends otherwise than it should. Pure. */
#ifndef VHART_CONSOLE_TAIL_H
#define VHART_CONSOLE_TAIL_H

#include <stddef.h>

#define CONSOLE_TAIL_MOST 8192u

struct console_tail {
	char bytes[CONSOLE_TAIL_MOST + 1];
	size_t len;
};

void console_tail_add(struct console_tail *tail, const void *bytes, size_t len);
/* Calls TELL with each of the last COUNT lines that are not empty; without line ends, and a
 * zero byte ends a line too. */
void console_tail_lines(const struct console_tail *tail, unsigned int count,
			void (*tell)(const char *line));

#endif
