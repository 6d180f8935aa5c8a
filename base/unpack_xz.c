/* SPDX-License-Identifier: Apache-2.0 */
/* xz and its older format, lzma. */
#include <lzma.h>

#include "base/image_formats.h"
#include "base/unpack.h"

/* What xz itself takes for the largest dictionary, and a little. */
#define MEMORY_MOST (1ull << 30)

struct lzma_functions {
	__typeof__(lzma_stream_decoder) *xz;
	__typeof__(lzma_alone_decoder) *lzma;
	__typeof__(lzma_code) *code;
	__typeof__(lzma_end) *end;
};

static const struct library_function lzma_function_names[] = {
	{"lzma_stream_decoder", offsetof(struct lzma_functions, xz)},
	{"lzma_alone_decoder", offsetof(struct lzma_functions, lzma)},
	{"lzma_code", offsetof(struct lzma_functions, code)},
	{"lzma_end", offsetof(struct lzma_functions, end)},
};

const struct library unpack_liblzma = {
	.soname = "liblzma.so.5",
	.package = "liblzma5",
	.functions = lzma_function_names,
	.function_count = sizeof(lzma_function_names) / sizeof(lzma_function_names[0]),
};

static bool decode_all(const struct lzma_functions *lzma, lzma_stream *stream, const char *name,
		       struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	for (;;) {
		if (!output_grow(output, 1, message))
			return false;
		stream->next_out = output->blob.bytes + output->blob.len;
		stream->avail_out = output->room - output->blob.len;
		lzma_ret result = lzma->code(stream, LZMA_RUN);
		output->blob.len = output->room - stream->avail_out;

		if (result == LZMA_STREAM_END)
			return true;
		if (result == LZMA_MEM_ERROR || result == LZMA_MEMLIMIT_ERROR)
			return image_refuse(message, "cannot be unpacked: out of memory");
		if (result != LZMA_OK && result != LZMA_BUF_ERROR)
			return image_refuse(message, "has damaged %s data", name);
		if (!stream->avail_in && stream->avail_out > 0)
			return image_refuse(message, "has truncated %s data", name);
	}
}

bool unpack_xz(enum packing packing, const uint8_t *bytes, size_t len, size_t *used,
	       struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	const char *name = packing_name(packing);
	lzma_stream stream = LZMA_STREAM_INIT;
	struct lzma_functions lzma;
	char why[LIBRARY_MESSAGE_MAX];

	if (!library_load(&unpack_liblzma, &lzma, why))
		return image_refuse(message, "is %s-compressed: %s", name, why);
	lzma_ret result = packing == PACKED_XZ ? lzma.xz(&stream, MEMORY_MOST, 0)
					       : lzma.lzma(&stream, MEMORY_MOST);
	if (result != LZMA_OK)
		return image_refuse(message, "cannot be unpacked: out of memory");
	stream.next_in = bytes;
	stream.avail_in = len;
	bool fine = decode_all(&lzma, &stream, name, output, message);
	*used = len - stream.avail_in;
	lzma.end(&stream);
	return fine;
}
