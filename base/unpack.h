/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed streams, as kernels and initrds come in. Pure, but that libraries are loaded when they
 * are needed; untrusted bytes, fuzzed.
 */
#ifndef VHART_UNPACK_H
#define VHART_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/image_formats.h"
#include "base/library.h"

enum packing {
	PACKED_NOT,
	PACKED_GZIP,  /* RFC 1952 */
	PACKED_ZSTD,  /* RFC 8878 */
	PACKED_XZ,    /* the .xz format */
	PACKED_LZMA,  /* the .lzma format */
	PACKED_LZ4,   /* the legacy frame, the only one that Linux reads */
	PACKED_BZIP2, /* these two are known, but not unpacked */
	PACKED_LZO,
};

/* How the LEN bytes at BYTES are packed, by the magic that Linux knows (its lib/decompress.c). */
enum packing packing_of(const uint8_t *bytes, size_t len);

/* "gzip" */
const char *packing_name(enum packing packing);

/* Whether unpack() can do PACKING, and has its library. False with MESSAGE filled. */
bool unpack_possible(enum packing packing, char message[IMAGE_MESSAGE_MAX]);

/* Bytes that were unpacked: room for more, up to a limit. */
struct output {
	struct blob blob;
	size_t room;
	uint64_t limit;
};

/*
 * Unpacks the one stream (a gzip member, a zstd frame, ...) at the start of the LEN bytes at BYTES
 * and appends it to OUTPUT; *USED becomes what it takes of them. False with MESSAGE filled ("has
 * truncated gzip data"); what came out until then stays in OUTPUT, which the caller frees.
 */
bool unpack(enum packing packing, const uint8_t *bytes, size_t len, size_t *used,
	    struct output *output, char message[IMAGE_MESSAGE_MAX]);

/* For the formats. Makes room for at least MORE bytes (1 or more); false with MESSAGE filled where
 * that is beyond the limit. */
bool output_grow(struct output *output, size_t more, char message[IMAGE_MESSAGE_MAX]);

extern const struct library unpack_liblzma;
bool unpack_xz(enum packing packing, const uint8_t *bytes, size_t len, size_t *used,
	       struct output *output, char message[IMAGE_MESSAGE_MAX]);
bool unpack_lz4(enum packing packing, const uint8_t *bytes, size_t len, size_t *used,
		struct output *output, char message[IMAGE_MESSAGE_MAX]);

#endif
