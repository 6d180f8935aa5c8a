/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol Buffers' wire format, read: written from its text, apart from the writer under test. */
#ifndef VHART_READ_PROTOBUF_H
#define VHART_READ_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct read_field {
	uint32_t field;
	uint32_t wire;
	uint64_t value;	      /* of a varint or a fixed64 */
	const uint8_t *bytes; /* of a length-delimited field, and its size in value */
};

struct read_message {
	const uint8_t *at, *end;
	bool bad;
};

/* False at the end, and where the message is broken. */
bool read_next(struct read_message *message, struct read_field *field);
bool read_varint(struct read_message *message, uint64_t *value);
struct read_message read_inside(const struct read_field *field);

/* The first of this number; the field's number is 0 if there is none. */
struct read_field read_find(struct read_message message, uint32_t number);

#endif
