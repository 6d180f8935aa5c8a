/* SPDX-License-Identifier: Apache-2.0 */
/* .symtab: the System V gABI, chapter 4, "Sections" and "Symbol Table". */
#include <elf.h>
#include <string.h>

#include "base/image_formats.h"
#include "trace/guest/symbols.h"

struct sections {
	const struct blob *elf;
	uint64_t table, count;
};

static bool in_file(const struct blob *elf, uint64_t offset, uint64_t len)
{
	return offset <= elf->len && len <= elf->len - offset;
}

/* Section headers need not be aligned: a copy. False when there is none of that INDEX. */
static bool read_section(const struct sections *sections, uint64_t index, Elf64_Shdr *section)
{
	if (index >= sections->count)
		return false;
	memcpy(section, sections->elf->bytes + sections->table + index * sizeof(*section),
	       sizeof(*section));
	return true;
}

static bool find_sections(const struct blob *elf, struct sections *sections,
			  char message[IMAGE_MESSAGE_MAX])
{
	Elf64_Ehdr header;
	Elf64_Shdr first;

	if (!image_elf_header(elf, &header, message))
		return false;
	if (!header.e_shoff)
		return image_refuse(message, "is an ELF file without sections");
	if (header.e_shentsize != sizeof(first) || !in_file(elf, header.e_shoff, sizeof(first)))
		return image_refuse(message, "is a truncated ELF file");
	*sections = (struct sections){elf, header.e_shoff, 1};
	read_section(sections, 0, &first);
	/* 0xff00 sections and more do not fit into the header's field. */
	sections->count = header.e_shnum ? header.e_shnum : first.sh_size;
	if (sections->count > (elf->len - header.e_shoff) / sizeof(first))
		return image_refuse(message, "is a truncated ELF file");
	return true;
}

/* nm's letter; '?' for what is no address of the program. */
static char letter(const struct sections *sections, const Elf64_Sym *symbol)
{
	const unsigned int binding = ELF64_ST_BIND(symbol->st_info);
	Elf64_Shdr section;

	switch (ELF64_ST_TYPE(symbol->st_info)) {
	case STT_NOTYPE:
	case STT_OBJECT:
	case STT_FUNC:
	case STT_GNU_IFUNC: break;
	default: return '?';
	}
	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS ||
	    symbol->st_shndx == SHN_COMMON)
		return '?';
	/* An index beyond 0xff00 is elsewhere (SHT_SYMTAB_SHNDX): then the type has to do. */
	const bool code = read_section(sections, symbol->st_shndx, &section)
				  ? (section.sh_flags & SHF_EXECINSTR) &&
					    ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT
				  : symbol->st_shndx == SHN_XINDEX &&
					    ELF64_ST_TYPE(symbol->st_info) == STT_FUNC;
	if (binding == STB_WEAK)
		return code ? 'W' : 'V';
	if (binding == STB_LOCAL)
		return code ? 't' : 'd';
	return code ? 'T' : 'D';
}

static void add_symbols(struct symbols *symbols, const struct sections *sections,
			const Elf64_Shdr *symtab, const Elf64_Shdr *strtab)
{
	const uint8_t *bytes = sections->elf->bytes;
	const char *strings = (const char *)bytes + strtab->sh_offset;
	Elf64_Sym symbol;

	for (uint64_t i = 0; i < symtab->sh_size / sizeof(symbol); i++) {
		memcpy(&symbol, bytes + symtab->sh_offset + i * sizeof(symbol), sizeof(symbol));
		if (symbol.st_name >= strtab->sh_size)
			continue;
		uint64_t left = strtab->sh_size - symbol.st_name;
		size_t len = strnlen(strings + symbol.st_name,
				     left < SYMBOL_NAME_MAX ? (size_t)left : SYMBOL_NAME_MAX);
		symbols_add(symbols, symbol.st_value, symbol.st_size, letter(sections, &symbol),
			    strings + symbol.st_name, len, "", 0);
	}
}

/* The symbols of section SYMTAB. False with MESSAGE. */
static bool read_table(struct symbols *symbols, const struct sections *sections,
		       const Elf64_Shdr *symtab, char message[IMAGE_MESSAGE_MAX])
{
	const struct blob *elf = sections->elf;
	Elf64_Shdr strtab;

	if (symtab->sh_entsize != sizeof(Elf64_Sym) ||
	    !read_section(sections, symtab->sh_link, &strtab) || strtab.sh_type != SHT_STRTAB)
		return image_refuse(message, "is an ELF file with a broken symbol table");
	if (!in_file(elf, symtab->sh_offset, symtab->sh_size) ||
	    !in_file(elf, strtab.sh_offset, strtab.sh_size))
		return image_refuse(message, "is a truncated ELF file");
	add_symbols(symbols, sections, symtab, &strtab);
	return symbols_finish(symbols, message);
}

bool symbols_read_elf(struct symbols *symbols, const struct blob *elf,
		      char message[IMAGE_MESSAGE_MAX])
{
	/* What a stripped library still has for others. */
	static const uint32_t types[] = {SHT_SYMTAB, SHT_DYNSYM};
	struct sections sections = {.elf = elf};
	Elf64_Shdr symtab;

	if (!image_is_elf(elf))
		return image_refuse(message, "is not an ELF file");
	if (!find_sections(elf, &sections, message))
		return false;
	for (size_t type = 0; type < sizeof(types) / sizeof(types[0]); type++)
		for (uint64_t i = 0; read_section(&sections, i, &symtab); i++)
			if (symtab.sh_type == types[type])
				return read_table(symbols, &sections, &symtab, message);
	return image_refuse(message, "has no symbol table: it was stripped");
}
