/* SPDX-License-Identifier: Apache-2.0 */
/* One symbol of an ELF file (System V gABI, chapter 4), without a table of all: it is asked at
 * every boot. */
#include <string.h>

#include "vmm/boot/image.h"

/* What ELF calls an entry of a table: COUNT of SIZE bytes at OFFSET. NULL: not all of it is there.
 */
static const uint8_t *table_at(const struct blob *blob, uint64_t offset, uint64_t count,
			       uint64_t size)
{
	if (offset > blob->len || count > (blob->len - offset) / size)
		return NULL;
	return blob->bytes + offset;
}

/* Section I, copied: headers need not be aligned. */
static bool read_section(const struct blob *blob, const Elf64_Ehdr *header, unsigned int i,
			 Elf64_Shdr *section)
{
	const uint8_t *sections =
		header->e_shentsize == sizeof(*section)
			? table_at(blob, header->e_shoff, header->e_shnum, sizeof(*section))
			: NULL;

	if (!sections || i >= header->e_shnum)
		return false;
	memcpy(section, sections + i * sizeof(*section), sizeof(*section));
	return true;
}

static bool is_named(const struct blob *blob, const Elf64_Shdr *strings, uint32_t at,
		     const char *name)
{
	const size_t size = strlen(name) + 1;
	const uint8_t *text = table_at(blob, strings->sh_offset, strings->sh_size, 1);

	return text && at < strings->sh_size && strings->sh_size - at >= size &&
	       !memcmp(text + at, name, size);
}

static bool find_in(const struct blob *blob, const Elf64_Shdr *table, const Elf64_Shdr *strings,
		    const char *name, uint64_t *value)
{
	const uint64_t count = table->sh_size / sizeof(Elf64_Sym);
	const uint8_t *symbols = table_at(blob, table->sh_offset, count, sizeof(Elf64_Sym));
	Elf64_Sym symbol;

	for (uint64_t i = 0; symbols && i < count; i++) {
		memcpy(&symbol, symbols + i * sizeof(symbol), sizeof(symbol));
		if (symbol.st_shndx != SHN_UNDEF && is_named(blob, strings, symbol.st_name, name)) {
			*value = symbol.st_value;
			return true;
		}
	}
	return false;
}

/* From where the program sees it to where the loader puts it. */
static bool to_physical(const struct blob *blob, const Elf64_Ehdr *header, uint64_t value,
			uint64_t *address)
{
	const uint8_t *segments =
		header->e_phentsize == sizeof(Elf64_Phdr)
			? table_at(blob, header->e_phoff, header->e_phnum, sizeof(Elf64_Phdr))
			: NULL;
	Elf64_Phdr segment;

	for (unsigned int i = 0; segments && i < header->e_phnum; i++) {
		memcpy(&segment, segments + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_LOAD && value - segment.p_vaddr < segment.p_memsz) {
			*address = segment.p_paddr + (value - segment.p_vaddr);
			return true;
		}
	}
	return false;
}

bool image_elf_symbol(const struct blob *blob, const char *name, uint64_t *address)
{
	char message[IMAGE_MESSAGE_MAX];
	Elf64_Shdr table, strings;
	Elf64_Ehdr header;
	uint64_t value;

	if (!image_is_elf(blob) || !image_elf_header(blob, &header, message))
		return false;
	for (unsigned int i = 0; i < header.e_shnum; i++)
		if (read_section(blob, &header, i, &table) && table.sh_type == SHT_SYMTAB &&
		    read_section(blob, &header, table.sh_link, &strings) &&
		    find_in(blob, &table, &strings, name, &value))
			return to_physical(blob, &header, value, address);
	return false;
}
