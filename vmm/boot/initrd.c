/* SPDX-License-Identifier: Apache-2.0 */
/* The archives of an initrd, as Linux goes through them. */

#include "vmm/boot/initrd.h"

#include <string.h>
#include <sys/stat.h>

#include "base/image_formats.h"
#include "base/unpack.h"
#include "vmm/boot/initrd_tree.h"

enum {
	HEADER_LEN = 110,
	ALIGN = 4,
	FIELD_MODE = 1, /* which of the header's numbers */
	FIELD_SIZE = 6,
	FIELD_NAME_SIZE = 11,
};

/* One buffer: the initrd itself, or what a compressed part of it unpacks to. */
struct walk {
	struct initrd *initrd;
	const uint8_t *bytes;
	size_t len, at;
	char *message;
};

static size_t aligned(size_t value)
{
	return (value + ALIGN - 1) / ALIGN * ALIGN;
}

/* A number of a header: eight hexadecimal digits. Linux, too, takes what is no digit for the end.
 */
static size_t field(const uint8_t *header, int index)
{
	size_t value = 0;

	for (int i = 0; i < 8; i++) {
		const int c = header[6 + 8 * index + i];
		int digit;
		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			break;
		value = value << 4 | (size_t)digit;
	}
	return value;
}

/* One entry with its name, which ends with a zero. */
static bool add_entry(const struct walk *walk, size_t mode, const char *name,
		      const uint8_t *contents, size_t len)
{
	if (!strcmp(name, "TRAILER!!!"))
		return true;
	if (S_ISDIR(mode))
		return initrd_tree_add(walk->initrd, name, INITRD_FOLDER, NULL, 0);
	if (S_ISLNK(mode))
		return len >= PATH_MAX || initrd_tree_add(walk->initrd, name, INITRD_LINK,
							  (const char *)contents, len);
	if (S_ISREG(mode) || !len)
		return initrd_tree_add(walk->initrd, name, INITRD_FILE, NULL, 0);
	return true;
}

/* The entry at walk->at; false with the message filled. */
static bool take_entry(struct walk *walk)
{
	const uint8_t *header = walk->bytes + walk->at;
	const size_t left = walk->len - walk->at;

	if (left < HEADER_LEN)
		return image_refuse(walk->message, "has a cpio archive that is truncated");
	if (memcmp(header, "070701", 6) != 0 && memcmp(header, "070702", 6) != 0)
		return image_refuse(walk->message,
				    "has a cpio archive in another format than newc");
	const size_t size = field(header, FIELD_SIZE), name_size = field(header, FIELD_NAME_SIZE);
	const size_t contents = aligned(HEADER_LEN + name_size);
	if (contents > left || size > left - contents)
		return image_refuse(walk->message, "has a cpio archive that is truncated");
	walk->at += contents + aligned(size) < left ? contents + aligned(size) : left;
	if (!name_size || name_size > PATH_MAX || header[HEADER_LEN + name_size - 1])
		return true; /* Linux skips it */
	if (add_entry(walk, field(header, FIELD_MODE), (const char *)header + HEADER_LEN,
		      header + contents, size))
		return true;
	return image_refuse(walk->message, "cannot be read: out of memory");
}

/* Takes zeros and entries until there is something else. */
static bool take_entries(struct walk *walk)
{
	while (walk->at < walk->len) {
		if (!walk->bytes[walk->at])
			walk->at++;
		else if (walk->bytes[walk->at] != '0' || walk->at % ALIGN)
			break;
		else if (!take_entry(walk))
			return false;
	}
	return true;
}

/* The compressed part at walk->at. */
static enum initrd_reading take_packed(struct walk *walk, uint64_t *limit)
{
	const uint8_t *bytes = walk->bytes + walk->at;
	const size_t left = walk->len - walk->at;
	const enum packing packing = packing_of(bytes, left);
	struct output output = {.limit = *limit};
	size_t used;

	if (packing == PACKED_NOT) {
		image_refuse(walk->message, "is no initramfs from byte %zu on", walk->at);
		return INITRD_BROKEN;
	}
	if (!unpack_possible(packing, walk->message))
		return INITRD_OPAQUE;
	if (!unpack(packing, bytes, left, &used, &output, walk->message)) {
		blob_free(&output.blob);
		return INITRD_BROKEN;
	}
	struct walk inner = {.initrd = walk->initrd,
			     .bytes = output.blob.bytes,
			     .len = output.blob.len,
			     .message = walk->message};
	bool whole = take_entries(&inner);
	if (whole && inner.at < inner.len)
		whole = image_refuse(walk->message, "has no cpio archive in its %s data",
				     packing_name(packing));
	*limit -= output.blob.len;
	walk->at += used;
	blob_free(&output.blob);
	return whole ? INITRD_READ : INITRD_BROKEN;
}

enum initrd_reading initrd_read(struct initrd *initrd, const struct blob *blob, uint64_t limit,
				char message[IMAGE_MESSAGE_MAX])
{
	struct walk walk = {
		.initrd = initrd, .bytes = blob->bytes, .len = blob->len, .message = message};
	enum initrd_reading reading = INITRD_READ;

	while (walk.at < walk.len && reading == INITRD_READ) {
		if (!take_entries(&walk))
			return INITRD_BROKEN;
		if (walk.at < walk.len)
			reading = take_packed(&walk, &limit);
	}
	return reading;
}

size_t initrd_bootconfig(const struct blob *blob)
{
	static const char magic[] = "#BOOTCONFIG\n";
	enum { MAGIC_LEN = sizeof(magic) - 1, NUMBERS_LEN = 8, PADDING_MOST = 3 };

	for (size_t padding = 0; padding <= PADDING_MOST; padding++) {
		const size_t footer = padding + MAGIC_LEN + NUMBERS_LEN;
		if (blob->len < footer)
			return 0;
		const uint8_t *numbers = blob->bytes + blob->len - footer;
		if (memcmp(numbers + NUMBERS_LEN, magic, MAGIC_LEN) != 0)
			continue;
		const uint32_t size = image_u32(numbers);
		return size <= blob->len - footer ? footer + size : 0;
	}
	return 0;
}
