/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lz4's legacy frame (lz4, doc/lz4_Frame_format.md) and its blocks (doc/lz4_Block_format.md). The
 * library's API for whole frames does not read the legacy one, and its blocks are forty lines.
 */
#include <string.h>

#include "base/image_formats.h"
#include "base/unpack.h"

enum {
	MAGIC_LEN = 4,
	BLOCK_MOST = 8 << 20, /* unpacked */
	MATCH_LEAST = 4,
	LONG = 15, /* in a token: more of the length follows */
};

/* What is left of a block. */
struct block {
	const uint8_t *at, *end;
	size_t start; /* where its bytes begin in the output: no match reaches back further */
};

static bool damaged(char message[IMAGE_MESSAGE_MAX])
{
	return image_refuse(message, "has damaged lz4 data");
}

/* Adds to *LEN the bytes behind a length of 15: each up to the first that is not 255. */
static bool take_length(struct block *block, size_t *len)
{
	uint8_t byte = 255;

	while (byte == 255) {
		if (block->at == block->end || *len > BLOCK_MOST)
			return false;
		byte = *block->at++;
		*len += byte;
	}
	return true;
}

/* Makes room for LEN more bytes of a block. */
static bool make_room(const struct block *block, size_t len, struct output *output,
		      char message[IMAGE_MESSAGE_MAX])
{
	if (output->blob.len + len - block->start > BLOCK_MOST)
		return damaged(message);
	return output_grow(output, len, message);
}

static bool copy_literals(struct block *block, size_t len, struct output *output,
			  char message[IMAGE_MESSAGE_MAX])
{
	if (len == LONG && !take_length(block, &len))
		return damaged(message);
	if (len > (size_t)(block->end - block->at))
		return damaged(message);
	if (!make_room(block, len, output, message))
		return false;
	if (len)
		memcpy(output->blob.bytes + output->blob.len, block->at, len);
	block->at += len;
	output->blob.len += len;
	return true;
}

static bool copy_match(struct block *block, size_t len, struct output *output,
		       char message[IMAGE_MESSAGE_MAX])
{
	if (block->end - block->at < 2)
		return damaged(message);
	const size_t distance = image_u16(block->at);
	block->at += 2;
	if (len == LONG && !take_length(block, &len))
		return damaged(message);
	len += MATCH_LEAST;
	if (!distance || distance > output->blob.len - block->start)
		return damaged(message);
	if (!make_room(block, len, output, message))
		return false;
	/* Byte by byte: it may reach into what it writes. */
	uint8_t *bytes = output->blob.bytes;
	for (const size_t end = output->blob.len + len; output->blob.len < end; output->blob.len++)
		bytes[output->blob.len] = bytes[output->blob.len - distance];
	return true;
}

static bool unpack_block(struct block block, struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	while (block.at < block.end) {
		const uint8_t token = *block.at++;
		if (!copy_literals(&block, token >> 4, output, message))
			return false;
		if (block.at == block.end) /* the last sequence has no match */
			return true;
		if (!copy_match(&block, token & LONG, output, message))
			return false;
	}
	return damaged(message);
}

/* A frame ends where Linux takes its end to be: with the bytes, or at a block of no bytes. */
bool unpack_lz4(enum packing packing, const uint8_t *bytes, size_t len, size_t *used,
		struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	for (*used = MAGIC_LEN; len - *used >= MAGIC_LEN;) {
		const uint8_t *at = bytes + *used;
		const uint32_t size = image_u32(at);
		if (!size)
			break;
		*used += MAGIC_LEN;
		if (packing_of(at, MAGIC_LEN) == packing) /* one frame behind another */
			continue;
		if (size > len - *used)
			return image_refuse(message, "has truncated lz4 data");
		const struct block block = {bytes + *used, bytes + *used + size, output->blob.len};
		if (!unpack_block(block, output, message))
			return false;
		*used += size;
	}
	return true;
}
