/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control protocol: one JSON object on each line, in both directions. vhart-control(7)
 * describes it. Pure.
 *
 *     < {"vhart": "0.4.0", "protocol": 1, "name": "vm", "pid": 123}
 *     > {"id": 1, "verb": "type", "args": {"text": "ls\n"}}
 *     < {"id": 1, "result": {"typed": 3}}
 *     > {"id": 2, "verb": "fly"}
 *     < {"id": 2, "error": "there is no verb 'fly': 'vhart ctl help' lists them"}
 */
#ifndef VHART_PROTOCOL_H
#define VHART_PROTOCOL_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "vmm/control/verbs.h"

#define PROTOCOL_VERSION  1
#define PROTOCOL_LINE_MAX (4u << 20) /* bytes of a line, with its end */

/* ---- lines out of a stream ---- */

struct protocol_lines {
	char *bytes; /* malloc; NULL: none yet */
	size_t used, room;
	size_t taken;	/* of USED: lines that were given */
	size_t scanned; /* of USED: no end of a line before */
	bool too_long;
};

/* Room for more: where to read to, and at most how many bytes in ROOM. NULL: no memory, or a line
 * is longer than PROTOCOL_LINE_MAX (too_long). */
char *protocol_room(struct protocol_lines *lines, size_t *room);
/* So many bytes were read there. */
void protocol_filled(struct protocol_lines *lines, size_t count);
/* The next whole line, without its end, and ended by a zero: valid until protocol_room(). NULL:
 * there is none. */
char *protocol_line(struct protocol_lines *lines, size_t *len);
void protocol_free(struct protocol_lines *lines);

/* ---- requests ---- */

struct request {
	json_object *line; /* what the others are part of: protocol_request_free() */
	json_object *id;   /* NULL: none */
	const struct verb *verb;
	json_object *args; /* NULL: none */
};

/* LINE may be anything. False, with words in WHY: it asks for nothing; the id is there all the same
 * if it could be read. */
bool protocol_request(const char *line, size_t len, struct request *request,
		      char why[CONTROL_ERROR_MAX]);
void protocol_request_free(struct request *request);

/* The answer to ID (NULL: null): of RESULT, which it takes over, or else an error of WHY. The
 * caller puts it. */
json_object *protocol_answer(json_object *id, json_object *result, const char *why);

#endif
