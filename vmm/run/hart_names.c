/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/hart_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "trace/guest/guest_image.h"
#include "trace/guest/guest_names.h"

static bool from_elf(struct symbols *symbols, const char *path)
{
	char message[IMAGE_MESSAGE_MAX];
	struct blob file = {0};
	bool found = false;

	/* A file that went away meanwhile is not worth a line here. */
	if (access(path, R_OK) != 0 || !file_load("names", path, 256u << 20, &file))
		return false;
	if (file.len > 4 && !memcmp(file.bytes, "\177ELF", 4))
		found = symbols_read_elf(symbols, &file, message);
	blob_free(&file);
	if (!found)
		symbols_free(symbols);
	return found;
}

/* More than this from a symbol, and it is another's place. */
#define OFFSET_MOST (1u << 20)

static void put(const struct symbols *symbols, uint64_t address, char out[HART_SYMBOL_MAX])
{
	struct symbol_place place;

	if (symbols_lookup(symbols, address, &place) && place.offset < OFFSET_MOST)
		snprintf(out, HART_SYMBOL_MAX, "%.70s+0x%" PRIx64, place.name, place.offset);
}

void hart_names_put(const struct config *config, struct hart_state *states, unsigned int count)
{
	const char *path = config->kernel ? config->kernel : config->firmware;
	struct symbols symbols = {0};

	if (!from_elf(&symbols, path) && !guest_image_symbols(getpid(), &symbols))
		return;
	for (unsigned int i = 0; i < count; i++)
		guest_names_move(&symbols, states[i].stvec);
	for (unsigned int i = 0; i < count; i++) {
		put(&symbols, states[i].pc, states[i].pc_symbol);
		put(&symbols, states[i].ra, states[i].ra_symbol);
		put(&symbols, states[i].sepc, states[i].sepc_symbol);
	}
	symbols_free(&symbols);
}
