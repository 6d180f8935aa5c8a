/* SPDX-License-Identifier: Apache-2.0 */
/* Which format, and the two that most files are in: gzip and zstd. */

#include "base/unpack.h"

#define ZLIB_CONST /* zlib.h: input is const */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/image_formats.h"

struct zlib_functions {
	__typeof__(inflateInit2_) *init2;
	__typeof__(inflate) *inflate;
	__typeof__(inflateEnd) *end;
};

static const struct library_function zlib_function_names[] = {
	{"inflateInit2_", offsetof(struct zlib_functions, init2)},
	{"inflate", offsetof(struct zlib_functions, inflate)},
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

/* Never less than what a short file needs, nor so much that a limit is passed for nothing. */
enum { OUTPUT_LEAST = 64 * 1024 };

bool output_grow(struct output *output, size_t more, char message[IMAGE_MESSAGE_MAX])
{
	uint64_t room = output->room ? output->room : OUTPUT_LEAST;

	if (more <= output->room - output->blob.len)
		return true;
	while (room - output->blob.len < more && room < output->limit)
		room *= 2;
	if (room > output->limit)
		room = output->limit;
	if (room < output->blob.len || room - output->blob.len < more)
		return image_refuse(message, "unpacks to more than %" PRIu64 " MiB",
				    (output->limit >> 20));
	uint8_t *bytes = realloc(output->blob.bytes, (size_t)room);
	if (!bytes)
		return image_refuse(message, "cannot be unpacked: out of memory");
	output->blob.bytes = bytes;
	output->room = (size_t)room;
	return true;
}

/* zlib counts in unsigned int. */
static unsigned int clamp(size_t len)
{
	return len < (1u << 30) ? (unsigned int)len : 1u << 30;
}

static bool inflate_all(const struct zlib_functions *zlib, z_stream *stream, const uint8_t *bytes,
			size_t len, size_t *used, struct output *output,
			char message[IMAGE_MESSAGE_MAX])
{
	*used = 0;
	for (;;) {
		if (!output_grow(output, 1, message))
			return false;
		const unsigned int in = clamp(len - *used);
		const unsigned int out = clamp(output->room - output->blob.len);
		stream->next_in = bytes + *used;
		stream->avail_in = in;
		stream->next_out = output->blob.bytes + output->blob.len;
		stream->avail_out = out;
		int result = zlib->inflate(stream, Z_NO_FLUSH);
		*used += in - stream->avail_in;
		output->blob.len += out - stream->avail_out;

		if (result == Z_STREAM_END)
			return true;
		if (result == Z_MEM_ERROR)
			return image_refuse(message, "cannot be unpacked: out of memory");
		if (result != Z_OK && result != Z_BUF_ERROR)
			return image_refuse(message, "has damaged gzip data");
		if (*used == len && stream->avail_out > 0)
			return image_refuse(message, "has truncated gzip data");
	}
}

static bool unpack_gzip(enum packing packing, const uint8_t *bytes, size_t len, size_t *used,
			struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	struct zlib_functions zlib;
	z_stream stream = {0};
	char why[LIBRARY_MESSAGE_MAX];

	if (!library_load(&libz, &zlib, why))
		return image_refuse(message, "is %s-compressed: %s", packing_name(packing), why);
	/* What the macro inflateInit2() does, with the largest window and a gzip header. */
	if (zlib.init2(&stream, 15 + 16, ZLIB_VERSION, (int)sizeof(stream)) != Z_OK)
		return image_refuse(message, "cannot be unpacked: out of memory");
	bool fine = inflate_all(&zlib, &stream, bytes, len, used, output, message);
	zlib.end(&stream);
	return fine;
}

static bool zstd_all(const struct zstd_functions *zstd, ZSTD_DStream *stream, ZSTD_inBuffer *in,
		     struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	for (;;) {
		if (!output_grow(output, 1, message))
			return false;
		ZSTD_outBuffer out = {output->blob.bytes, output->room, output->blob.len};
		size_t result = zstd->decompress(stream, &out, in);
		output->blob.len = out.pos;
		if (zstd->is_error(result))
			return image_refuse(message, "has damaged zstd data");
		if (result == 0) /* the end of the frame; a zboot image has the size behind it */
			return true;
		if (in->pos == in->size && out.pos < out.size)
			return image_refuse(message, "has truncated zstd data");
	}
}

static bool unpack_zstd(enum packing packing, const uint8_t *bytes, size_t len, size_t *used,
			struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	struct zstd_functions zstd;
	ZSTD_inBuffer in = {bytes, len, 0};
	char why[LIBRARY_MESSAGE_MAX];

	if (!library_load(&libzstd, &zstd, why))
		return image_refuse(message, "is %s-compressed: %s", packing_name(packing), why);
	ZSTD_DStream *stream = zstd.create();
	if (!stream)
		return image_refuse(message, "cannot be unpacked: out of memory");
	/* Kernels are packed with windows up to the largest level's. */
	zstd.set_parameter(stream, ZSTD_d_windowLogMax, 27);
	bool fine = zstd_all(&zstd, stream, &in, output, message);
	*used = in.pos;
	zstd.free(stream);
	return fine;
}

static const struct {
	const char *name, *magic;
	size_t magic_len;
	bool (*unpack)(enum packing packing, const uint8_t *bytes, size_t len, size_t *used,
		       struct output *output, char message[IMAGE_MESSAGE_MAX]);
	const struct library *library; /* NULL: none is needed */
} formats[] = {
	[PACKED_NOT] = {"not", "", 0, NULL, NULL},
	[PACKED_GZIP] = {"gzip", "\x1f\x8b", 2, unpack_gzip, &libz},
	[PACKED_ZSTD] = {"zstd", "\x28\xb5\x2f\xfd", 4, unpack_zstd, &libzstd},
	[PACKED_XZ] = {"xz", "\xfd\x37\x7a\x58\x5a", 6, unpack_xz, &unpack_liblzma},
	[PACKED_LZMA] = {"lzma", "\x5d\0", 3, unpack_xz, &unpack_liblzma},
	[PACKED_LZ4] = {"lz4", "\x02\x21\x4c\x18", 4, unpack_lz4, NULL},
	[PACKED_BZIP2] = {"bzip2", "BZh", 3, NULL, NULL},
	[PACKED_LZO] = {"lzo", "\x89LZO", 4, NULL, NULL},
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

enum packing packing_of(const uint8_t *bytes, size_t len)
{
	for (size_t i = PACKED_NOT + 1; i < FORMAT_COUNT; i++) {
		if (len >= formats[i].magic_len &&
		    !memcmp(bytes, formats[i].magic, formats[i].magic_len))
			return (enum packing)i;
	}
	return PACKED_NOT;
}

const char *packing_name(enum packing packing)
{
	return formats[packing].name;
}

bool unpack_possible(enum packing packing, char message[IMAGE_MESSAGE_MAX])
{
	void *functions[8]; /* no library has more that are wanted */
	char why[LIBRARY_MESSAGE_MAX];

	if (!formats[packing].unpack)
		return image_refuse(message, "is %s-compressed, which vhart does not unpack",
				    packing_name(packing));
	if (formats[packing].library && !library_load(formats[packing].library, functions, why))
		return image_refuse(message, "is %s-compressed: %s", packing_name(packing), why);
	return true;
}

bool unpack(enum packing packing, const uint8_t *bytes, size_t len, size_t *used,
	    struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	*used = 0;
	if (!unpack_possible(packing, message))
		return false;
	return formats[packing].unpack(packing, bytes, len, used, output, message);
}
