/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a guest's init sends, in pieces: the first byte says of what length, the second
 * how many. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "vmm/command/file_stream.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

/* One piece, of which not all of a file's bytes find room at once. */
static void feed(struct file_stream *stream, const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t payload, taken = file_stream_hear(stream, bytes, len, &payload);

		require(taken <= len && payload <= len - taken && payload <= stream->left);
		require(!payload || stream->file < stream->files);
		require(!stream->wrong || taken == len);
		require(stream->file <= stream->files);
		if (payload > 1)
			payload = (payload + 1) / 2;
		file_stream_took(stream, payload);
		require(taken + payload > 0);
		bytes += taken + payload;
		len -= taken + payload;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file_stream stream = {.files = size > 1 ? data[1] % (COMMAND_FILES_MAX + 1) : 0};
	const size_t piece = size > 1 && data[0] ? data[0] : 1;

	for (size_t at = 2; at < size; at += piece)
		feed(&stream, data + at, size - at < piece ? size - at : piece);
	return 0;
}
