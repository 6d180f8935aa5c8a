/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/names/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "base/printable.h"

/* Wider numbers are left to vsnprintf(). */
#define NUMBER_WIDTH 32u

void text_init(struct text *text, char *out, size_t size)
{
	*text = (struct text){.out = out, .size = size};
	if (size)
		out[0] = '\0';
}

static void put(struct text *text, const char *bytes, size_t length)
{
	if (text->length < text->size) {
		size_t room = text->size - text->length - 1, copied = length < room ? length : room;
		char *to = text->out + text->length;

		/* A few bytes, seldom more. */
		for (size_t i = 0; i < copied; i++)
			to[i] = bytes[i];
		to[copied] = '\0';
	}
	text->length += length;
}

static void put_string(struct text *text, const char *string)
{
	size_t length = 0;

	while (string[length])
		length++;
	put(text, string, length);
}

/* A conversion as printf() has them. */
struct conversion {
	bool prefix; /* # */
	char pad;
	unsigned int width;
	bool is_long;
	char letter; /* 0: it is one of those that are rare here */
};

static bool is_common(const struct conversion *conversion, char letter)
{
	switch (letter) {
	case 'd':
	case 'u': return !conversion->prefix;
	case 'x': return !conversion->prefix || !conversion->width;
	case 's':
	case 'c': return !conversion->prefix && !conversion->width && !conversion->is_long;
	default: return false;
	}
}

/* FORMAT is behind the %, and is then behind the conversion. */
static struct conversion read_conversion(const char **format)
{
	struct conversion conversion = {.pad = ' '};
	const char *at = *format;

	if (*at == '#') {
		conversion.prefix = true;
		at++;
	}
	if (*at == '0') {
		conversion.pad = '0';
		at++;
	}
	while (*at >= '0' && *at <= '9' && conversion.width < NUMBER_WIDTH)
		conversion.width = conversion.width * 10 + (unsigned int)(*at++ - '0');
	while (*at == 'l') {
		conversion.is_long = true;
		at++;
	}
	if (conversion.width < NUMBER_WIDTH && is_common(&conversion, *at))
		conversion.letter = *at++;
	*format = at;
	return conversion;
}

static char *write_digits(char *end, bool hexadecimal, uint64_t value)
{
	do {
		*--end = "0123456789abcdef"[hexadecimal ? value & 15 : value % 10];
		value = hexadecimal ? value >> 4 : value / 10;
	} while (value);
	return end;
}

static void put_number(struct text *text, const struct conversion *conversion, uint64_t value)
{
	bool negative = conversion->letter == 'd' && (int64_t)value < 0;
	char digits[NUMBER_WIDTH + 24], *end = digits + sizeof(digits);
	char *first = write_digits(end, conversion->letter == 'x', negative ? -value : value);
	unsigned int width = conversion->width;

	if (negative && conversion->pad == ' ')
		*--first = '-';
	while ((size_t)(end - first) + (negative && conversion->pad == '0') < width)
		*--first = conversion->pad;
	if (negative && conversion->pad == '0')
		*--first = '-';
	if (conversion->prefix && value) {
		*--first = 'x';
		*--first = '0';
	}
	put(text, first, (size_t)(end - first));
}

static void put_rest(struct text *text, const char *format, va_list arguments)
{
	bool fits = text->length < text->size;
	int length = vsnprintf(fits ? text->out + text->length : NULL,
			       fits ? text->size - text->length : 0, format, arguments);

	if (length > 0)
		text->length += (size_t)length;
}

/*
 * A line of `vhart trace` has a dozen of these, and vsnprintf() takes most of its time: so what
 * nearly all of them are made of is done here, and where something else comes, it does the rest.
 */
void text_add(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	while (*format) {
		const char *start = format;

		while (*format && *format != '%')
			format++;
		put(text, start, (size_t)(format - start));
		if (!*format)
			break;
		start = format++;
		struct conversion conversion = read_conversion(&format);
		if (!conversion.letter) {
			put_rest(text, start, arguments);
			break;
		}
		if (conversion.letter == 's') {
			put_string(text, va_arg(arguments, const char *));
		} else if (conversion.letter == 'c') {
			char letter = (char)va_arg(arguments, int);

			put(text, &letter, 1);
		} else if (conversion.is_long) {
			put_number(text, &conversion, va_arg(arguments, unsigned long));
		} else if (conversion.letter == 'd') {
			put_number(text, &conversion, (uint64_t)(int64_t)va_arg(arguments, int));
		} else {
			put_number(text, &conversion, va_arg(arguments, unsigned int));
		}
	}
	va_end(arguments);
}

void text_add_escaped(struct text *text, const uint8_t *bytes, size_t length)
{
	const char *at = (const char *)bytes;

	while (length > 0) {
		struct printable_piece piece = printable_piece(at, length);

		/* Not a part of a character of UTF-8. */
		if ((piece.shown[0] & 0x80) && text->length < text->size &&
		    text->length + piece.size >= text->size)
			text->size = text->length + 1;
		if (*at == '"' || *at == '\\')
			put(text, "\\", 1);
		put(text, piece.shown, piece.size);
		at += piece.taken;
		length -= piece.taken;
	}
}

const char *text_duration(uint64_t ns, char out[16])
{
	static const struct {
		uint64_t ns;
		const char *unit;
	} units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
	size_t i = 0;

	while (i < 3 && ns < units[i].ns)
		i++;
	double value = (double)ns / (double)units[i].ns;
	int decimals = i == 3 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
	snprintf(out, 16, "%.*f%s", decimals, value, units[i].unit);
	return out;
}

const char *text_count(uint64_t count, char out[TEXT_COUNT])
{
	char digits[24];
	const size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		out[used++] = digits[i];
		if (i + 1 < length && (length - i - 1) % 3 == 0)
			out[used++] = ',';
	}
	out[used] = '\0';
	return out;
}

const char *text_moment(uint64_t realtime, char out[TEXT_MOMENT])
{
	const time_t seconds = (time_t)(realtime / 1000000000);
	struct tm at;

	if (!realtime || !gmtime_r(&seconds, &at) ||
	    !strftime(out, TEXT_MOMENT, "%Y-%m-%d %H:%M:%S UTC", &at))
		snprintf(out, TEXT_MOMENT, "not known");
	return out;
}
