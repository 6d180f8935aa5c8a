/* SPDX-License-Identifier: Apache-2.0 */
/* An event as JSON. Pure. */
#ifndef VHART_EVENT_JSON_H
#define VHART_EVENT_JSON_H

#include <json-c/json.h>
#include <stdio.h>

#include "vmm/control/events.h"

/* Adds to OBJECT "event": its name, "seconds": when (CLOCK_MONOTONIC), and what its kind has. Bytes
 * that are not UTF-8 become U+FFFD. */
void event_to_json(const struct event *event, json_object *object);

/*
 * OBJECT as a line for a terminal, a file or a program: what stands in its strings is shown as it
 * is, but for characters that are no text (base/printable.h), which are escaped as JSON has it.
 */
void json_print(FILE *out, json_object *object);

/* With microseconds, not with what a double has beyond them. */
json_object *json_of_seconds(double seconds);

/* LEN bytes of TEXT as a JSON string that is UTF-8 whatever they are. */
json_object *json_of_bytes(const char *text, size_t len);

#endif
