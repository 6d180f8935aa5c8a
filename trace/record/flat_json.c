/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/flat_json.h"

#include <stdio.h>
#include <string.h>

#include "base/hex_digit.h"

static void skip_space(struct flat_json *json)
{
	while (json->at < json->end &&
	       (*json->at == ' ' || *json->at == '\t' || *json->at == '\r' || *json->at == '\n'))
		json->at++;
}

static bool take(struct flat_json *json, char wanted)
{
	skip_space(json);
	if (json->at == json->end || *json->at != wanted)
		return false;
	json->at++;
	return true;
}

/* \uXXXX, behind the u. What is no character of its own (surrogates, 0) becomes '?'. */
static char *read_unicode(struct flat_json *json, char *to)
{
	uint32_t code = 0;

	for (int i = 0; i < 4; i++, json->at++) {
		int digit = json->at < json->end ? hex_digit(*json->at) : -1;

		if (digit < 0)
			return NULL;
		code = code << 4 | (uint32_t)digit;
	}
	if (!code || (code >= 0xD800 && code <= 0xDFFF))
		code = '?';
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xC0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3F));
	} else {
		*to++ = (char)(0xE0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3F));
		*to++ = (char)(0x80 | (code & 0x3F));
	}
	return to;
}

static char *read_escape(struct flat_json *json, char *to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name;
	char escape;

	if (json->at == json->end)
		return NULL;
	escape = *json->at++;
	if (escape == 'u')
		return read_unicode(json, to);
	name = escape ? strchr(names, escape) : NULL;
	if (!name)
		return NULL;
	*to++ = values[name - names];
	return to;
}

/* In place: what is read is never longer than how it was written. */
static const char *read_string(struct flat_json *json)
{
	char *start, *to;

	if (!take(json, '"'))
		return NULL;
	start = to = json->at;
	while (json->at < json->end) {
		char byte = *json->at++;

		if (byte == '"') {
			*to = '\0';
			return start;
		}
		if ((unsigned char)byte < 0x20)
			return NULL;
		if (byte != '\\')
			*to++ = byte;
		else if (!(to = read_escape(json, to)))
			return NULL;
	}
	return NULL;
}

static bool read_number(struct flat_json *json, uint64_t *number)
{
	char *start = json->at;

	*number = 0;
	for (; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++) {
		uint64_t digit = (uint64_t)(*json->at - '0');

		if (*number > (UINT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return json->at > start;
}

static bool read_value(struct flat_json *json, struct flat_json_field *field)
{
	static const char *const words[] = {"true", "false", "null"};

	skip_space(json);
	if (json->at == json->end)
		return false;
	field->known = true;
	if (*json->at == '"')
		return (field->text = read_string(json)) != NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(json->end - json->at) < len || memcmp(json->at, words[i], len) != 0)
			continue;
		json->at += len;
		field->known = false;
		return true;
	}
	return read_number(json, &field->number);
}

static bool read_object(struct flat_json *json)
{
	if (!take(json, '{'))
		return false;
	do {
		struct flat_json_field *field = &json->fields[json->count];

		if (json->count == FLAT_JSON_FIELDS)
			return false;
		*field = (struct flat_json_field){.key = read_string(json)};
		if (!field->key || !take(json, ':') || !read_value(json, field))
			return false;
		json->count++;
	} while (take(json, ','));
	if (!take(json, '}'))
		return false;
	skip_space(json);
	return json->at == json->end;
}

bool flat_json_read(struct flat_json *json, char *text, size_t len)
{
	*json = (struct flat_json){.at = text, .end = text + len};
	return read_object(json);
}

/* ---- fields ---- */

static const struct flat_json_field *find(const struct flat_json *json, const char *key)
{
	for (unsigned int i = 0; i < json->count; i++)
		if (json->fields[i].known && !strcmp(json->fields[i].key, key))
			return &json->fields[i];
	return NULL;
}

const char *flat_json_text(const struct flat_json *json, const char *key)
{
	const struct flat_json_field *field = find(json, key);

	return field && field->text ? field->text : "";
}

uint64_t flat_json_number(const struct flat_json *json, const char *key)
{
	const struct flat_json_field *field = find(json, key);

	return field && !field->text ? field->number : 0;
}

bool flat_json_has_number(const struct flat_json *json, const char *key)
{
	const struct flat_json_field *field = find(json, key);

	return field && !field->text;
}

bool flat_json_parse_hex(const char *text, size_t len, uint64_t *value)
{
	*value = 0;
	if (len < 3 || len > 18 || text[0] != '0' || text[1] != 'x')
		return false;
	for (size_t i = 2; i < len; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		*value = *value << 4 | (uint64_t)digit;
	}
	return true;
}

bool flat_json_hex(const struct flat_json *json, const char *key, uint64_t *value)
{
	const char *text = flat_json_text(json, key);

	return flat_json_parse_hex(text, strlen(text), value);
}

bool flat_json_copy(const struct flat_json *json, const char *key, char *to, size_t size)
{
	return (size_t)snprintf(to, size, "%s", flat_json_text(json, key)) < size;
}
