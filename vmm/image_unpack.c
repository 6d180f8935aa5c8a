/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed kernels: gzip (RFC 1952), zstd (RFC 8878), and EFI zboot images (Linux,
 * drivers/firmware/efi/libstub/zboot-header.S) with one of the two inside.
 */
#define ZLIB_CONST /* zlib.h: input is const */

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "vmm/image_formats.h"
#include "vmm/library.h"

enum {
	ZBOOT_MAGIC = 4, /* "zimg" */
	ZBOOT_PAYLOAD_OFFSET = 8,
	ZBOOT_PAYLOAD_SIZE = 12,
	ZBOOT_COMPRESSION = 24, /* a string */
	ZBOOT_COMPRESSION_LEN = 32,
	ZBOOT_HEADER_LEN = 64,

	LAYERS_MAX = 2, /* a gzip-compressed zboot image */
};

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

struct zlib_functions {
	__typeof__(inflateInit2_) *init2;
	__typeof__(inflate) *inflate;
	__typeof__(inflateReset) *reset;
	__typeof__(inflateEnd) *end;
};

static const struct library_function zlib_function_names[] = {
	{"inflateInit2_", offsetof(struct zlib_functions, init2)},
	{"inflate", offsetof(struct zlib_functions, inflate)},
	{"inflateReset", offsetof(struct zlib_functions, reset)},
	{"inflateEnd", offsetof(struct zlib_functions, end)},
};

static const struct library libz = {
	.soname = "libz.so.1",
	.package = "zlib1g",
	.functions = zlib_function_names,
	.function_count = sizeof(zlib_function_names) / sizeof(zlib_function_names[0]),
};

struct zstd_functions {
	__typeof__(ZSTD_createDStream) *create;
	__typeof__(ZSTD_DCtx_setParameter) *set_parameter;
	__typeof__(ZSTD_decompressStream) *decompress;
	__typeof__(ZSTD_isError) *is_error;
	__typeof__(ZSTD_freeDStream) *free;
};

static const struct library_function zstd_function_names[] = {
	{"ZSTD_createDStream", offsetof(struct zstd_functions, create)},
	{"ZSTD_DCtx_setParameter", offsetof(struct zstd_functions, set_parameter)},
	{"ZSTD_decompressStream", offsetof(struct zstd_functions, decompress)},
	{"ZSTD_isError", offsetof(struct zstd_functions, is_error)},
	{"ZSTD_freeDStream", offsetof(struct zstd_functions, free)},
};

static const struct library libzstd = {
	.soname = "libzstd.so.1",
	.package = "libzstd1",
	.functions = zstd_function_names,
	.function_count = sizeof(zstd_function_names) / sizeof(zstd_function_names[0]),
};

/* What comes out; grows up to LIMIT. */
struct output {
	struct blob blob;
	size_t room;
	uint64_t limit;
};

/* False with MESSAGE filled when no more bytes may or can be had. */
static bool output_grow(struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	size_t room = output->room * 2;

	if (output->room >= output->limit)
		return image_refuse(message, "unpacks to more than %llu MiB",
				    (unsigned long long)(output->limit >> 20));
	if (room > output->limit)
		room = (size_t)output->limit;
	uint8_t *bytes = realloc(output->blob.bytes, room);
	if (!bytes)
		return image_refuse(message, "cannot be unpacked: out of memory");
	output->blob.bytes = bytes;
	output->room = room;
	return true;
}

static bool output_start(struct output *output, size_t packed, uint64_t limit,
			 char message[IMAGE_MESSAGE_MAX])
{
	/* Kernels shrink to a third or so. */
	*output = (struct output){.room = packed * 4 + 2048, .limit = limit};
	if (output->room > limit)
		output->room = (size_t)limit;
	output->blob.bytes = malloc(output->room ? output->room : 1);
	if (!output->blob.bytes)
		return image_refuse(message, "cannot be unpacked: out of memory");
	return true;
}

/* zlib counts in unsigned int. */
static unsigned int clamp(size_t len)
{
	return len < (1u << 30) ? (unsigned int)len : 1u << 30;
}

static bool inflate_all(const struct zlib_functions *zlib, z_stream *stream, const uint8_t *bytes,
			size_t len, struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	size_t used = 0;

	for (;;) {
		if (output->blob.len == output->room && !output_grow(output, message))
			return false;
		const unsigned int in = clamp(len - used);
		const unsigned int out = clamp(output->room - output->blob.len);
		stream->next_in = bytes + used;
		stream->avail_in = in;
		stream->next_out = output->blob.bytes + output->blob.len;
		stream->avail_out = out;
		int result = zlib->inflate(stream, Z_NO_FLUSH);
		used += in - stream->avail_in;
		output->blob.len += out - stream->avail_out;

		if (result == Z_STREAM_END) {
			/* A gzip file is a sequence of members; padding may follow. */
			if (len - used < 2 || bytes[used] != 0x1f || bytes[used + 1] != 0x8b)
				return true;
			zlib->reset(stream);
		} else if (result == Z_MEM_ERROR) {
			return image_refuse(message, "cannot be unpacked: out of memory");
		} else if (result != Z_OK && result != Z_BUF_ERROR) {
			return image_refuse(message, "has damaged gzip data");
		} else if (used == len && stream->avail_out > 0) {
			return image_refuse(message, "has truncated gzip data");
		}
	}
}

