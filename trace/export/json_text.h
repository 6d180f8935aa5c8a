/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON object on a line, written into memory of the caller's: for streams of many small
 * objects, where json-c's trees would cost more than what they say. What does not fit is left out
 * whole, with all after it, and the object ends with "cut":true: the line is valid JSON all the
 * same.
 */
#ifndef VHART_JSON_TEXT_H
#define VHART_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Objects inside each other. */
#define JSON_DEPTH 8

/* The least room: an object that says only that it was cut. */
#define JSON_ROOM 64

struct json_line {
	char *text;
	size_t room, used;
	uint32_t depth;
	uint32_t left_out; /* open objects that are not written, for which no key was */
	bool first;
	bool cut;
};

/*
 * ROOM is at least JSON_ROOM. Strings may be of any bytes: malformed UTF-8 becomes U+FFFD. Text
 * NULL is null.
 */
void json_line_begin(struct json_line *line, char *text, size_t room);
void json_line_string(struct json_line *line, const char *key, const char *text);
void json_line_bytes(struct json_line *line, const char *key, const char *text, size_t size);
void json_line_uint(struct json_line *line, const char *key, uint64_t value);
void json_line_int(struct json_line *line, const char *key, int64_t value);
/* Addresses and registers, as a string "0x...": JSON's readers keep 53 bits of a number. */
void json_line_hex(struct json_line *line, const char *key, uint64_t value);
/* value / 10^digits, exactly: nanoseconds as seconds have 9 digits. */
void json_line_decimal(struct json_line *line, const char *key, uint64_t value,
		       unsigned int digits);
void json_line_bool(struct json_line *line, const char *key, bool value);
void json_line_null(struct json_line *line, const char *key);
void json_line_object(struct json_line *line, const char *key);
/* Ends the object that was begun last. */
void json_line_close(struct json_line *line);
/* Ends all, with a line feed; returns the size. The text also has a zero behind it. */
size_t json_line_end(struct json_line *line);

#endif
