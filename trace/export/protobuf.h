/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol Buffers' wire format, as much of it as pprof and Perfetto need, into memory of the
 * caller's. What does not fit sets overflow and is not written; the caller drops such a message.
 */
#ifndef VHART_PROTOBUF_H
#define VHART_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A 64-bit varint. */
#define PROTOBUF_VARINT 10

struct protobuf {
	uint8_t *bytes;
	size_t room, used;
	bool overflow;
};

void protobuf_varint(struct protobuf *to, uint64_t value);
void protobuf_uint(struct protobuf *to, uint32_t field, uint64_t value);
/* An int64, not a sint64: ten bytes where negative. */
void protobuf_int(struct protobuf *to, uint32_t field, int64_t value);
void protobuf_fixed64(struct protobuf *to, uint32_t field, uint64_t value);
void protobuf_bytes(struct protobuf *to, uint32_t field, const void *bytes, size_t size);
void protobuf_string(struct protobuf *to, uint32_t field, const char *text);

/* A message, or packed numbers, inside: what is written until the end is its content. Ends in
 * reverse order. */
size_t protobuf_begin(struct protobuf *to, uint32_t field);
void protobuf_end(struct protobuf *to, size_t begin);

#endif
