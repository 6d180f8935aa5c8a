/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines. */

#include "trace/export/json_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"

/* Kept free for the end: ,"cut":true and what closes, the line feed and the zero. */
static const char cut_mark[] = "\"cut\":true";
#define RESERVE (1 + sizeof(cut_mark) + JSON_DEPTH + 2)

static void put(struct json_line *line, const char *text, size_t size)
{
	if (line->cut || line->used + size + RESERVE > line->room) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->used, text, size);
	line->used += size;
}

/* Of a character that has one: RFC 8259, 7. The rest are noncharacters of other planes. */
static void put_escape(struct json_line *line, uint32_t character)
{
	char escape[16];

	snprintf(escape, sizeof(escape), "\\u%04" PRIx32, character < 0x10000 ? character : 0xfffd);
	put(line, escape, 6);
}

static void put_escaped(struct json_line *line, const char *text, size_t size)
{
	put(line, "\"", 1);
	while (size > 0 && !line->cut) {
		uint32_t character = 0;
		size_t length = utf8_character(text, size, &character);
		char quoted[] = {'\\', (char)character};

		if (length == 0) {
			put(line, "\\ufffd", 6);
			length = 1;
		} else if (character == '"' || character == '\\') {
			put(line, quoted, 2);
		} else if (!utf8_prints(character)) {
			put_escape(line, character);
		} else {
			put(line, text, length);
		}
		text += length;
		size -= length;
	}
	put(line, "\"", 1);
}

static void put_key(struct json_line *line, const char *key)
{
	if (!line->first)
		put(line, ",", 1);
	if (!key)
		return;
	put_escaped(line, key, strlen(key));
	put(line, ":", 1);
}

/* All of it or nothing; what comes after something that was left out is left out too. */
static void settle(struct json_line *line, size_t before)
{
	if (line->cut)
		line->used = before;
	else
		line->first = false;
}

static void put_value(struct json_line *line, const char *key, const char *value)
{
	size_t before = line->used;

	put_key(line, key);
	put(line, value, strlen(value));
	settle(line, before);
}

void json_line_begin(struct json_line *line, char *text, size_t room)
{
	*line = (struct json_line){.text = text, .room = room, .first = true};
	put(line, "{", 1);
	line->depth++;
}

void json_line_bytes(struct json_line *line, const char *key, const char *text, size_t size)
{
	size_t before = line->used;

	put_key(line, key);
	put_escaped(line, text, size);
	settle(line, before);
}

void json_line_string(struct json_line *line, const char *key, const char *text)
{
	if (text)
		json_line_bytes(line, key, text, strlen(text));
	else
		json_line_null(line, key);
}

void json_line_uint(struct json_line *line, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_value(line, key, text);
}

void json_line_int(struct json_line *line, const char *key, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, value);
	put_value(line, key, text);
}

void json_line_hex(struct json_line *line, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", value);
	put_value(line, key, text);
}

void json_line_decimal(struct json_line *line, const char *key, uint64_t value, unsigned int digits)
{
	char text[48];
	uint64_t unit = 1;

	if (digits > 19)
		digits = 19;
	for (unsigned int i = 0; i < digits; i++)
		unit *= 10;
	if (digits > 0)
		snprintf(text, sizeof(text), "%" PRIu64 ".%0*" PRIu64, value / unit, (int)digits,
			 value % unit);
	else
		snprintf(text, sizeof(text), "%" PRIu64, value);
	put_value(line, key, text);
}

void json_line_bool(struct json_line *line, const char *key, bool value)
{
	put_value(line, key, value ? "true" : "false");
}

void json_line_null(struct json_line *line, const char *key)
{
	put_value(line, key, "null");
}

void json_line_object(struct json_line *line, const char *key)
{
	if (line->depth == JSON_DEPTH)
		line->cut = true;
	put_value(line, key, "{");
	if (line->cut) {
		line->left_out++;
		return;
	}
	line->depth++;
	line->first = true;
}

/* The places for closing brackets are in the reserve. */
static void close_one(struct json_line *line)
{
	line->depth--;
	line->text[line->used++] = '}';
	line->first = false;
}

void json_line_close(struct json_line *line)
{
	if (line->left_out > 0)
		line->left_out--;
	else if (line->depth > 1)
		close_one(line);
}

size_t json_line_end(struct json_line *line)
{
	while (line->depth > 1)
		close_one(line);
	if (line->cut) {
		if (!line->first)
			line->text[line->used++] = ',';
		memcpy(line->text + line->used, cut_mark, sizeof(cut_mark) - 1);
		line->used += sizeof(cut_mark) - 1;
	}
	close_one(line);
	line->text[line->used++] = '\n';
	line->text[line->used] = '\0';
	return line->used;
}
