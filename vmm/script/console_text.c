/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/console_text.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096u

/* The older half goes: it is done once in half a megabyte. */
static void drop_half(struct console_text *text)
{
	size_t half = text->len / 2;

	memmove(text->bytes, text->bytes + half, text->len - half);
	text->len -= half;
	text->dropped += half;
	if (text->read < text->dropped)
		text->read = text->dropped;
}

static bool make_room(struct console_text *text)
{
	size_t room = text->room ? 2 * text->room : FIRST_ROOM;
	char *grown;

	if (text->len < text->room)
		return true;
	if (text->room >= CONSOLE_TEXT_MOST) {
		drop_half(text);
		return true;
	}
	grown = realloc(text->bytes, room);
	if (!grown)
		return false;
	text->bytes = grown;
	text->room = room;
	return true;
}

void console_text_add(struct console_text *text, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != '\r' && make_room(text))
			text->bytes[text->len++] = bytes[i];
}

void console_text_free(struct console_text *text)
{
	free(text->bytes);
	*text = (struct console_text){.bytes = NULL};
}

const char *console_text_unread(const struct console_text *text, size_t *len)
{
	size_t from = (size_t)(text->read - text->dropped);

	*len = text->len - from;
	return text->bytes ? text->bytes + from : "";
}

void console_text_take(struct console_text *text, size_t len)
{
	text->read += len;
}

size_t console_text_find(const struct console_text *text, const char *words, size_t len)
{
	size_t unread;
	const char *from = console_text_unread(text, &unread);
	const char *found = memmem(from, unread, words, len);

	return found ? (size_t)(found - from) + len : 0;
}

void console_text_last_line(const struct console_text *text, char *out, size_t size)
{
	size_t end = text->len, start;

	while (end > 0 && text->bytes[end - 1] == '\n')
		end--;
	start = end;
	while (start > 0 && text->bytes[start - 1] != '\n' && end - start < size - 1)
		start--;
	if (end > start)
		memcpy(out, text->bytes + start, end - start);
	out[end - start] = '\0';
}
