/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's memory with modules in it: its list of them, their symbols, and the page tables that
 * lead to both. */
#ifndef VHART_MADE_MODULES_H
#define VHART_MADE_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/guest/module_search.h"

enum {
	MADE_PAGE = 4096,
	MADE_PAGES = 128, /* of memory */
	MADE_STATE = 0,	  /* offsets in struct module; the others are in made_modules.c */
	MADE_LIST = 8,
	MADE_NAME = 24,
	MADE_BASE = 96,
	MADE_LENGTH = 108,
};

#define MADE_KERNEL 0xffffffff80000000ull
/* Where modules are: the first page of a table of page tables. */
#define MADE_AREA 0xffffffff70000000ull

struct made_modules {
	uint8_t ram[MADE_PAGES * MADE_PAGE];
	struct task_places task_places;
	struct module_places places;
	unsigned int used; /* pages of memory */
	unsigned int next; /* page of MADE_AREA */
	uint64_t last;	   /* of the list */
};

void make_modules(struct made_modules *made);

/* The next module, in the list: struct module's address. Its code is PAGES pages from *START on. */
uint64_t make_module(struct made_modules *made, const char *name, unsigned int pages,
		     uint64_t *start);

struct made_function {
	const char *name;
	uint64_t address, size;
	char type;
};

/* What the kernel has of MODULE's symbols: COUNT, and their sentinel. */
void make_functions(struct made_modules *made, uint64_t module,
		    const struct made_function *functions, size_t count);

/* Where ADDRESS, of what was made here, is in the memory. */
uint8_t *made_at(struct made_modules *made, uint64_t address);

void put_word(uint8_t *at, uint64_t word);

/* For struct module_reader: OPAQUE is a struct made_modules. */
bool read_made(void *opaque, uint64_t address, void *out, size_t size);

#endif
