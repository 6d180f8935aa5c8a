/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/gdb/packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hex_digit.h"

enum state { OUTSIDE, INSIDE, ESCAPED, REPEATED, FIRST_DIGIT, LAST_DIGIT };

enum { ESCAPE = '}', ESCAPE_BIT = 0x20, REPEAT = '*', CTRL_C = 0x03 };
/* A run's count is a printable character, this much above what it repeats. */
enum { RUN_BIAS = 29, RUN_FIRST = ' ', RUN_LAST = '~' };

/* ---- in ---- */

static void begin(struct gdb_parser *parser)
{
	parser->state = INSIDE;
	parser->sum = 0;
	parser->bad = parser->long_one = false;
	parser->len = 0;
}

static void keep(struct gdb_parser *parser, uint8_t byte)
{
	if (parser->len < GDB_PACKET_MOST)
		parser->text[parser->len++] = (char)byte;
	else
		parser->long_one = true;
}

static void repeat(struct gdb_parser *parser, uint8_t count)
{
	if (parser->len == 0 || count < RUN_FIRST || count > RUN_LAST) {
		parser->bad = true;
		return;
	}
	for (unsigned int left = count - RUN_BIAS; left > 0; left--)
		keep(parser, (uint8_t)parser->text[parser->len - 1]);
}

/* A byte between $ and #. A new $ is a packet that its sender began anew. */
static void take_inside(struct gdb_parser *parser, uint8_t byte)
{
	if (byte == '#') {
		parser->bad |= parser->state != INSIDE;
		parser->state = FIRST_DIGIT;
		return;
	}
	if (byte == '$') {
		begin(parser);
		return;
	}
	parser->sum = (uint8_t)(parser->sum + byte);
	switch (parser->state) {
	case ESCAPED: keep(parser, byte ^ ESCAPE_BIT); break;
	case REPEATED: repeat(parser, byte); break;
	default:
		if (byte == ESCAPE)
			parser->state = ESCAPED;
		else if (byte == REPEAT)
			parser->state = REPEATED;
		else
			keep(parser, byte);
		return;
	}
	parser->state = INSIDE;
}

static enum gdb_item take_outside(struct gdb_parser *parser, uint8_t byte)
{
	switch (byte) {
	case '$': begin(parser); return GDB_MORE;
	case '+': return GDB_ACK;
	case '-': return GDB_NAK;
	case CTRL_C: return GDB_INTERRUPT;
	default: return GDB_MORE;
	}
}

static enum gdb_item finish(struct gdb_parser *parser, uint8_t byte)
{
	const int high = hex_digit((char)parser->given), low = hex_digit((char)byte);

	parser->state = OUTSIDE;
	parser->text[parser->len] = '\0';
	if (parser->bad || high < 0 || low < 0 || (high << 4 | low) != parser->sum)
		return GDB_DAMAGED;
	return parser->long_one ? GDB_TOO_LONG : GDB_PACKET;
}

enum gdb_item gdb_parse(struct gdb_parser *parser, uint8_t byte)
{
	switch (parser->state) {
	case OUTSIDE: return take_outside(parser, byte);
	case FIRST_DIGIT:
		parser->given = byte;
		parser->state = LAST_DIGIT;
		return GDB_MORE;
	case LAST_DIGIT: return finish(parser, byte);
	default: take_inside(parser, byte); return GDB_MORE;
	}
}

bool gdb_take_number(const char **at, uint64_t *value)
{
	unsigned int digits = 0;

	*value = 0;
	for (; hex_digit(**at) >= 0; digits++, (*at)++)
		*value = *value << 4 | (unsigned int)hex_digit(**at);
	return digits >= 1 && digits <= 16;
}

bool gdb_take_hex(const char **at, void *bytes, size_t len)
{
	uint8_t *to = bytes;

	for (size_t i = 0; i < len; i++, *at += 2) {
		const int high = hex_digit((*at)[0]), low = high < 0 ? -1 : hex_digit((*at)[1]);

		if (low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* ---- out ---- */

void gdb_put(struct gdb_text *text, const void *bytes, size_t len)
{
	if (len > sizeof(text->bytes) - text->len) {
		text->overflow = true;
		return;
	}
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

void gdb_print(struct gdb_text *text, const char *format, ...)
{
	char line[512];
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (len < 0 || (size_t)len >= sizeof(line))
		text->overflow = true;
	else
		gdb_put(text, line, (size_t)len);
}

void gdb_put_hex(struct gdb_text *text, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < len; i++)
		gdb_print(text, "%02x", from[i]);
}

static bool needs_escape(uint8_t byte)
{
	return byte == '#' || byte == '$' || byte == ESCAPE || byte == REPEAT;
}

size_t gdb_frame(const struct gdb_text *text, uint8_t frame[GDB_FRAME_MOST])
{
	static const char digits[] = "0123456789abcdef";
	size_t len = 0;
	uint8_t sum = 0;

	frame[len++] = '$';
	for (size_t i = 0; i < text->len; i++) {
		uint8_t byte = (uint8_t)text->bytes[i];

		if (needs_escape(byte)) {
			frame[len++] = ESCAPE;
			byte ^= ESCAPE_BIT;
		}
		frame[len++] = byte;
	}
	for (size_t i = 1; i < len; i++)
		sum = (uint8_t)(sum + frame[i]);
	frame[len++] = '#';
	frame[len++] = (uint8_t)digits[sum >> 4];
	frame[len++] = (uint8_t)digits[sum & 15];
	return len;
}
