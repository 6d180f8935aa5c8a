/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed UTF-8 that prints. */
#include <string.h>

#include "trace/utf8.h"

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

bool utf8_prints(uint32_t character)
{
	if (character < 0x20 || (character >= 0x7f && character < 0xa0))
		return false;
	if (character == 0x2028 || character == 0x2029)
		return false;
	return (character & 0xfffe) != 0xfffe;
}

size_t utf8_clean(char *to, size_t room, const char *from)
{
	size_t left = strlen(from), used = 0;

	while (left > 0) {
		uint32_t character = 0;
		size_t size = utf8_character(from, left, &character);
		bool good = size > 0 && utf8_prints(character);
		size_t out = good ? size : 1;

		if (used + out >= room)
			break;
		if (good)
			memcpy(to + used, from, size);
		else
			to[used] = '?';
		used += out;
		if (size == 0)
			size = 1;
		from += size;
		left -= size;
	}
	to[used] = '\0';
	return used;
}
