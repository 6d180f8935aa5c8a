/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol Buffers' wire format, written. */

#include "trace/export/protobuf.h"

#include <string.h>

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2 };

static void put(struct protobuf *to, const void *bytes, size_t size)
{
	if (to->overflow || size > to->room - to->used) {
		to->overflow = true;
		return;
	}
	if (size > 0)
		memcpy(to->bytes + to->used, bytes, size);
	to->used += size;
}

static size_t encode(uint8_t *to, uint64_t value)
{
	size_t size = 0;

	while (value >= 0x80) {
		to[size++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	to[size++] = (uint8_t)value;
	return size;
}

void protobuf_varint(struct protobuf *to, uint64_t value)
{
	uint8_t bytes[PROTOBUF_VARINT];
	size_t size = encode(bytes, value);

	put(to, bytes, size);
}

static void tag(struct protobuf *to, uint32_t field, enum wire wire)
{
	protobuf_varint(to, (uint64_t)field << 3 | wire);
}

void protobuf_uint(struct protobuf *to, uint32_t field, uint64_t value)
{
	tag(to, field, WIRE_VARINT);
	protobuf_varint(to, value);
}

void protobuf_int(struct protobuf *to, uint32_t field, int64_t value)
{
	protobuf_uint(to, field, (uint64_t)value);
}

void protobuf_fixed64(struct protobuf *to, uint32_t field, uint64_t value)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	tag(to, field, WIRE_64);
	put(to, bytes, sizeof(bytes));
}

void protobuf_bytes(struct protobuf *to, uint32_t field, const void *bytes, size_t size)
{
	tag(to, field, WIRE_LENGTH);
	protobuf_varint(to, size);
	put(to, bytes, size);
}

void protobuf_string(struct protobuf *to, uint32_t field, const char *text)
{
	protobuf_bytes(to, field, text, strlen(text));
}

size_t protobuf_begin(struct protobuf *to, uint32_t field)
{
	tag(to, field, WIRE_LENGTH);
	return to->used;
}

/* The length goes in front of the content, which moves to make room: messages here are small. */
void protobuf_end(struct protobuf *to, size_t begin)
{
	uint8_t length[PROTOBUF_VARINT];
	size_t content, size;

	if (to->overflow)
		return;
	content = to->used - begin;
	size = encode(length, content);
	put(to, length, size);
	if (to->overflow)
		return;
	memmove(to->bytes + begin + size, to->bytes + begin, content);
	memcpy(to->bytes + begin, length, size);
}
