/* SPDX-License-Identifier: Apache-2.0 */
/* symbols_of FILE [NAME|ADDRESS]...: what the readers of trace/guest/symbols.h make of a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/image_formats.h"
#include "trace/guest/symbols.h"

static bool read_symbols(struct symbols *symbols, const struct blob *blob,
			 char message[IMAGE_MESSAGE_MAX])
{
	if (image_is_elf(blob))
		return symbols_read_elf(symbols, blob, message);
	if (image_is_linux(blob))
		return symbols_read_image(symbols, blob, message);
	return symbols_read_kallsyms(symbols, blob, message);
}

/* A name's address and back, or an address's name. False when there is none. */
static bool show(const struct symbols *symbols, const char *what)
{
	struct symbol_place place;
	uint64_t address;

	if (strncmp(what, "0x", 2) == 0)
		address = strtoull(what, NULL, 16);
	else if (!symbols_find(symbols, what, &address))
		return false;
	if (!symbols_lookup(symbols, address, &place))
		return false;
	printf("%#llx %s+%#llx %s\n", (unsigned long long)address, place.name,
	       (unsigned long long)place.offset, place.module);
	return true;
}

static unsigned int out_of_order(const struct symbols *symbols)
{
	unsigned int wrong = 0;

	for (size_t i = 1; i < symbols->count; i++)
		wrong += symbols->table[i].address < symbols->table[i - 1].address;
	return wrong;
}

int main(int argc, char **argv)
{
	char message[IMAGE_MESSAGE_MAX] = "";
	struct symbols symbols = {0};
	struct blob blob;
	int status = EXIT_SUCCESS;

	if (argc < 2 || !file_load("file", argv[1], 1ull << 30, &blob))
		return EXIT_FAILURE;
	if (!read_symbols(&symbols, &blob, message)) {
		fprintf(stderr, "%s %s\n", argv[1], message);
		status = EXIT_FAILURE;
	} else {
		printf("symbols %zu, out of order %u\n", symbols.count, out_of_order(&symbols));
	}
	for (int i = 2; !status && i < argc; i++) {
		if (!show(&symbols, argv[i])) {
			fprintf(stderr, "%s: no %s\n", argv[1], argv[i]);
			status = EXIT_FAILURE;
		}
	}
	symbols_free(&symbols);
	blob_free(&blob);
	return status;
}
