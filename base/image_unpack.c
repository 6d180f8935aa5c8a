/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed kernels: gzip (RFC 1952), zstd (RFC 8878), and EFI zboot images (Linux,
 * drivers/firmware/efi/libstub/zboot-header.S) with one of the two inside.
 */
#include <stdlib.h>
#include <string.h>

#include "base/image_formats.h"
#include "base/unpack.h"

enum {
	ZBOOT_MAGIC = 4, /* "zimg" */
	ZBOOT_PAYLOAD_OFFSET = 8,
	ZBOOT_PAYLOAD_SIZE = 12,
	ZBOOT_COMPRESSION = 24, /* a string */
	ZBOOT_COMPRESSION_LEN = 32,
	ZBOOT_HEADER_LEN = 64,

	LAYERS_MAX = 2, /* a gzip-compressed zboot image */
};

/* Finds the payload of a zboot image in BLOB and how it is packed. */
static bool zboot_payload(const struct blob *blob, size_t *start, size_t *len,
			  enum packing *packing, char message[IMAGE_MESSAGE_MAX])
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
		*packing = PACKED_GZIP;
	} else if (!strncmp(name, "zstd", 4)) { /* "zstd22" is what Linux's makefiles call it */
		*packing = PACKED_ZSTD;
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

/* A gzip file is a sequence of members; padding may follow. Of zstd one frame is unpacked. */
static bool unpack_members(enum packing packing, const uint8_t *bytes, size_t len,
			   struct output *output, char message[IMAGE_MESSAGE_MAX])
{
	size_t used;

	do {
		if (!unpack(packing, bytes, len, &used, output, message))
			return false;
		bytes += used;
		len -= used;
	} while (packing == PACKED_GZIP && packing_of(bytes, len) == packing);
	return true;
}

/* How BLOB is packed and where: a kernel is unpacked of gzip and zstd only. */
static bool find_packed(const struct blob *blob, size_t *start, size_t *len, enum packing *packing,
			char message[IMAGE_MESSAGE_MAX])
{
	*start = 0;
	*len = blob->len;
	*packing = packing_of(blob->bytes, blob->len);
	if (image_has(blob, 0, "MZ", 2) && image_has(blob, ZBOOT_MAGIC, "zimg", 4))
		return zboot_payload(blob, start, len, packing, message);
	if (*packing != PACKED_GZIP && *packing != PACKED_ZSTD)
		*packing = PACKED_NOT;
	return true;
}

/* Unpacks one layer. *FOUND: whether there was one. */
static bool unpack_layer(struct blob *blob, uint64_t limit, bool *found,
			 char message[IMAGE_MESSAGE_MAX])
{
	struct output output = {.limit = limit};
	enum packing packing;
	size_t start, len;

	if (!find_packed(blob, &start, &len, &packing, message))
		return false;
	*found = packing != PACKED_NOT;
	if (!*found)
		return true;
	if (!unpack_members(packing, blob->bytes + start, len, &output, message)) {
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
