/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/symbols/made_elf.h"

#include <stddef.h>
#include <string.h>

static Elf64_Sym elf_symbol(uint32_t name, int binding, int type, uint16_t section, uint64_t value,
			    uint64_t size)
{
	return (Elf64_Sym){.st_name = name,
			   .st_info = (unsigned char)ELF64_ST_INFO(binding, type),
			   .st_shndx = section,
			   .st_value = value,
			   .st_size = size};
}

void make_elf(struct made_elf *elf)
{
	static const char strings[64] = "\0local\0global\0$x\0data\0absolute";

	*elf = (struct made_elf){
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
			   .e_type = ET_EXEC,
			   .e_machine = EM_RISCV,
			   .e_phoff = offsetof(struct made_elf, program),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1,
			   .e_shoff = offsetof(struct made_elf, sections),
			   .e_shentsize = sizeof(Elf64_Shdr),
			   .e_shnum = 5},
		.program = {.p_type = PT_LOAD,
			    .p_offset = 4096,
			    .p_vaddr = 0x80200000,
			    .p_filesz = 4096},
		.sections = {[1] = {.sh_flags = SHF_EXECINSTR},
			     [3] = {.sh_type = SHT_SYMTAB,
				    .sh_offset = offsetof(struct made_elf, symbols),
				    .sh_size = sizeof(elf->symbols),
				    .sh_entsize = sizeof(Elf64_Sym),
				    .sh_link = 4},
			     [4] = {.sh_type = SHT_STRTAB,
				    .sh_offset = offsetof(struct made_elf, strings),
				    .sh_size = sizeof(elf->strings)}},
		.symbols = {[1] = elf_symbol(1, STB_LOCAL, STT_FUNC, 1, 0x80200000, 16),
			    [2] = elf_symbol(7, STB_GLOBAL, STT_NOTYPE, 1, 0x80200010, 0),
			    [3] = elf_symbol(14, STB_LOCAL, STT_NOTYPE, 1, 0x80200014, 0),
			    [4] = elf_symbol(17, STB_GLOBAL, STT_OBJECT, 2, 0x80200100, 8),
			    [5] = elf_symbol(22, STB_GLOBAL, STT_NOTYPE, SHN_ABS, 0x80200018, 0),
			    [6] = elf_symbol(1, STB_LOCAL, STT_SECTION, 1, 0x80200004, 0)},
	};
	memcpy(elf->strings, strings, sizeof(strings));
}
