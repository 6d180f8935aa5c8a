/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/command/file_stream.h"

#include <endian.h>
#include <string.h>

static const char *take_message(struct file_stream *stream)
{
	struct command_message message;

	memcpy(&message, stream->part, sizeof(message));
	message.kind = le32toh(message.kind);
	message.value = le32toh(message.value);
	stream->part_len = 0;
	if (stream->file == stream->files)
		return "more files than were asked for";
	if (message.kind == COMMAND_FILE_BYTES) {
		stream->left = message.value;
		return NULL;
	}
	if (message.kind != COMMAND_FILE_END || message.value > 4095)
		return "a message between files that is not known";
	stream->errors[stream->file++] = message.value;
	return NULL;
}

size_t file_stream_hear(struct file_stream *stream, const uint8_t *bytes, size_t len,
			size_t *payload)
{
	size_t taken = 0;

	*payload = 0;
	while (taken < len && !stream->left && !stream->wrong) {
		stream->part[stream->part_len++] = bytes[taken++];
		if (stream->part_len == sizeof(stream->part))
			stream->wrong = take_message(stream);
	}
	if (stream->wrong)
		return len;
	*payload = len - taken < stream->left ? len - taken : stream->left;
	return taken;
}

void file_stream_took(struct file_stream *stream, size_t len)
{
	stream->left -= (uint32_t)len;
}