static bool unpack_gzip(const uint8_t *bytes, size_t len, struct output *output,
			char message[IMAGE_MESSAGE_MAX])
{
	struct zlib_functions zlib;
	z_stream stream = {0};
	char why[LIBRARY_MESSAGE_MAX];

	if (!library_load(&libz, &zlib, why))
		return image_refuse(message, "is gzip-compressed: %s", why);
	/* What the macro inflateInit2() does, with the largest window and a gzip header. */
	if (zlib.init2(&stream, 15 + 16, ZLIB_VERSION, (int)sizeof(stream)) != Z_OK)
		return image_refuse(message, "cannot be unpacked: out of memory");
	bool fine = inflate_all(&zlib, &stream, bytes, len, output, message);
	zlib.end(&stream);
	return fine;
}

static bool unpack_zstd(const uint8_t *bytes, size_t len, struct output *output,
			char message[IMAGE_MESSAGE_MAX])
{
	struct zstd_functions zstd;
	ZSTD_inBuffer in = {bytes, len, 0};
	bool fine = false;
	char why[LIBRARY_MESSAGE_MAX];

	if (!library_load(&libzstd, &zstd, why))
		return image_refuse(message, "is zstd-compressed: %s", why);
	ZSTD_DStream *stream = zstd.create();
	if (!stream)
		return image_refuse(message, "cannot be unpacked: out of memory");
	/* Kernels are packed with windows up to the largest level's. */
	zstd.set_parameter(stream, ZSTD_d_windowLogMax, 27);
	for (;;) {
		if (output->blob.len == output->room && !output_grow(output, message))
			break;
		ZSTD_outBuffer out = {output->blob.bytes, output->room, output->blob.len};
		size_t result = zstd.decompress(stream, &out, &in);
		output->blob.len = out.pos;
		if (zstd.is_error(result)) {
			image_refuse(message, "has damaged zstd data");
			break;
		}
		if (result == 0) { /* the end of the frame; a zboot image has the size behind it */
			fine = true;
			break;
		}
		if (in.pos == in.size && out.pos < out.size) {
			image_refuse(message, "has truncated zstd data");
			break;
		}
	}
	zstd.free(stream);
	return fine;
}

/* Finds the payload of a zboot image in BLOB and how it is packed. */
static bool zboot_payload(const struct blob *blob, size_t *start, size_t *len,
			  enum compression *compression, char message[IMAGE_MESSAGE_MAX])
{
	char name[ZBOOT_COMPRESSION_LEN + 1] = "";

	if (blob->len < ZBOOT_HEADER_LEN)
		return image_refuse(message, "is a truncated EFI zboot image");
	*start = image_u32(blob->bytes + ZBOOT_PAYLOAD_OFFSET);
	*len = image_u32(blob->bytes + ZBOOT_PAYLOAD_SIZE);
	if (*start > blob->len || *len > blob->len - *start)
		return image_refuse(message, "is a truncated EFI zboot image");

	memcpy(name, blob->bytes + ZBOOT_COMPRESSION, ZBOOT_COMPRESSION_LEN);
	if (!strcmp(name, "gzip")) {
		*compression = COMPRESSION_GZIP;
	} else if (!strncmp(name, "zstd", 4)) { /* "zstd22" is what Linux's makefiles call it */
		*compression = COMPRESSION_ZSTD;
	} else {
		for (char *at = name; *at; at++) {
			if (*at < ' ' || *at > '~')
				*at = '?';
		}
		return image_refuse(message,
				    "is an EFI zboot image compressed with \"%s\"; gzip and zstd "
				    "can be unpacked",
				    name);
	}
	return true;
}

/* Unpacks one layer. *FOUND: whether there was one. */
static bool unpack_layer(struct blob *blob, uint64_t limit, bool *found,
			 char message[IMAGE_MESSAGE_MAX])
{
	enum compression compression = COMPRESSION_NONE;
	size_t start = 0, len = blob->len;
	struct output output;

	*found = false;
	if (image_has(blob, 0, "MZ", 2) && image_has(blob, ZBOOT_MAGIC, "zimg", 4)) {
		if (!zboot_payload(blob, &start, &len, &compression, message))
			return false;
	} else if (image_has(blob, 0, "\x1f\x8b", 2)) {
		compression = COMPRESSION_GZIP;
	} else if (image_has(blob, 0, "\x28\xb5\x2f\xfd", 4)) {
		compression = COMPRESSION_ZSTD;
	} else {
		return true;
	}
	*found = true;

	if (!output_start(&output, len, limit, message))
		return false;
	bool fine = compression == COMPRESSION_GZIP
			    ? unpack_gzip(blob->bytes + start, len, &output, message)
			    : unpack_zstd(blob->bytes + start, len, &output, message);
	if (!fine) {
		blob_free(&output.blob);
		return false;
	}
	blob_free(blob);
	*blob = output.blob;
	return true;
}

bool image_unpack(struct blob *blob, uint64_t limit, char message[IMAGE_MESSAGE_MAX])
{
	bool found = true;

	for (int layer = 0; found && layer < LAYERS_MAX; layer++) {
		if (!unpack_layer(blob, limit, &found, message))
			return false;
	}
	return true;
}
