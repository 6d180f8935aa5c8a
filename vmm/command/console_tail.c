/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/command/console_tail.h"

#include <stdbool.h>
#include <string.h>

void console_tail_add(struct console_tail *tail, const void *bytes, size_t len)
{
	const char *from = bytes;
	size_t kept;

	if (len > CONSOLE_TAIL_MOST) {
		from += len - CONSOLE_TAIL_MOST;
		len = CONSOLE_TAIL_MOST;
	}
	kept = CONSOLE_TAIL_MOST - len < tail->len ? CONSOLE_TAIL_MOST - len : tail->len;
	memmove(tail->bytes, tail->bytes + tail->len - kept, kept);
	memcpy(tail->bytes + kept, from, len);
	tail->len = kept + len;
}

static bool ends_line(char c)
{
	return c == '\n' || c == '\r' || c == '\0';
}

void console_tail_lines(const struct console_tail *tail, unsigned int count,
			void (*tell)(const char *line))
{
	char text[CONSOLE_TAIL_MOST + 1];
	size_t start = tail->len;

	memcpy(text, tail->bytes, tail->len);
	text[tail->len] = '\0';
	/* Each step back is over the line ends and the line before them. */
	for (; count && start; count--) {
		while (start && ends_line(text[start - 1]))
			text[--start] = '\0';
		while (start && !ends_line(text[start - 1]))
			start--;
	}
	while (start < tail->len) {
		if (text[start])
			tell(text + start);
		start += strlen(text + start) + 1;
		while (start < tail->len && ends_line(text[start]))
			start++;
	}
}
