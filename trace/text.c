/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

void text_init(struct text *text, char *out, size_t size)
{
	*text = (struct text){.out = out, .size = size};
	if (size)
		out[0] = '\0';
}

void text_add(struct text *text, const char *format, ...)
{
	bool fits = text->length < text->size;
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(fits ? text->out + text->length : NULL,
			       fits ? text->size - text->length : 0, format, arguments);
	va_end(arguments);
	if (length > 0)
		text->length += (size_t)length;
}

/* The letter of the escape \n, \t ...; 0: there is none. */
static char escape_letter(uint8_t byte)
{
	switch (byte) {
	case '\n': return 'n';
	case '\t': return 't';
	case '\r': return 'r';
	case '\v': return 'v';
	case '\f': return 'f';
	case '"': return '"';
	case '\\': return '\\';
	default: return 0;
	}
}

void text_add_escaped(struct text *text, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool digit_follows = i + 1 < length && bytes[i + 1] >= '0' && bytes[i + 1] <= '7';
		char letter = escape_letter(bytes[i]);

		if (letter)
			text_add(text, "\\%c", letter);
		else if (bytes[i] >= ' ' && bytes[i] <= '~')
			text_add(text, "%c", bytes[i]);
		else
			/* An octal escape ends at the third digit or at what is none. */
			text_add(text, digit_follows ? "\\%03o" : "\\%o", bytes[i]);
	}
}
