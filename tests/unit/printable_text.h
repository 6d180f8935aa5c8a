/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of what is shown: behind cmocka.h. */
#ifndef VHART_PRINTABLE_TEXT_H
#define VHART_PRINTABLE_TEXT_H

#include <string.h>

#include "vmm/printable.h"

/* A hostile name: an order to the terminal (ESC, both forms of CSI), a line of its own, bytes that
 * are no text, and a letter that must stay. */
#define HOSTILE_NAME                                                                               \
	"\033[2J\xc2\x9b"                                                                          \
	"31m\x9b"                                                                                  \
	"31m\n\r\a\xff\xe2\x80\xae\xc3\xbc"
/* How it is shown. */
#define HOSTILE_SHOWN "\\x1b[2J\\u009b31m\\x9b31m\\n\\r\\x07\\xff\\u202e\xc3\xbc"
/* And what of it a recording can hold, as JSON: no byte that is no text. */
#define HOSTILE_JSON	   "\\u001b[2J\\u009b31m\\n\\r\\u0007\\u202e\xc3\xbc"
#define HOSTILE_JSON_SHOWN "\\x1b[2J\\u009b31m\\n\\r\\x07\\u202e\xc3\xbc"

/* TEXT is UTF-8 that prints, in lines. */
static inline void assert_printable(const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t character = 0;
		size_t size = utf8_character(text, left, &character);

		if (!size || (!utf8_prints(character) && character != '\n'))
			fail_msg("byte 0x%02x is shown raw before '%s'", (uint8_t)*text, text + 1);
		text += size;
		left -= size;
	}
}

#endif
