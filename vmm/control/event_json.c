/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/event_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

json_object *json_of_bytes(const char *text, size_t len)
{
	char *room = malloc(len * 3 + 1);
	size_t used = 0;
	json_object *string;
	uint32_t character;

	if (!room)
		return json_object_new_string("");
	for (size_t at = 0; at < len;) {
		size_t size = utf8_character(text + at, len - at, &character);
		const char *from = size ? text + at : replacement;
		size_t bytes = size ? size : 3;

		memcpy(room + used, from, bytes);
		used += bytes;
		at += size ? size : 1;
	}
	string = json_object_new_string_len(room, (int)used);
	free(room);
	return string;
}

static void print_escaped(FILE *out, uint32_t character)
{
	if (character < 0x10000)
		fprintf(out, "\\u%04x", character);
	else
		fprintf(out, "\\u%04x\\u%04x", 0xd800 | (character - 0x10000) >> 10,
			0xdc00 | (character & 0x3ff));
}

void json_print(FILE *out, json_object *object)
{
	uint32_t character;
	size_t len, size;
	const char *text = json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	for (size_t at = 0; at < len; at += size ? size : 1) {
		size = utf8_character(text + at, len - at, &character);
		if (!size)
			fputs(replacement, out);
		else if (utf8_prints(character))
			fwrite(text + at, 1, size, out);
		else
			print_escaped(out, character);
	}
	fputc('\n', out);
}

json_object *json_of_seconds(double seconds)
{
	char text[40];

	snprintf(text, sizeof(text), "%.6f", seconds);
	return json_object_new_double_s(seconds, text);
}

static void add_number(json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

static void add_text(const struct event *event, json_object *object)
{
	json_object_object_add(object, "text", json_of_bytes(event->text, event->len));
}

static void add_life(const struct event *event, json_object *object)
{
	add_number(object, "life", event->number);
}

static void add_breakpoint(const struct event *event, json_object *object)
{
	char pc[24];

	add_number(object, "breakpoint", event->number);
	add_number(object, "hart", event->hart);
	snprintf(pc, sizeof(pc), "0x%" PRIx64, event->address);
	json_object_object_add(object, "pc", json_object_new_string(pc));
}

static void add_end(const struct event *event, json_object *object)
{
	json_object_object_add(object, "end", json_of_bytes(event->text, event->len));
	add_number(object, "status", event->number);
}

/* What each kind has; NULL: nothing. */
static void (*const members[EVENT_KINDS])(const struct event *event, json_object *object) = {
	[EVENT_STARTED] = add_life, [EVENT_RESET] = add_life,	[EVENT_BREAKPOINT] = add_breakpoint,
	[EVENT_LINE] = add_text,    [EVENT_CONSOLE] = add_text, [EVENT_GUEST_ERROR] = add_text,
	[EVENT_ENDED] = add_end,
};

void event_to_json(const struct event *event, json_object *object)
{
	json_object_object_add(object, "event", json_object_new_string(event_name(event->kind)));
	json_object_object_add(object, "seconds", json_of_seconds((double)event->time_ns / 1e9));
	if (members[event->kind])
		members[event->kind](event, object);
}
