/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/export/xml_text.h"

#include <string.h>

#include "base/printable.h"

static void put(FILE *to, char character)
{
	switch (character) {
	case '&': fputs("&amp;", to); break;
	case '<': fputs("&lt;", to); break;
	case '>': fputs("&gt;", to); break;
	case '"': fputs("&quot;", to); break;
	case '\'': fputs("&#39;", to); break;
	default: fputc(character, to);
	}
}

void xml_put_part(FILE *to, const char *text, size_t size)
{
	while (size > 0) {
		const struct printable_piece piece = printable_piece(text, size);

		for (size_t i = 0; i < piece.size; i++)
			put(to, piece.shown[i]);
		text += piece.taken;
		size -= piece.taken;
	}
}

void xml_put(FILE *to, const char *text)
{
	xml_put_part(to, text, strlen(text));
}
