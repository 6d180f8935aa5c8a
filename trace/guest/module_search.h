/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules that a Linux guest has loaded (Linux 6.4 and later), where their code is, and what
 * its functions are called: its kernel's own list, with the symbols that it keeps of each, in the
 * memory of the process that has the guest. The guest may run meanwhile, or lie: what does not fit
 * together is left out, and what is looked at is bounded. Pure.
 */
#ifndef VHART_MODULE_SEARCH_H
#define VHART_MODULE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exit_task.h"
#include "trace/guest/symbols.h"

#define MODULE_NAME  64u
#define MODULES_MOST 1024u

/* Members of the kernel's structures. */
enum module_member {
	MODULE_LIST,
	MODULE_STATE,
	MODULE_NAME_AT,
	MODULE_MEMORY,
	MODULE_KALLSYMS,
	MEMORY_BASE,
	MEMORY_SIZE,
	KALLSYMS_SYMBOLS,
	KALLSYMS_COUNT,
	KALLSYMS_STRINGS,
	KALLSYMS_TYPES,
	MODULE_MEMBERS
};

/* Where they are, for btf_offset(). */
extern const char *const module_members[MODULE_MEMBERS];

/* Where a kernel has its modules. */
struct module_places {
	uint64_t offsets[MODULE_MEMBERS];
	uint64_t head;	 /* of the list, in the guest */
	uint64_t satp;	 /* the kernel's own page tables */
	uint64_t linear; /* of its linear mapping: virtual less physical */
	uint64_t kernel; /* where it begins: modules are before it */
	bool known;	 /* all of these */
};

/* They are no further before their kernel: one instruction reaches from one to the other. */
#define MODULES_REACH (1ull << 31)

/* The code of one that stays once it is loaded. */
struct guest_module {
	uint64_t start, size;
	char name[MODULE_NAME]; /* any bytes up to a 0, at least one */
	uint64_t kallsyms;	/* what its kernel has of its symbols, in the guest */
};

struct module_list {
	struct guest_module table[MODULES_MOST]; /* by address; none reaches into the next one */
	size_t count;
	struct symbols symbols; /* functions in them, by their guest addresses; finished */
};

struct module_reader {
	const struct task_places *places;
	const struct module_places *modules; /* known */
	/* SIZE bytes of the process's memory. False: they are not there. */
	bool (*read)(void *opaque, uint64_t address, void *out, size_t size);
	void *opaque;
};

/* Fills the table of LIST, and no symbols. False: it has no list, or none that ends. */
bool module_list_read(const struct module_reader *reader, struct module_list *list);

/* The module that ADDRESS is in; NULL: none. */
const struct guest_module *module_list_find(const struct module_list *list, uint64_t address);

/* Fills the symbols, which are empty, of all that are in its table. */
void module_list_read_symbols(const struct module_reader *reader, struct module_list *list);

void module_list_free(struct module_list *list);

#endif
