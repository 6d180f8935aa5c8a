/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/symbol_file.h"

#include <elf.h>
#include <string.h>

/* Debuggers know code by the section that it is in, so there is one from the first of it to the
 * last. Data is absolute. */
enum { NONE, TEXT, SYMTAB, STRTAB, SHSTRTAB, SECTIONS };

static const char section_names[] = "\0.text\0.symtab\0.strtab\0.shstrtab";
enum { NAME_TEXT = 1, NAME_SYMTAB = 7, NAME_STRTAB = 15, NAME_SHSTRTAB = 23 };

enum { RISCV_RVC_DOUBLE = 0x0001 | 0x0004 }; /* EF_RISCV_RVC, EF_RISCV_FLOAT_ABI_DOUBLE */

static bool is_code(const struct symbol *symbol)
{
	return strchr("tTwW", symbol->type) != NULL;
}

/* From the first code to behind the last. */
static void find_text(const struct symbols *symbols, uint64_t *start, uint64_t *end)
{
	*start = UINT64_MAX;
	*end = 0;
	for (size_t i = 0; i < symbols->count; i++) {
		const struct symbol *symbol = &symbols->table[i];
		const uint64_t last = symbol->address + (symbol->size ? symbol->size : 1);

		if (!is_code(symbol))
			continue;
		*start = symbol->address < *start ? symbol->address : *start;
		*end = last > *end ? last : *end;
	}
	*start = *start > *end ? *end : *start;
}

static void put_sections(FILE *to, const struct symbols *symbols)
{
	const uint64_t symbols_at = sizeof(Elf64_Ehdr) + SECTIONS * sizeof(Elf64_Shdr);
	const uint64_t symbols_size = (symbols->count + 1) * sizeof(Elf64_Sym);
	const uint64_t names_at = symbols_at + symbols_size;
	uint64_t start, end;

	find_text(symbols, &start, &end);
	const Elf64_Shdr sections[SECTIONS] = {
		[TEXT] = {.sh_name = NAME_TEXT,
			  .sh_type = SHT_NOBITS,
			  .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
			  .sh_addr = start + symbols->slide,
			  .sh_size = end - start,
			  .sh_addralign = 2},
		[SYMTAB] = {.sh_name = NAME_SYMTAB,
			    .sh_type = SHT_SYMTAB,
			    .sh_offset = symbols_at,
			    .sh_size = symbols_size,
			    .sh_link = STRTAB,
			    .sh_info = 1,
			    .sh_addralign = 8,
			    .sh_entsize = sizeof(Elf64_Sym)},
		/* A zero in front: name 0 is none. */
		[STRTAB] = {.sh_name = NAME_STRTAB,
			    .sh_type = SHT_STRTAB,
			    .sh_offset = names_at,
			    .sh_size = 1 + symbols->names_len,
			    .sh_addralign = 1},
		[SHSTRTAB] = {.sh_name = NAME_SHSTRTAB,
			      .sh_type = SHT_STRTAB,
			      .sh_offset = names_at + 1 + symbols->names_len,
			      .sh_size = sizeof(section_names),
			      .sh_addralign = 1},
	};

	fwrite(sections, sizeof(sections), 1, to);
}

static void put_symbol(FILE *to, const struct symbols *symbols, const struct symbol *symbol)
{
	const bool code = is_code(symbol);
	const bool global = symbol->type >= 'A' && symbol->type <= 'Z';
	const Elf64_Sym entry = {
		.st_name = 1 + symbol->name,
		.st_info = (unsigned char)ELF64_ST_INFO(global ? STB_GLOBAL : STB_LOCAL,
							code ? STT_FUNC : STT_OBJECT),
		.st_shndx = code ? TEXT : SHN_ABS,
		.st_value = symbol->address + symbols->slide,
		.st_size = symbol->size,
	};

	fwrite(&entry, sizeof(entry), 1, to);
}

bool symbol_file_write(FILE *to, const struct symbols *symbols)
{
	const Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_RISCV,
		.e_version = EV_CURRENT,
		.e_shoff = sizeof(Elf64_Ehdr),
		.e_flags = RISCV_RVC_DOUBLE,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = SHSTRTAB,
	};
	const Elf64_Sym none = {0};

	fwrite(&header, sizeof(header), 1, to);
	put_sections(to, symbols);
	fwrite(&none, sizeof(none), 1, to);
	for (size_t i = 0; i < symbols->count; i++)
		put_symbol(to, symbols, &symbols->table[i]);
	fputc('\0', to);
	fwrite(symbols->names, 1, symbols->names_len, to);
	fwrite(section_names, sizeof(section_names), 1, to);
	return fflush(to) == 0 && !ferror(to);
}
