/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/read_protobuf.h"

bool read_varint(struct read_message *message, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; shift < 70; shift += 7) {
		uint8_t byte;

		if (message->at == message->end)
			break;
		byte = *message->at++;
		if (shift == 63 && byte > 1)
			break;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	message->bad = true;
	return false;
}

bool read_next(struct read_message *message, struct read_field *field)
{
	uint64_t tag;

	*field = (struct read_field){0};
	if (message->bad || message->at == message->end || !read_varint(message, &tag))
		return false;
	field->field = (uint32_t)(tag >> 3);
	field->wire = tag & 7;
	if (field->wire == 0)
		return read_varint(message, &field->value);
	if (field->wire == 1 && message->end - message->at >= 8) {
		for (unsigned int i = 0; i < 8; i++)
			field->value |= (uint64_t)*message->at++ << 8 * i;
		return true;
	}
	if (field->wire == 2 && read_varint(message, &field->value) &&
	    field->value <= (uint64_t)(message->end - message->at)) {
		field->bytes = message->at;
		message->at += field->value;
		return true;
	}
	message->bad = true;
	return false;
}

struct read_message read_inside(const struct read_field *field)
{
	if (!field->bytes)
		return (struct read_message){0};
	return (struct read_message){.at = field->bytes, .end = field->bytes + field->value};
}

struct read_field read_find(struct read_message message, uint32_t number)
{
	struct read_field field;

	while (read_next(&message, &field))
		if (field.field == number)
			return field;
	return (struct read_field){0};
}
