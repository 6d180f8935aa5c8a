/* SPDX-License-Identifier: Apache-2.0 */
/* The RISC-V Linux Image: Linux, Documentation/arch/riscv/boot-image-header.rst. */
#include <inttypes.h>
#include <string.h>

#include "vmm/boot/image.h"
#include "vmm/boot/image_loaders.h"

enum {
	HEADER_TEXT_OFFSET = 8,
	HEADER_IMAGE_SIZE = 16,
	HEADER_FLAGS = 24,
	HEADER_PE = 60, /* res3: where the PE header of an EFI stub lies */

	FLAG_BIG_ENDIAN = 1,

	/* PE/COFF, as far as the EFI stub's needs go. */
	PE_SECTIONS = 6,
	PE_OPTIONAL_LEN = 20,
	PE_HEADER_LEN = 24,
	PE_SECTION_LEN = 40,
	PE_SECTION_RAW_LEN = 16,
	PE_SECTION_RAW_OFFSET = 20,
};

/* The kernel's own mapping of itself starts on a boundary of 2 MiB. */
static const uint64_t kernel_align = 2 * 1024 * 1024;

bool image_holds_linux(const struct blob *blob)
{
	static const char banner[] = "Linux version ";

	/* The banner of an Image of 30 MB is found in milliseconds, the stub at once. */
	return (image_is_linux(blob) && image_has(blob, 0, "MZ", 2)) ||
	       memmem(blob->bytes, blob->len, banner, sizeof(banner) - 1) != NULL;
}

/*
 * How many bytes the file has to have. Only the PE header of the EFI stub knows: image_size in the
 * header counts memory, BSS included. 0 without a stub.
 */
static uint64_t file_size_by_pe(const struct blob *blob)
{
	const uint64_t pe = image_u32(blob->bytes + HEADER_PE);
	uint64_t size = 0;

	if (!image_has(blob, 0, "MZ", 2) || !image_has(blob, pe, "PE\0", 4) ||
	    blob->len - pe < PE_HEADER_LEN)
		return 0;
	const unsigned int sections = image_u16(blob->bytes + pe + PE_SECTIONS);
	uint64_t at = pe + PE_HEADER_LEN + image_u16(blob->bytes + pe + PE_OPTIONAL_LEN);
	for (unsigned int i = 0; i < sections; i++, at += PE_SECTION_LEN) {
		if (at > blob->len || blob->len - at < PE_SECTION_LEN)
			return at + PE_SECTION_LEN;
		const uint8_t *section = blob->bytes + at;
		uint64_t end = (uint64_t)image_u32(section + PE_SECTION_RAW_OFFSET) +
			       image_u32(section + PE_SECTION_RAW_LEN);
		if (end > size)
			size = end;
	}
	return size;
}

bool image_load_linux(const struct blob *blob, const struct guest_memory *memory,
		      struct image_place *place, char message[IMAGE_MESSAGE_MAX])
{
	const uint64_t text_offset = image_u64(blob->bytes + HEADER_TEXT_OFFSET);
	const uint64_t image_size = image_u64(blob->bytes + HEADER_IMAGE_SIZE);
	const uint64_t flags = image_u64(blob->bytes + HEADER_FLAGS);
	const uint64_t size = image_size > blob->len ? image_size : blob->len;
	const uint64_t base = (memory->base + kernel_align - 1) / kernel_align * kernel_align;

	if (flags & FLAG_BIG_ENDIAN)
		return image_refuse(message,
				    "is a big-endian kernel; harts here are little-endian");
	uint64_t file_size = file_size_by_pe(blob);
	if (file_size > blob->len)
		return image_refuse(message,
				    "is truncated: %" PRIu64 " bytes of %" PRIu64 " are there",
				    blob->len, file_size);
	if (text_offset > UINT64_MAX - base || size > UINT64_MAX - base - text_offset)
		return image_refuse(message, "has a header with an impossible size");

	const uint64_t start = base + text_offset;
	if (!guest_memory_at(memory, start, size))
		return image_refuse_size(message, memory, start + size);
	memcpy(guest_memory_at(memory, start, blob->len), blob->bytes, blob->len);
	*place = (struct image_place){IMAGE_LINUX, start, start, start + size};
	return true;
}
