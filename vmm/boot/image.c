/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/boot/image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmm/boot/image_loaders.h"

#define MIB	  (1024ull * 1024)
#define GIB	  (1024ull * MIB)
#define FDT_ALIGN (2 * MIB)
#define PAGE	  4096ull
#define FIRMWARE_BASE                                                                              \
	(2 * MIB) /* from the start of RAM: where the supervisor's firmware is linked */

/* Rounded up without overflow. */
static uint64_t in_mib(uint64_t bytes)
{
	return bytes / MIB + !!(bytes % MIB);
}

bool image_refuse_size(char message[IMAGE_MESSAGE_MAX], const struct guest_memory *memory,
		       uint64_t end)
{
	return image_refuse(message,
			    "needs %" PRIu64 " MiB of memory, --memory has %" PRIu64 " MiB",
			    in_mib(end - memory->base), in_mib(memory->size));
}

/* What a file is that somebody may well give by mistake. */
static const struct {
	size_t offset, len;
	const char *magic, *what;
} foreign_formats[] = {
	{0x202, 4, "HdrS", "a Linux kernel for x86 (bzImage)"},
	{56, 4, "ARM\x64", "a Linux kernel for arm64"},
	{56, 4, "\xcd\x23\x82\x81", "a Linux kernel for LoongArch"},
	{0, 4, "\x27\x05\x19\x56", "a U-Boot legacy image (mkimage)"},
	{0, 4, "\xd0\x0d\xfe\xed", "a devicetree or a FIT image"},
	{0, 6, "070701", "a cpio archive (an initrd?)"},
	{0, 6,
	 "\xfd"
	 "7zXZ\0",
	 "xz-compressed: gzip and zstd can be unpacked"},
	{0, 3, "BZh", "bzip2-compressed: gzip and zstd can be unpacked"},
	{0, 3, "\x5d\0\0", "lzma-compressed: gzip and zstd can be unpacked"},
	{0, 4, "\x02\x21\x4c\x18", "lz4-compressed: gzip and zstd can be unpacked"},
	{0, 4, "\x04\x22\x4d\x18", "lz4-compressed: gzip and zstd can be unpacked"},
	{0, 4, "\x89LZO", "lzo-compressed: gzip and zstd can be unpacked"},
	{40, 4, "_FVH", "EDK2, which is firmware (--firmware)"},
	{0, 2, "#!", "a script"},
};

static const char *foreign_format(const struct blob *blob)
{
	const size_t count = sizeof(foreign_formats) / sizeof(foreign_formats[0]);

	for (size_t i = 0; i < count; i++) {
		if (image_has(blob, foreign_formats[i].offset, foreign_formats[i].magic,
			      foreign_formats[i].len))
			return foreign_formats[i].what;
	}
	return NULL;
}

static bool load_raw(const struct blob *blob, const struct guest_memory *memory,
		     struct image_place *place, char message[IMAGE_MESSAGE_MAX])
{
	uint64_t start = memory->base + FIRMWARE_BASE;
	uint8_t *to = guest_memory_at(memory, start, blob->len);

	if (!to)
		return image_refuse_size(message, memory, start + blob->len);
	memcpy(to, blob->bytes, blob->len);
	*place = (struct image_place){IMAGE_RAW, start, start, start + blob->len};
	return true;
}

bool image_load(const struct blob *blob, bool firmware, const struct guest_memory *memory,
		struct image_place *place, char message[IMAGE_MESSAGE_MAX])
{
	if (!blob->len)
		return image_refuse(message, "is empty");
	if (image_is_elf(blob))
		return image_load_elf(blob, memory, place, message);
	if (image_is_linux(blob))
		return image_load_linux(blob, memory, place, message);
	const char *what = foreign_format(blob);
	if (what)
		return image_refuse(message, "is %s; a RISC-V Linux Image or ELF64 is needed",
				    what);
	if (firmware)
		return load_raw(blob, memory, place, message);
	return image_refuse(message,
			    "is not a kernel: a RISC-V Linux Image (also gzip, zstd or "
			    "EFI zboot) or ELF64 is needed; --firmware takes a flat binary "
			    "(.bin)");
}

static uint64_t align_down(uint64_t value, uint64_t alignment)
{
	return value - value % alignment;
}

static bool overlap(uint64_t start, uint64_t end, const struct image_place *place)
{
	return start < place->end && place->start < end;
}

/*
 * Finds room for LEN bytes as high as possible below TOP. The kernel is one block: the room is
 * above it or, where it was linked high, below it.
 */
static bool room_below(const struct guest_memory *memory, const struct image_place *kernel,
		       uint64_t top, uint64_t len, uint64_t alignment, uint64_t *start)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		if (top < memory->base || top - memory->base < len)
			return false;
		*start = align_down(top - len, alignment);
		if (*start < memory->base)
			return false;
		if (!overlap(*start, *start + len, kernel))
			return true;
		top = kernel->start;
	}
	return false;
}

/* Places the FDT below FDT_TOP and the initrd below the FDT or, above it, below the top of RAM. */
static bool place_below(const struct guest_memory *memory, const struct image_place *kernel,
			uint64_t fdt_top, uint64_t initrd_len, uint64_t fdt_len, uint64_t *initrd,
			uint64_t *fdt)
{
	const uint64_t ram_end = memory->base + memory->size;

	*initrd = 0;
	if (!room_below(memory, kernel, fdt_top, fdt_len, FDT_ALIGN, fdt))
		return false;
	if (!initrd_len || room_below(memory, kernel, *fdt, initrd_len, PAGE, initrd))
		return true;
	return room_below(memory, kernel, ram_end, initrd_len, PAGE, initrd) &&
	       *initrd >= *fdt + fdt_len;
}

bool image_place_rest(const struct guest_memory *memory, const struct image_place *kernel,
		      uint64_t initrd_len, uint64_t fdt_len, uint64_t *initrd, uint64_t *fdt,
		      char message[IMAGE_MESSAGE_MAX])
{
	const uint64_t ram_end = memory->base + memory->size;
	/* Firmware maps little: U-Boot, like others, expects the FDT in the first gigabyte. That
	 * may cut a large initrd's room in two; then the FDT gives way. */
	const uint64_t fdt_top = memory->size > GIB ? memory->base + GIB : ram_end;

	if (place_below(memory, kernel, fdt_top, initrd_len, fdt_len, initrd, fdt) ||
	    place_below(memory, kernel, ram_end, initrd_len, fdt_len, initrd, fdt))
		return true;
	/* Enough for certain: everything above the kernel, each with its alignment. */
	uint64_t needed = in_mib(kernel->end - memory->base) + in_mib(initrd_len) +
			  in_mib(fdt_len) + 2 * in_mib(FDT_ALIGN);
	return image_refuse(message,
			    "of %" PRIu64 " MiB, with an initrd of %" PRIu64 " MiB, needs %" PRIu64
			    " MiB of memory, "
			    "--memory has %" PRIu64 " MiB",
			    in_mib(kernel->end - kernel->start), in_mib(initrd_len), needed,
			    in_mib(memory->size));
}
