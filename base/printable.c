/* SPDX-License-Identifier: Apache-2.0 */

#include "base/printable.h"

#include <inttypes.h>
#include <string.h>

/* By the leading byte's high bits: how many bytes follow, and the least character that needs them.
 */
static const struct {
	uint8_t mask, lead;
	uint8_t more;
	uint32_t least;
} forms[] = {
	{0x80, 0x00, 0, 0x0},
	{0xe0, 0xc0, 1, 0x80},
	{0xf0, 0xe0, 2, 0x800},
	{0xf8, 0xf0, 3, 0x10000},
};

size_t utf8_character(const char *text, size_t size, uint32_t *character)
{
	const uint8_t *bytes = (const uint8_t *)text;

	if (size == 0)
		return 0;
	for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
		uint32_t value = bytes[0] & (uint8_t)~forms[form].mask;

		if ((bytes[0] & forms[form].mask) != forms[form].lead)
			continue;
		if (size <= forms[form].more)
			return 0;
		for (size_t i = 1; i <= forms[form].more; i++) {
			if ((bytes[i] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (bytes[i] & 0x3f);
		}
		if (value < forms[form].least || value > 0x10ffff ||
		    (value >= 0xd800 && value <= 0xdfff))
			return 0;
		*character = value;
		return forms[form].more + 1u;
	}
	return 0;
}

/* Ranges, both ends included. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{0x00, 0x1f},	  {0x7f, 0x9f},	    {0x61c, 0x61c}, /* Unicode's Bidi_Control: these turn
							       around what stands beside them */
	{0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}, {0x2028, 0x2029}, /* they end lines */
	{0xfdd0, 0xfdef},							/* noncharacters */
};

bool utf8_prints(uint32_t character)
{
	/* Nearly all are. */
	if (character >= ' ' && character < 0x7f)
		return true;
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (character >= unprintable[i].first && character <= unprintable[i].last)
			return false;
	return (character & 0xfffe) != 0xfffe;
}

/* The letter of the escape \n, \t ...; 0: there is none. */
static char escape_letter(uint32_t character)
{
	static const char letters[] = "tnvfr"; /* from 9 on */

	return character >= '\t' && character <= '\r' ? letters[character - '\t'] : '\0';
}

static struct printable_piece escape(uint32_t character, size_t taken, bool is_byte)
{
	struct printable_piece piece = {.taken = taken};
	char letter = escape_letter(character), text[16];
	int size;

	if (letter)
		size = snprintf(text, sizeof(text), "\\%c", letter);
	else if (is_byte || character < 0x80)
		size = snprintf(text, sizeof(text), "\\x%02" PRIx32, character);
	else
		size = snprintf(text, sizeof(text),
				character < 0x10000 ? "\\u%04" PRIx32 : "\\U%08" PRIx32, character);
	piece.size = (size_t)size;
	memcpy(piece.shown, text, piece.size);
	return piece;
}

struct printable_piece printable_piece(const char *text, size_t size)
{
	uint32_t character = 0;
	size_t length = utf8_character(text, size, &character);
	struct printable_piece piece = {.taken = length, .size = length};

	if (!length)
		return escape((uint8_t)text[0], 1, true);
	if (!utf8_prints(character))
		return escape(character, length, false);
	memcpy(piece.shown, text, length);
	return piece;
}

char *printable(char *to, size_t room, const char *from)
{
	size_t left = strlen(from), used = 0;

	while (left > 0) {
		struct printable_piece piece = printable_piece(from, left);

		if (used + piece.size >= room)
			break;
		memcpy(to + used, piece.shown, piece.size);
		used += piece.size;
		from += piece.taken;
		left -= piece.taken;
	}
	to[used] = '\0';
	return to;
}

/* How many bytes of TEXT print as they are, and need no look at what they are. */
static size_t plain(const char *text)
{
	size_t length = 0;

	while (text[length] >= ' ' && text[length] < 0x7f)
		length++;
	return length;
}

void printable_put(FILE *to, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t length = plain(text);

		if (length) {
			fwrite(text, 1, length, to);
		} else {
			struct printable_piece piece = printable_piece(text, left);

			fwrite(piece.shown, 1, piece.size, to);
			length = piece.taken;
		}
		text += length;
		left -= length;
	}
}
