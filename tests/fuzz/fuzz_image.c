/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel file: unpacked, loaded, and what goes beside it placed. The first byte chooses kernel or
 * firmware and the size of memory; the rest is the file.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/boot/image.h"

#define RAM_BASE 0x80000000ull
#define RAM_MOST (8ull << 20)

/* A block of its own, so that the sanitizer watches its ends. */
static uint8_t *guest_ram(void)
{
	static uint8_t *ram;

	if (!ram)
		ram = malloc(RAM_MOST);
	return ram;
}

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_place(const struct guest_memory *memory, const struct image_place *place,
			uint64_t initrd_len, uint64_t fdt_len)
{
	const uint64_t ram_end = memory->base + memory->size;
	char message[IMAGE_MESSAGE_MAX] = "";
	uint64_t initrd, fdt;

	require(place->start >= memory->base && place->start <= place->end &&
		place->end <= ram_end);
	require(place->entry >= place->start && place->entry < place->end);
	if (!image_place_rest(memory, place, initrd_len, fdt_len, &initrd, &fdt, message)) {
		require(message[0]);
		return;
	}
	require(fdt >= memory->base && fdt <= ram_end && fdt_len <= ram_end - fdt);
	require(fdt + fdt_len <= place->start || place->end <= fdt);
	if (!initrd_len)
		return;
	require(initrd >= memory->base && initrd <= ram_end && initrd_len <= ram_end - initrd);
	require(initrd + initrd_len <= place->start || place->end <= initrd);
	require(initrd + initrd_len <= fdt || fdt + fdt_len <= initrd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char message[IMAGE_MESSAGE_MAX] = "";
	struct image_place place;

	if (!size)
		return 0;
	const bool firmware = data[0] & 1;
	const struct guest_memory memory = {.base = RAM_BASE,
					    .size = (data[0] & 2) ? RAM_MOST : RAM_MOST / 2,
					    .host = guest_ram()};
	struct blob blob = {malloc(size), size - 1}; /* never of size 0 */
	if (!blob.bytes)
		return 0;
	memcpy(blob.bytes, data + 1, size - 1);

	if (!image_unpack(&blob, RAM_MOST, message)) {
		require(message[0]);
	} else {
		require(blob.len <= RAM_MOST || blob.len == size - 1);
		if (image_load(&blob, firmware, &memory, &place, message))
			check_place(&memory, &place, (uint64_t)data[0] << 14, 70000);
		else
			require(message[0]);
		uint64_t address;
		if (image_elf_symbol(&blob, "tohost", &address))
			require(image_is_elf(&blob));
	}
	blob_free(&blob);
	return 0;
}
