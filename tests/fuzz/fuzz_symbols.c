/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of symbols. The first byte chooses the reader; for the kernel's own tables the rest is
 * damage done to a good Image (where: two bytes; what), for the others the file itself.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/symbols/kallsyms_image.h"
#include "trace/guest/symbols.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static void damage(struct made_image *image, const uint8_t *data, size_t size)
{
	for (; size >= 3; data += 3, size -= 3) {
		const size_t at = image->num_syms + (size_t)(data[0] | data[1] << 8);

		if (at < image->len)
			image->bytes[at] = data[2];
	}
}

static void check(const struct symbols *symbols)
{
	struct symbol_place place;
	uint64_t address;

	for (size_t i = 0; i < symbols->count && i < 512; i++) {
		const struct symbol *symbol = &symbols->table[i];
		const char *name = symbols->names + symbol->name;

		require(!i || symbol->address >= symbol[-1].address);
		require(*name && strlen(name) < SYMBOL_NAME_MAX);
		if (!symbols_lookup(symbols, symbol->address, &place))
			continue;
		require(place.offset == 0 && place.start == symbol->address);
		require(place.module[0] || symbols_find(symbols, place.name, &address));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct made_image good[2], image;
	char message[IMAGE_MESSAGE_MAX] = "";
	struct symbols symbols = {0};
	const uint8_t *bytes = data + 1;
	size_t len = size - 1;
	bool done;

	if (!size)
		return 0;
	if (!good[0].len) {
		make_image(&good[0], true, 0xffffffff80000000);
		make_image(&good[1], false, 0xffffffff80000000);
	}
	const unsigned int reader = data[0] % 5;
	if (reader == 2 || reader == 3) {
		image = good[reader - 2];
		damage(&image, data + 1, size - 1);
		bytes = image.bytes;
		len = image.len;
	}
	struct blob blob = {malloc(len + 1), len}; /* never of size 0 */
	if (!blob.bytes)
		return 0;
	memcpy(blob.bytes, bytes, len);
	if (reader == 0)
		done = symbols_read_kallsyms(&symbols, &blob, message);
	else if (reader == 1)
		done = symbols_read_elf(&symbols, &blob, message);
	else if (reader == 4)
		done = symbols_read_perf_map(&symbols, &blob, message);
	else
		done = symbols_read_image(&symbols, &blob, message);
	if (done)
		check(&symbols);
	else
		require(message[0]);
	symbols_free(&symbols);
	blob_free(&blob);
	return 0;
}
