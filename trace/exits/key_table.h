/* SPDX-License-Identifier: Apache-2.0 */
/* Exits told apart by more than their row, where no BPF map does it. Pure. */
#ifndef VHART_KEY_TABLE_H
#define VHART_KEY_TABLE_H

#include <stdbool.h>

#include "trace/exits/exits_map.h"

struct key_table;

/* NULL: no memory. */
struct key_table *key_table_new(uint32_t room);
void key_table_free(struct key_table *table);

/* The times of NAME, from now on. NULL: no room; it is counted. */
struct exit_times *key_table_at(struct key_table *table, const struct exit_key_name *name);
uint64_t key_table_lost(const struct key_table *table);

/* Calls EACH for every key, until it says false: then false. */
bool key_table_each(const struct key_table *table,
		    bool (*each)(void *opaque, const struct exit_key_name *name,
				 const struct exit_times *times),
		    void *opaque);

#endif
