/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command set of the flash: accesses of every size, anywhere in it. What it says has changed is
 * all that has, and bits are set by an erase alone, of one sector.
 */
#include <stdlib.h>
#include <string.h>

#include "devices/cfi_flash.h"
#include "tests/fuzz/program.h"

#define LEN (2u * CFI_FLASH_SECTOR)

static void check(struct cfi_flash *flash, uint8_t *before)
{
	const uint64_t from = flash->changed_from, to = flash->changed_to;

	if (from > to || to > LEN)
		abort();
	if (to - from > CFI_FLASH_BUFFER) {
		if (to - from != CFI_FLASH_SECTOR || from % CFI_FLASH_SECTOR)
			abort();
		for (uint64_t at = from; at < to; at++)
			if (flash->bytes[at] != 0xff)
				abort();
	} else {
		for (uint64_t at = from; at < to; at++)
			if (flash->bytes[at] & ~before[at])
				abort();
	}
	memcpy(before + from, flash->bytes + from, to - from);
	flash->changed_from = flash->changed_to = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint8_t contents[LEN], before[LEN];
	struct input input = {.bytes = bytes, .left = size};
	struct cfi_flash flash;

	memset(contents, 0xa5, sizeof(contents));
	memset(before, 0xa5, sizeof(before));
	cfi_flash_init(&flash, contents, LEN);
	while (input.left) {
		const uint64_t kind = input_take(&input, 1);
		const unsigned int len = 1u << (kind >> 1 & 3);
		/* Mostly near each other, as a buffer's are. */
		uint64_t offset = kind & 8 ? input_take(&input, 3) : input_take(&input, 1);

		offset %= LEN - len + 1;
		if (kind & 1) {
			cfi_flash_read(&flash, offset, len);
			continue;
		}
		flash.busy = kind & 16;
		cfi_flash_write(&flash, offset, len, input_take(&input, kind & 32 ? len : 1));
		check(&flash, before);
	}
	if (memcmp(contents, before, LEN) != 0)
		abort();
	return 0;
}
