/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/control/event_json.h"

#define ROOM_FIRST 4096u
#define DEPTH_MAX  8

/* ---- lines ---- */

static void drop_taken(struct protocol_lines *lines)
{
	if (!lines->taken)
		return;
	memmove(lines->bytes, lines->bytes + lines->taken, lines->used - lines->taken);
	lines->used -= lines->taken;
	lines->scanned -= lines->taken;
	lines->taken = 0;
}

char *protocol_room(struct protocol_lines *lines, size_t *room)
{
	size_t more = lines->room ? lines->room * 2 : ROOM_FIRST;
	char *bytes;

	drop_taken(lines);
	if (lines->used == lines->room) {
		lines->too_long = lines->room >= PROTOCOL_LINE_MAX;
		bytes = lines->too_long ? NULL : realloc(lines->bytes, more);
		if (!bytes)
			return NULL;
		lines->bytes = bytes;
		lines->room = more;
	}
	*room = lines->room - lines->used;
	return lines->bytes + lines->used;
}

void protocol_filled(struct protocol_lines *lines, size_t count)
{
	lines->used += count;
}

char *protocol_line(struct protocol_lines *lines, size_t *len)
{
	char *start = lines->bytes + lines->taken, *end;

	if (lines->scanned == lines->used)
		return NULL;
	end = memchr(lines->bytes + lines->scanned, '\n', lines->used - lines->scanned);
	lines->scanned = end ? (size_t)(end - lines->bytes) + 1 : lines->used;
	if (!end)
		return NULL;
	*len = (size_t)(end - start);
	lines->taken = lines->scanned;
	*end = '\0';
	return start;
}

void protocol_free(struct protocol_lines *lines)
{
	free(lines->bytes);
	*lines = (struct protocol_lines){.bytes = NULL};
}

/* ---- requests ---- */

static json_object *parse(const char *line, size_t len)
{
	struct json_tokener *tokener;
	json_object *object;

	/* The parser ends at a zero, whatever is behind it. */
	tokener = memchr(line, '\0', len) ? NULL : json_tokener_new_ex(DEPTH_MAX);
	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, line, (int)len + 1);
	json_tokener_free(tokener);
	return object;
}

bool protocol_request(const char *line, size_t len, struct request *request,
		      char why[CONTROL_ERROR_MAX])
{
	json_object *name = NULL;

	*request = (struct request){.line = parse(line, len)};
	if (!request->line || !json_object_is_type(request->line, json_type_object)) {
		snprintf(why, CONTROL_ERROR_MAX,
			 "expected a JSON object on one line, such as {\"id\": 1, \"verb\": "
			 "\"status\"}");
		return false;
	}
	json_object_object_get_ex(request->line, "id", &request->id);
	json_object_object_get_ex(request->line, "args", &request->args);
	json_object_object_get_ex(request->line, "verb", &name);
	if (!name || !json_object_is_type(name, json_type_string)) {
		snprintf(why, CONTROL_ERROR_MAX, "expected a \"verb\"");
		return false;
	}
	request->verb = verb_find_or_say(json_object_get_string(name), why);
	return request->verb != NULL;
}

void protocol_request_free(struct request *request)
{
	json_object_put(request->line);
	request->line = NULL;
}

json_object *protocol_answer(json_object *id, json_object *result, const char *why)
{
	json_object *answer = json_object_new_object();

	json_object_object_add(answer, "id", json_object_get(id));
	if (result)
		json_object_object_add(answer, "result", result);
	else
		json_object_object_add(answer, "error", json_of_bytes(why, strlen(why)));
	return answer;
}
