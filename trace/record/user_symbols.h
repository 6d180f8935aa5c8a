/* SPDX-License-Identifier: Apache-2.0 */
/* Names for code of a guest's processes: from their files, and from what they say of code that they
 * made (/tmp/perf-PID.map), where the guest's root is a folder here. */
#ifndef VHART_USER_SYMBOLS_H
#define VHART_USER_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/guest/symbols.h"

struct user_symbols;

/* FOLDER is the caller's, and lives longer. NULL: no memory. */
struct user_symbols *user_symbols_new(const char *folder);
void user_symbols_free(struct user_symbols *users);

/*
 * The function of the file PATH of the guest that is at OFFSET in the file. A file is read when it
 * is first asked for, with this process's rights (foreign_file.h); PATH may be anybody's. Why one
 * has no names note() says, once. False: no name is known.
 */
bool user_symbols_find(struct user_symbols *users, const char *path, uint64_t offset,
		       struct symbol_place *place);

/* The function at ADDRESS in code that process PROCESS of the guest made itself, as it says in
 * /tmp/perf-PROCESS.map. As above, but that there is none is not worth a note. */
bool user_symbols_find_made(struct user_symbols *users, uint32_t process, uint64_t address,
			    struct symbol_place *place);

#endif
