/* SPDX-License-Identifier: Apache-2.0 */
/* A small ELF file of a program, with symbols. */
#ifndef VHART_MADE_ELF_H
#define VHART_MADE_ELF_H

#include <elf.h>

struct made_elf {
	Elf64_Ehdr header;
	Elf64_Phdr program; /* code at 0x80200000, which would be at 4096 in a file of that size */
	Elf64_Shdr sections[5]; /* none, code, data, .symtab, .strtab */
	Elf64_Sym symbols[7];
	char strings[64];
};

void make_elf(struct made_elf *elf);

#endif
