/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording says of the modules of the guest's kernel: which one an address is in depends on
 * how far it is read, as one may take the place of another. Pure. */
#ifndef VHART_REPORT_MODULES_H
#define VHART_REPORT_MODULES_H

#include <stdbool.h>

#include "trace/export/intern.h"
#include "trace/guest/symbols.h"
#include "trace/record/recording.h"

/* More are not looked at: no guest loads so many. */
#define REPORT_MODULES_MAX 1024u

/* All zero is an empty one. */
struct report_modules {
	struct budget budget;
	struct recording_module *table; /* in the order of the recording */
	size_t count, room;
	struct symbols
		symbols; /* their addresses are a module's number, and where they are in it */
	uint32_t *now;	 /* numbers of those that are there, by address */
	size_t now_count, now_room;
	size_t passed; /* so many of the table came */
};

/* While the recording is read the first time, in its order. */
void report_modules_add(struct report_modules *modules, const struct recording_module *module);
/* False: SYMBOL is none of a module that came before it. */
bool report_modules_add_symbol(struct report_modules *modules,
			       const struct recording_symbol *symbol);

/* When it was read: it is read again now. False: no memory. */
bool report_modules_begin(struct report_modules *modules);
/* The next module came. */
void report_modules_next(struct report_modules *modules);

/*
 * The module that ADDRESS is in now; NULL: none. PLACE is its function there, whose name is NULL
 * where that is not known.
 */
const struct recording_module *report_modules_find(const struct report_modules *modules,
						   uint64_t address, struct symbol_place *place);

void report_modules_free(struct report_modules *modules);

#endif
