/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flat JSON object (RFC 8259): strings and whole numbers; no other value is wanted. Pure; it
 * takes bytes that nobody vouches for.
 */
#ifndef VHART_FLAT_JSON_H
#define VHART_FLAT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any type of line has. */
#define FLAT_JSON_FIELDS 32u

struct flat_json_field {
	const char *key, *text; /* TEXT: NULL where it is a number */
	uint64_t number;
	bool known; /* false: a value of another kind */
};

struct flat_json {
	char *at, *end;
	struct flat_json_field fields[FLAT_JSON_FIELDS];
	unsigned int count;
};

/* The LEN bytes at TEXT, which it cuts up, and which live as long as JSON. False: they are none. */
bool flat_json_read(struct flat_json *json, char *text, size_t len);

/* "" and 0 where there is no such value. */
const char *flat_json_text(const struct flat_json *json, const char *key);
uint64_t flat_json_number(const struct flat_json *json, const char *key);
bool flat_json_has_number(const struct flat_json *json, const char *key);

/* A text of KEY: "0x1f". False: it is none. */
bool flat_json_hex(const struct flat_json *json, const char *key, uint64_t *value);
/* The LEN bytes at TEXT, which are. */
bool flat_json_parse_hex(const char *text, size_t len, uint64_t *value);

/* A text of KEY into TO. False: it is longer. */
bool flat_json_copy(const struct flat_json *json, const char *key, char *to, size_t size);

#endif
